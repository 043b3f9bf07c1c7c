// Builds the page: bundles its scripts with the package for browsers, and puts compressed
// copies beside every file, for servers that can send them.
//
//	node build.mjs [FOLDER [PACKAGE]]
//
// PACKAGE is where `make npm` has put the package, with its module.
import { build } from "esbuild";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const here = fileURLToPath(new URL(".", import.meta.url));
const folder = path.resolve(process.argv[2] ?? path.join(here, "../../build/web"));
const source = path.resolve(process.argv[3] ?? path.join(here, "../../build/npm"));

const wasm = "lockstep.wasm";

await mkdir(folder, { recursive: true });
// To compress the module takes seconds: where it is the one of the build before, so are its copies.
const [before, now] = await Promise.all([folder, source].map((at) => readFile(path.join(at, wasm)).catch(() => null)));
const kept = before && now && before.equals(now) ? [`${wasm}.br`, `${wasm}.gz`] : [];
for (const file of await readdir(folder)) {
  if (/\.(js|css|br|gz)$/.test(file) && !kept.includes(file)) await rm(path.join(folder, file)); // of an earlier build
}
await build({
  absWorkingDir: here,
  entryPoints: { page: "src/page.js", worker: "src/worker.js", style: "src/style/all.css" },
  alias: { lockstep: path.join(source, "browser.js") },
  outdir: folder,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
});
for (const file of ["index.html", "icon.svg"]) await copyFile(path.join(here, file), path.join(folder, file));
await copyFile(path.join(here, "node_modules/uplot/LICENSE"), path.join(folder, "uplot-license.txt"));
await copyFile(path.join(source, wasm), path.join(folder, wasm));
await writeFile(path.join(folder, "config.json"), "{}\n"); // `make run` answers in its place where its services are

const { BROTLI_PARAM_QUALITY: quality, BROTLI_PARAM_LGWIN: window, BROTLI_PARAM_SIZE_HINT: size } = constants;
const brotli = (content) => promisify(brotliCompress)(content, { params: { [quality]: 11, [window]: 24, [size]: content.length } });
const zip = (content) => promisify(gzip)(content, { level: 9 });
const plain = (await readdir(folder)).filter((file) => /\.(html|js|css|svg|wasm)$/.test(file));
await Promise.all(plain.map(async (file) => {
  const content = await readFile(path.join(folder, file));
  await Promise.all([[".br", brotli], [".gz", zip]].map(async ([ending, compress]) => {
    const to = path.join(folder, file + ending);
    if (existsSync(to)) return;
    await writeFile(`${to}.new`, await compress(content));
    await rename(`${to}.new`, to); // half a file is none
  }));
}));
