// Runs the Go client away from the page's own thread.
importScripts("wasm_exec.js"); // Go's glue, copied here by the build

const go = new Go();
const ready = WebAssembly.instantiateStreaming(fetch("lockstep.wasm"), go.importObject).then(({ instance }) => {
  go.run(instance); // never returns; it sets globalThis.lockstep before it first waits
});

const frame = 16; // milliseconds: at most one message of progress a frame
let controller;

onmessage = async ({ data }) => {
  if (data.type === "stop") {
    controller?.abort();
    return;
  }
  controller = new AbortController();
  let last = 0;
  const onProgress = (done) => {
    const now = performance.now();
    if (now - last >= frame || done === data.options.queries) {
      last = now;
      postMessage({ type: "progress", done });
    }
  };
  try {
    await ready;
    const report = await lockstep.simulate(data.options, { onProgress, signal: controller.signal });
    postMessage({ type: "report", report });
  } catch (error) {
    postMessage({ type: "error", message: error.message });
  }
};
