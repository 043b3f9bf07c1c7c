// What the package does to the process that loads it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { folder } from "./package.mjs";
import { serve, stats, without } from "./server.mjs";

// run runs a module that has the package's functions, in a process of its own.
async function run(code) {
  const source = `import { simulate, query, load } from ${JSON.stringify(pathToFileURL(path.join(folder, "index.js")))};\n${code}`;
  return promisify(execFile)(process.execPath, ["--input-type=module", "--eval", source], { timeout: 60_000 });
}

test("nothing is added to the global scope", async () => {
  const { stdout } = await run(`
    const before = Reflect.ownKeys(globalThis);
    await simulate({ queries: 5 });
    console.log(JSON.stringify(Reflect.ownKeys(globalThis).filter((key) => !before.includes(key)).map(String)));`);
  assert.deepEqual(JSON.parse(stdout), []);
});

test("a process ends when its calls have, whatever timers are left", { skip: without }, async (t) => {
  const url = await serve(t, "--read-time", "2ms");
  const { stdout } = await run(`
    await simulate({ queries: 5 });
    await query("${url}", [1]);
    await simulate({ url: "${url}", queries: 5 });
    console.log(process.getActiveResourcesInfo().filter((name) => /Timeout|MessagePort/.test(name)).join());`);
  assert.equal(stdout, "\n", "nothing that would keep it alive");
});

test("a process does not end before its calls have, while they only wait", { skip: without }, async (t) => {
  const url = await serve(t, "--read-time", "2ms");
  const [endpoint, id] = onlyHome(await (await fetch(`${url}/registry`)).json());
  const lock = `${url}/${endpoint}/lock`;
  await fetch(lock, { method: "POST" });
  const asking = run(`console.log(await query("${url}", [${id}]));`);
  const before = await looks(url);
  while ((await looks(url)) < before + 3); // it waits between them
  await fetch(lock, { method: "DELETE" });
  assert.equal((await asking).stdout, `{ '${id}': 'state of ${id}' }\n`);
});

// onlyHome returns an endpoint, and a resource that no other one serves.
function onlyHome(registry) {
  const all = Object.values(registry).flatMap(({ resources }) => resources);
  for (const [name, { resources }] of Object.entries(registry)) {
    const id = resources.find((id) => all.filter((other) => other === id).length === 1);
    if (id !== undefined) return [name, id];
  }
  throw new Error("the registry has none");
}

// looks counts how often the registry was read, or a lock asked for.
async function looks(url) {
  const { calls } = await stats(url);
  return Object.entries(calls).filter(([route]) => /^GET .registry|^POST /.test(route)).reduce((sum, [, codes]) => sum + Object.values(codes).reduce((a, b) => a + b, 0), 0);
}
