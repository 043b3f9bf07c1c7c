// What the entries for Node and for browsers share: the package's functions, each of which
// calls the Go program of lockstep.wasm and starts it first where need be.
import { start } from "./program.js";

// client returns the functions. `wasm` is where the module is, and compile makes a
// WebAssembly.Module of an address or of bytes.
export function client(wasm, compile) {
  let program; // a promise of the running one

  const running = () => {
    if (!program) {
      const forget = () => { if (program === mine) program = undefined; }; // the next call starts another
      const mine = (async () => start(wasm instanceof WebAssembly.Module ? wasm : await compile(wasm), forget))().catch(unloadable);
      mine.catch(forget);
      program = mine;
    }
    return program;
  };
  // handlers is the number of the argument that holds the signal.
  const calling = (name, handlers) => async (...args) => (await unlessAborted(running(), args[handlers]?.signal)).call(name, args);

  return {
    simulate: calling("simulate", 1),
    query: calling("query", 2),
    load: async () => ({ version: (await running()).version }),
    configure: (options) => {
      if (!options?.wasm) throw new TypeError("configure takes {wasm}: an address, bytes or a WebAssembly.Module");
      wasm = options.wasm;
      program = undefined;
    },
  };
}

// unlessAborted waits for the program, but no longer than until the signal is aborted:
// the module may take its time, or never come. What is no signal the program names.
async function unlessAborted(program, signal) {
  if (typeof signal?.addEventListener !== "function" || typeof signal.removeEventListener !== "function") return program;
  let onAbort;
  const aborted = new Promise((_, reject) => {
    onAbort = () => reject(Object.assign(new Error("aborted"), { name: "AbortError", code: "ABORTED" }));
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([program, aborted]); // a program that is there already comes first
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function unloadable(cause) {
  throw Object.assign(new Error(`lockstep.wasm can't be loaded: ${cause.message}`, { cause }), { code: "FAILED" });
}
