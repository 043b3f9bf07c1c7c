// What the tests are of: the package in the folder that PACKAGE names, by default what
// `make npm` builds.
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const folder = path.resolve(process.env.PACKAGE ?? fileURLToPath(new URL("../../../build/npm", import.meta.url)));

// entry imports a file of the package.
export const entry = (name) => import(pathToFileURL(path.join(folder, name)));
