// The entry for Node.
import { readFile } from "node:fs/promises";
import { client } from "./loader.js";

const compile = async (wasm) => {
  if (typeof wasm !== "string" && !(wasm instanceof URL)) return WebAssembly.compile(wasm);
  const address = new URL(wasm, import.meta.url);
  if (address.protocol === "file:") return WebAssembly.compile(await readFile(address));
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answers ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
};

export const { simulate, query, load, configure } = client(new URL("./lockstep.wasm", import.meta.url), compile);
export { kinds } from "./kinds.js";
