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
  const calling = (name) => async (...args) => (await running()).call(name, args);

  return {
    simulate: calling("simulate"),
    query: calling("query"),
    load: async () => ({ version: (await running()).version }),
    configure: (options) => {
      if (!options?.wasm) throw new TypeError("configure takes {wasm}: an address, bytes or a WebAssembly.Module");
      wasm = options.wasm;
      program = undefined;
    },
  };
}

function unloadable(cause) {
  throw Object.assign(new Error(`lockstep.wasm can't be loaded: ${cause.message}`, { cause }), { code: "FAILED" });
}
