// The entry for browsers and their workers.
import { client } from "./loader.js";

const compile = async (wasm) => {
  if (typeof wasm !== "string" && !(wasm instanceof URL)) return WebAssembly.compile(wasm);
  const response = await fetch(wasm);
  if (!response.ok) throw new Error(`${response.url} answers ${response.status}`);
  const type = response.headers.get("Content-Type");
  // Some servers of static files don't know the type, or add a charset. Only what is of
  // exactly this type may be compiled while it loads.
  return type === "application/wasm" ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
};

export const { simulate, query, load, configure } = client(new URL("./lockstep.wasm", import.meta.url), compile);
export { kinds } from "./kinds.js";
