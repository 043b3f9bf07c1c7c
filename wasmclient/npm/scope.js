const names = [
  "AbortController", "Array", "Date", "Error", "Float64Array", "Int32Array", "MessageChannel", "Object", "Promise", "String",
  "TextDecoder", "TextEncoder", "Uint16Array", "Uint8Array", "console", "crypto", "performance", "setImmediate",
];

// scopeOf returns what a Go program takes for the global scope. The real one stays as it
// is: Go's glue would add to it `fs`, `process` and `path`, by which other libraries tell
// where they run. `listen` sets who is told the lines that the program writes, which are
// those of a panic.
export function scopeOf() {
  const scope = {
    fetch: (...args) => fetch(...args), // the one of the moment of the call, and with the right `this`
    setTimeout: (...args) => {
      const timer = setTimeout(...args);
      timer.unref?.(); // in Node; see program.js
      return timer;
    },
  };
  for (const name of names) scope[name] = globalThis[name];
  return { scope, listen: (hear) => { scope.fs.writeSync = lines(hear); } };
}

function lines(hear) {
  const decoder = new TextDecoder();
  let rest = "";
  return (_, bytes) => {
    const all = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = all.pop();
    all.forEach((line) => hear(line));
    return bytes.length;
  };
}
