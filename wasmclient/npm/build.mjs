// Makes the package of everything but its Go programs, which the Makefile builds beside it:
//
//	node build.mjs FOLDER WASM_EXEC VERSION
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [folder, wasmExec, version] = process.argv.slice(2);
const here = fileURLToPath(new URL(".", import.meta.url));
const made = ["LICENSE", "glue.js", "lockstep.wasm", "cli.wasm"];

const manifest = JSON.parse(await readFile(path.join(here, "package.json"), "utf8"));
delete manifest.scripts; // they and what they need are for work on the package
delete manifest.devDependencies;
manifest.version = semantic(version);

await mkdir(folder, { recursive: true });
for (const file of manifest.files.filter((name) => !made.includes(name))) {
  await copyFile(path.join(here, file), path.join(folder, file));
}
await copyFile(path.join(here, "../../LICENSE"), path.join(folder, "LICENSE"));
await writeFile(path.join(folder, "package.json"), JSON.stringify(manifest, undefined, 2) + "\n");
await writeFile(path.join(folder, "glue.js"), glue(await readFile(wasmExec, "utf8")));
await rm(path.join(folder, "wasm_exec.js"), { force: true }); // what earlier builds had in its place

// semantic returns what `git describe` says as a version that npm takes.
function semantic(described) {
  const [tag] = /^v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.exec(described) ?? [];
  return tag ? tag.replace(/^v/, "") : `0.0.0-g${described}`; // g, as a number could not begin with 0
}

// glue returns Go's glue as an ES module whose function takes the global scope as an
// argument. Three of its free names are to be those of that scope too.
function glue(source) {
  return `// Made from Go's wasm_exec.js.
export function glue(globalThis) {
const { setTimeout } = globalThis;
const fs = { writeSync: (...args) => globalThis.fs.writeSync(...args) }; // it is there later
${source}
return globalThis.Go;
}
`;
}
