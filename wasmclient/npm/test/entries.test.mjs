// The two entries, and what is known of them.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { test } from "node:test";
import { entry, folder } from "./package.mjs";

const browser = await entry("browser.js");
const node = await entry("index.js");

test("both entries have what the types declare", async () => {
  const types = await readFile(path.join(folder, "index.d.ts"), "utf8");
  const declared = [...types.matchAll(/^export (?:function|const) (\w+)/gm)].map(([, name]) => name).sort();
  assert.deepEqual(Object.keys(browser).sort(), declared);
  assert.deepEqual(Object.keys(node).sort(), declared);
});

test("the types name every option, and no other", async () => {
  const types = await readFile(path.join(folder, "index.d.ts"), "utf8");
  const [, body] = /interface Options \{([^]*?)\n\}/.exec(types);
  for (const [, name] of body.matchAll(/^ {2}(\w+)\?:/gm)) {
    await assert.rejects(node.simulate({ [name]: {} }), { code: "INVALID", field: name, message: /must be|needs a url/ });
  }
});

// serving answers the module as a server of static files does.
async function serving(t, headers, status = 200) {
  const wasm = await readFile(path.join(folder, "lockstep.wasm"));
  const server = createServer((_, answer) => answer.writeHead(status, headers).end(wasm)).listen(0, "127.0.0.1");
  t.after(() => server.close().closeAllConnections());
  await once(server, "listening");
  return `http://127.0.0.1:${server.address().port}/lockstep.wasm`;
}

for (const [name, headers] of Object.entries({
  "that knows its type": { "Content-Type": "application/wasm" },
  "that doesn't": { "Content-Type": "application/octet-stream" },
  "that adds a charset": { "Content-Type": "application/wasm; charset=utf-8" },
  "that writes it large": { "Content-Type": "Application/WASM" },
  "that says nothing": {},
})) {
  test(`the module from a server ${name}`, async (t) => {
    const wasm = await serving(t, headers);
    for (const { configure, simulate } of [browser, node]) {
      configure({ wasm });
      assert.equal((await simulate({ queries: 5 })).failed, 0);
    }
  });
}

test("the module from a server that has it not", async (t) => {
  const wasm = await serving(t, {}, 404);
  for (const { configure, load } of [browser, node]) {
    configure({ wasm });
    await assert.rejects(load(), { code: "FAILED", message: /lockstep.wasm answers 404/ });
  }
});

test("a signal is heard while the module loads", async (t) => {
  const server = createServer(() => {}).listen(0, "127.0.0.1"); // it never answers
  t.after(() => server.close().closeAllConnections());
  await once(server, "listening");
  const wasm = `http://127.0.0.1:${server.address().port}/lockstep.wasm`;
  for (const { configure, simulate, query } of [browser, node]) {
    configure({ wasm });
    await assert.rejects(simulate({}, { signal: AbortSignal.abort() }), { code: "ABORTED", name: "AbortError" });
    const controller = new AbortController();
    const calls = [simulate({}, { signal: controller.signal }), query("http://127.0.0.1:9", [1], { signal: controller.signal })];
    controller.abort();
    for (const call of calls) await assert.rejects(call, { code: "ABORTED", name: "AbortError" });
  }
});
