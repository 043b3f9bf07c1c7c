// What `npm pack` makes is all that it takes to install and run the package, with no
// registry at hand.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { folder } from "./package.mjs";
import { serve, without } from "./server.mjs";

const run = async (cwd, command, ...args) => (await promisify(execFile)(command, args, { cwd, timeout: 120_000 })).stdout;

// installed packs the package and installs it into an empty folder.
async function installed(t) {
  const empty = await mkdtemp(path.join(tmpdir(), "lockstep-npm-"));
  t.after(() => rm(empty, { recursive: true }));
  const [{ filename, files }] = JSON.parse(await run(folder, "npm", "pack", "--json", "--silent", "--pack-destination", empty));
  await writeFile(path.join(empty, "package.json"), "{}");
  await run(empty, "npm", "install", "--offline", "--no-audit", "--no-fund", `./${filename}`);
  return { empty, files: files.map((file) => file.path).sort() };
}

test("npm pack, install, run", async (t) => {
  const { empty, files } = await installed(t);
  const manifest = JSON.parse(await readFile(path.join(empty, "node_modules/lockstep/package.json"), "utf8"));

  await t.test("has just what it says", () => {
    assert.deepEqual(files, [...manifest.files, "package.json"].sort());
    assert.equal(manifest.dependencies ?? manifest.devDependencies ?? manifest.scripts, undefined);
    assert.match(manifest.version, /^\d+\.\d+\.\d+/);
    assert.notEqual(manifest.version, "0.0.0");
  });

  await t.test("the README's example", async () => {
    const readme = await readFile(path.join(empty, "node_modules/lockstep/README.md"), "utf8");
    const [, example] = /```js\n(\/\/ ladder.mjs\n[^]*?)```/.exec(readme);
    await writeFile(path.join(empty, "ladder.mjs"), example);
    assert.match(await run(empty, process.execPath, "ladder.mjs"), /^serial .*\nbaseline .*\ncover .*\ngroup .*\n$/);
  });

  await t.test("the entry for browsers", async () => {
    const code = 'import { kinds } from "lockstep"; console.log(import.meta.resolve("lockstep"), kinds.length)';
    const at = (await run(empty, process.execPath, "--conditions=browser", "--input-type=module", "--eval", code)).trim();
    assert.match(at, /index\.js 15$/, "Node is Node, whatever else it is said to be");
    assert.equal(typeof (await import(path.join(empty, "node_modules/lockstep/browser.js"))).simulate, "function");
  });

  await t.test("the command", { skip: without }, async (t) => {
    const command = path.join(empty, "node_modules/.bin/lockstep");
    assert.match(await run(empty, command, "--help"), /simulate/);
    const url = await serve(t, "--read-time", "2ms");
    assert.deepEqual(JSON.parse(await run(empty, command, "query", "--url", url, "1", "2")), { 1: "state of 1", 2: "state of 2" });
    assert.equal(JSON.parse(await run(empty, command, "simulate", "--json", "--url", url, "--queries", "20", "--out", "rows.csv")).failed, 0);
    assert.equal((await readFile(path.join(empty, "rows.csv"), "utf8")).split("\n").length, 22, "a head, a row a query, the end");
  });
});
