#!/usr/bin/env node
// The command line under Node: the same Go program as the native one, compiled to
// WebAssembly.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { glue } from "./glue.js";

// Go expects Node's modules in the global scope.
globalThis.require = createRequire(import.meta.url);
globalThis.fs = require("node:fs");
globalThis.path = require("node:path");

const Go = glue(globalThis);
const go = new Go();
go.argv = ["lockstep", ...process.argv.slice(2)];
go.env = { HOME: process.env.HOME ?? "", TERM: process.env.TERM ?? "" }; // Go's wasm crashes on a very large one
go.exit = process.exit;

for (const signal of ["SIGINT", "SIGTERM"]) {
  // Before Go runs there is nothing to free. A second signal ends the process.
  process.once(signal, () => (globalThis.lockstepInterrupt ? globalThis.lockstepInterrupt() : process.exit(130)));
}

const module = await readFile(new URL("./cli.wasm", import.meta.url));
const { instance } = await WebAssembly.instantiate(module, go.importObject);
await go.run(instance);
