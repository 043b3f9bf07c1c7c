// What the types allow and what they don't. It is compiled, never run.
import { configure, kinds, load, query, simulate } from "lockstep";
import type { Events, Handlers, LockstepError, Options, Report, Strategy } from "lockstep";

const everything: Required<Omit<Options, "url" | "name">> = {
  strategy: "group", queries: 1, workers: 1, rate: 0, maxResources: 10, unknown: 0, seed: 1, timeoutMs: 1, alone: false,
  clients: 1, server: "ours", readTimeMs: 1, latencyMs: 1, errorRate: 0, dropRate: 0, crash: 0,
};
const live: Options = { url: "http://127.0.0.1:8081", name: "me" };
const handlers: Handlers = {
  onProgress: (done: number, total: number) => done / total,
  onEvents: (batch: Events) => {
    const name: "ask" | "crash" = kinds[0] ?? kinds[14];
    return [name, batch.at[0], batch.endpoints?.[batch.endpoint[0]!]];
  },
  signal: new AbortController().signal,
};

const report: Report = await simulate(everything, handlers);
await simulate();
await simulate(live);
const strategy: Strategy = report.strategy;
const median: number | undefined = report.latency_s?.p50;
const hash: string | undefined = report.hash;
const states: Record<number, string> = await query("http://127.0.0.1:8081", [1, 2] as const, { signal: new AbortController().signal });
const version: string = (await load()).version;
configure({ wasm: new URL("file:///lockstep.wasm") });
configure({ wasm: new Uint8Array() });
await simulate().catch((error: LockstepError) => (error.code === "INVALID" ? error.field : error.message));
export { hash, median, states, strategy, version };

// @ts-expect-error: no such strategy
await simulate({ strategy: "best" });
// @ts-expect-error: no such option
await simulate({ quries: 1 });
// @ts-expect-error: not a number
await simulate({ queries: "1" });
// @ts-expect-error: latency_s is null when nothing was answered
report.latency_s.min;
// @ts-expect-error: ids are numbers
await query("http://127.0.0.1:8081", ["1"]);
// @ts-expect-error: the url is needed
await query([1]);
// @ts-expect-error: nothing else can be configured
configure({ url: "x" });
