// Servers to talk to: an old one, which is the native command line's, whose path LOCKSTEP
// names, and ours, which `make build/dev` puts beside it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

// without says why tests that need a server are skipped, or false.
export const without = process.env.LOCKSTEP ? false : "SKIPPED for want of LOCKSTEP: the path of the native command line";

const dev = process.env.LOCKSTEP && path.resolve(path.dirname(process.env.LOCKSTEP), "dev");

// withoutOurs says why tests that need a server of ours are skipped, or false.
export const withoutOurs = dev && existsSync(dev) ? false : "SKIPPED for want of a server of ours: `make build/dev` builds it beside LOCKSTEP";

// serve starts an old server for a test, and returns its address.
export async function serve(t, ...flags) {
  const server = spawn(process.env.LOCKSTEP, ["oldserver", "--port", "0", ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(async () => {
    server.kill();
    await once(server, "exit");
  });
  const [line] = await once(createInterface(server.stdout), "line");
  return /http:\/\/[0-9.:]+/.exec(line)[0];
}

// serveOurs starts our services for a test, and returns the address of the locks.
export async function serveOurs(t) {
  const folder = await mkdtemp(path.join(tmpdir(), "lockstep-")); // it writes logs
  const ports = Object.fromEntries(["PAGE", "LOCKS", "TOYSTORE", "LINES", "COMPUTE", "SHOP", "QUOTES"].map((name) => [`${name}_PORT`, "0"]));
  const server = spawn(dev, [], { cwd: folder, env: { ...process.env, ...ports, STORE: "memory", READ_TIME: "2ms" }, stdio: ["ignore", "pipe", "ignore"] });
  t.after(async () => {
    server.kill();
    await once(server, "exit");
    await rm(folder, { recursive: true });
  });
  for await (const line of createInterface(server.stdout)) {
    const [, url] = /^locks +(http:\S+)/.exec(line) ?? [];
    if (url) return url;
  }
  throw new Error("our services do not start");
}

// stats returns what an old server saw.
export const stats = async (url) => (await fetch(`${url}/stats`)).json();
