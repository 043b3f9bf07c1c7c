// The Go program dies only by a defect. Whoever waits for it must hear of that, and the
// next call must find a new one.
import assert from "node:assert/strict";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { entry, folder } from "./package.mjs";

const { simulate, query, load, configure } = await entry("index.js");

test("a program that dies rejects all that is under way, and the next call starts another", async (t) => {
  t.mock.method(console, "error", () => {});
  const real = globalThis.fetch;
  t.after(() => { globalThis.fetch = real; });
  const body = Promise.resolve(new ArrayBuffer(0));
  globalThis.fetch = async () => ({ arrayBuffer: () => body, get status() { throw new Error("from a getter"); } }); // nothing can catch it in Go
  const beside = simulate({ strategy: "serial", queries: 100_000 });
  await assert.rejects(query("http://127.0.0.1:9", [1]), { code: "PANIC", message: /from a getter/ });
  await assert.rejects(beside, { code: "PANIC" });
  assert.equal((await simulate({ queries: 5 })).failed, 0);
});

test("a module that can't be loaded", async (t) => {
  const empty = await mkdtemp(path.join(tmpdir(), "lockstep-npm-"));
  t.after(() => rm(empty, { recursive: true }));
  const wasm = path.join(empty, "lockstep.wasm");
  configure({ wasm: pathToFileURL(wasm) });
  await assert.rejects(load(), { code: "FAILED", message: /ENOENT/ });
  await assert.rejects(simulate(), { code: "FAILED", message: /ENOENT/ });
  await copyFile(path.join(folder, "lockstep.wasm"), wasm);
  assert.equal((await simulate({ queries: 5 })).failed, 0, "no failure is kept");
  configure({ wasm: new Uint8Array([1, 2, 3]) });
  await assert.rejects(load(), (e) => e.code === "FAILED" && e.cause instanceof WebAssembly.CompileError);
  configure({ wasm: new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]) }); // a module, but not Go's
  await assert.rejects(load(), { code: "FAILED" });
});

test("the module may be given in any form", async () => {
  const wasm = path.join(folder, "lockstep.wasm");
  const bytes = await readFile(wasm);
  for (const form of [bytes, bytes.buffer, await WebAssembly.compile(bytes), pathToFileURL(wasm), pathToFileURL(wasm).href]) {
    configure({ wasm: form });
    assert.equal((await simulate({ queries: 5 })).failed, 0);
  }
});
