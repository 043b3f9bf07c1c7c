// An old server to talk to: the native command line's, whose path LOCKSTEP names.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

// without says why tests that need a server are skipped, or false.
export const without = process.env.LOCKSTEP ? false : "SKIPPED for want of LOCKSTEP: the path of the native command line";

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

// stats returns what an old server saw.
export const stats = async (url) => (await fetch(`${url}/stats`)).json();
