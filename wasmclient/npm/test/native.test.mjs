// The same options give the same report and the same events natively and in WebAssembly.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { entry, folder } from "./package.mjs";
import { without } from "./server.mjs";

const { simulate } = await entry("index.js");
const strategies = ["serial", "baseline", "cover", "group"];
const optionsOf = (seed) => ({
  seed, strategy: strategies[seed % 4], queries: 40, workers: 10, clients: 1 + (seed % 3), server: seed % 5 ? "old" : "ours",
  errorRate: seed % 2 ? 0.02 : 0, dropRate: seed % 3 ? 0.02 : 0, crash: seed % 7 ? 0 : 0.5, rate: seed % 6 ? 0 : 200, unknown: 0.1, timeoutMs: 5000,
  latencyMs: 1.5, readTimeMs: 33.333333,
});

// command returns the command line that has the options: its flags have their names.
function command(options) {
  const flags = Object.entries(options).map(([name, value]) => {
    const flag = name.replace(/Ms$/, "").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return `--${flag}=${value}${name.endsWith("Ms") ? "ms" : ""}`;
  });
  return ["simulate", "--json", ...flags];
}

// said runs a command line, whatever its exit code, and returns what it prints.
const said = (program, ...args) => promisify(execFile)(program, args).catch((error) => error).then(({ stdout }) => JSON.parse(stdout));

test("20 seeds natively and here", { skip: without }, async () => {
  const hashes = new Set();
  for (let seed = 0; seed < 20; seed++) {
    const options = optionsOf(seed);
    const native = await said(process.env.LOCKSTEP, ...command(options));
    assert.deepEqual(await simulate(options), native, `seed ${seed}`);
    assert.deepEqual(await simulate(options, { onEvents() {} }), native, `seed ${seed}, with events`);
    hashes.add(native.hash);
  }
  assert.equal(hashes.size, 20, "the seed makes a difference");
});

test("the command line under Node", { skip: without }, async () => {
  for (const seed of [0, 1, 2]) {
    const options = optionsOf(seed);
    assert.deepEqual(await said(process.execPath, path.join(folder, "lockstep.mjs"), ...command(options)), await simulate(options));
  }
});
