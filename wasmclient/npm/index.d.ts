/** How queries are answered, from the naive way to the one to use. */
export type Strategy = "serial" | "baseline" | "cover" | "group";

/**
 * What `simulate` runs. Without a `url` it is a discrete-event simulation on a virtual
 * clock, which follows from the options alone: the same options give the same report and
 * the same events on every platform. With a `url` that server is asked for real.
 */
export interface Options {
  /** The server to ask, as in "http://127.0.0.1:8081". Absent: the simulator. */
  url?: string;
  /** How this client names itself to the server (header X-Client): visible ASCII. Only with `url`. */
  name?: string;
  /** Default: "group". */
  strategy?: Strategy;
  /** How many queries a client asks, 1 to 10,000,000. Default: 1000. */
  queries?: number;
  /** How many of them at a time, 1 to 10,000. Default: 100. */
  workers?: number;
  /**
   * Queries a second and client, whoever is still waiting for an answer (an open loop); 0 to
   * 1,000,000. Default: 0, each worker asks again when it was answered.
   */
  rate?: number;
  /** A query names 0 to this many resources; 0 to 1000. Default: 10. */
  maxResources?: number;
  /** The share of queries that also name a resource which nobody serves, 0 to 1. Default: 0. */
  unknown?: number;
  /** An integer from 0 to 2^53 - 1. The same seed draws the same queries. Default: 1. */
  seed?: number;
  /** How long a query may take, in milliseconds: 1 to 86,400,000. Default: 120,000. */
  timeoutMs?: number;
  /** Your word that nobody else uses the server: endpoints whose answer was lost are freed. Default: false. */
  alone?: boolean;

  /** Clients beside each other, each with its own queries and workers, 1 to 64. Default: 1. Only without `url`. */
  clients?: number;
  /** What the clients talk to: a server that only knows locks, or Lockstep's own. Default: "old". Only without `url`. */
  server?: "old" | "ours";
  /** How long reading a resource takes, in milliseconds: 0 to 3,600,000. Default: 100. Only without `url`. */
  readTimeMs?: number;
  /** How long the server takes for any call on top, in milliseconds: 0 to 3,600,000. Default: 1. Only without `url`. */
  latencyMs?: number;
  /** The share of calls that are answered with 500 before their effect, 0 to 1. Default: 0. Only without `url`. */
  errorRate?: number;
  /** The share of calls whose answer is lost after their effect, 0 to 1. Default: 0. Only without `url`. */
  dropRate?: number;
  /** The share of clients that crash in the middle, 0 to 1. Default: 0. Only without `url`. */
  crash?: number;
}

/** The latencies of the queries that were answered, in seconds. */
export interface Latency {
  min: number;
  mean: number;
  p50: number;
  p99: number;
  max: number;
}

/** What a run came to. */
export interface Report {
  strategy: Strategy;
  queries: number;
  /** How many of them were not answered; they are left out of the latencies. */
  failed: number;
  /** From the first query to the last answer. */
  makespan_s: number;
  /** null when no query was answered. */
  latency_s: Latency | null;
  calls_per_query: number;
  locks_per_query: number;
  /** Endpoints that may be left locked, as the answer to a call was lost. */
  possibly_locked: string[];
  /** Why the first of those that failed did. */
  first_error?: string;

  /** These are of a simulated run alone. */
  seed?: number;
  clients?: number;
  /** Reads that were not made under the reader's own lock. */
  bad_reads?: number;
  /** Endpoints that are locked when all is over. */
  locks_left?: string[];
  /** How many events there were. */
  events?: number;
  /** A hash over all events, in hexadecimal digits. */
  hash?: string;
}

/**
 * The names of what can happen, by their number in a batch's column `kind`:
 *
 * - 0 ask: a query came; `resource` is how many resources it names
 * - 1 answer: a query was answered, by the reading
 * - 2 fail: a query failed or was given up
 * - 3 registry: the registry is read
 * - 4 lock: a lock is asked for; 5 locked: and granted; 6 refused: somebody else has it
 * - 7 lost: the answer to a lock or an unlock was lost
 * - 8 read: a resource is read; 9 state: and its state came
 * - 10 unlock: an endpoint is being freed; 11 unlocked: and is free
 * - 12 together: a whole reading is asked of the server; 13 states: and its answer came
 * - 14 crash: a client crashed
 */
export const kinds: readonly [
  "ask", "answer", "fail", "registry", "lock", "locked", "refused", "lost", "read", "state", "unlock", "unlocked",
  "together", "states", "crash",
];

/**
 * Events in the order of time, as columns of the length `n`. Where a column does not apply
 * it has -1.
 */
export interface Events {
  n: number;
  /** Milliseconds since the run began. */
  at: Float64Array;
  /** What happened: an index into `kinds`. */
  kind: Uint8Array;
  client: Uint16Array;
  /** Synchronized readings are numbered from 0 over all clients. */
  reading: Int32Array;
  /** An index into `endpoints`. */
  endpoint: Int32Array;
  /** Queries are numbered from 0 over all clients. */
  query: Int32Array;
  resource: Float64Array;
  /** The endpoints' names, in the first batch and whenever there are others. */
  endpoints?: string[];
}

export interface Handlers {
  /**
   * Called now and then while the run lasts, with how many queries have ended. What it
   * throws ends the run, and rejects the promise.
   */
  onProgress?: (done: number, total: number) => void;
  /** Called with what has happened since the last time. What it throws ends the run too. */
  onEvents?: (batch: Events) => void;
  /** Ends the run. What is locked is freed, and the promise settles with the report so far. */
  signal?: AbortSignal;
}

/** What `simulate`, `query` and `load` reject with. */
export interface LockstepError extends Error {
  /**
   * INVALID: an argument is wrong. ABORTED: by the signal, before there was anything to
   * report (`name` is "AbortError"). FAILED: it was tried. PANIC: a defect of Lockstep's.
   */
  code: "INVALID" | "ABORTED" | "FAILED" | "PANIC";
  /** The option or argument that is wrong, where `code` is INVALID. */
  field?: string;
}

/**
 * Runs synchronized queries, in the simulator or against a server, and reports how it went.
 * Queries that failed are no error but in the report. Several runs may go on at a time.
 */
export function simulate(options?: Options, handlers?: Handlers): Promise<Report>;

/**
 * Reads resources at a server in one synchronized moment: all while every endpoint
 * involved was locked by us. Returns the states by id. It tries until it succeeds, it is
 * clear that it can't, or the signal is aborted.
 */
export function query(url: string, ids: readonly number[], handlers?: { signal?: AbortSignal }): Promise<Record<number, string>>;

/** Loads the module, which else the first call does. */
export function load(): Promise<{ version: string }>;

/**
 * Says where lockstep.wasm is, or what it is, if it does not lie beside the package's
 * code: for bundlers. For the calls from now on.
 */
export function configure(options: { wasm: string | URL | BufferSource | WebAssembly.Module }): void;
