import { glue } from "./glue.js"; // made from Go's wasm_exec.js by build.mjs
import { scopeOf } from "./scope.js";

// start runs a module's Go program until it dies, which it does only by a defect, or for
// want of memory. Then onDeath is called, and what is under way is rejected.
export async function start(module, onDeath) {
  const { scope, listen } = scopeOf();
  const Go = glue(scope);
  const go = new Go();
  const calls = new Set(); // of functions that reject a call
  let death;

  const die = (reason) => {
    if (death) return;
    death = Object.assign(new Error(`lockstep.wasm has ended: ${reason}`), { code: "PANIC" });
    // The glue throws at whatever still comes back to a program that has ended, and it
    // asks again and again for a timer that such a one doesn't take.
    for (const timer of go._scheduledTimeouts.values()) clearTimeout(timer);
    go._scheduledTimeouts.clear();
    onDeath();
    for (const reject of calls) reject(death);
  };

  let lastWords; // the first line of a panic; the stacks follow it
  listen((line) => {
    if (/^(panic|fatal error|runtime):/.test(line)) lastWords ??= line;
    console.error(line);
  });
  go.exit = (code) => die(lastWords ?? `exit code ${code}`);
  const resume = go._resume;
  go._resume = () => {
    if (death) return;
    try {
      resume.call(go);
    } catch (error) {
      die(error);
    }
  };

  const instance = await WebAssembly.instantiate(module, go.importObject);
  go.run(instance).catch(die); // it sets scope.lockstep before it first waits
  if (!scope.lockstep) throw death ?? new Error("it is some other program's");

  return {
    version: scope.lockstep.version,
    async call(name, args) {
      if (death) throw death;
      // Only this keeps a process of Node's alive, not what timers the program has left.
      const awake = setInterval(() => {}, 2 ** 31 - 1);
      let drop;
      try {
        return await new Promise((resolve, reject) => {
          calls.add(drop = reject);
          Promise.resolve(scope.lockstep[name](...args)).then(resolve, reject);
        });
      } finally {
        calls.delete(drop);
        clearInterval(awake);
      }
    },
  };
}
