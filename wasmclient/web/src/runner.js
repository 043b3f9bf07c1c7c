import { Recording } from "./recording.js";
import { Others } from "./others.js";

// Runner has runs made by the worker, one after the other, and records them.
export class Runner {
  // hooks: onBegin(recording), onGrow(recording), onProgress(done, total)
  constructor(hooks) {
    this.hooks = hooks;
    this.worker = null;
    this.current = null;
    this.ids = 0;
    this.recordings = [];
    this.prepare();
  }

  // prepare starts the worker, which loads the module meanwhile.
  prepare() {
    const worker = (this.worker = new Worker("worker.js", { type: "module" }));
    worker.onmessage = ({ data }) => this.current && this.current.id === data.id && this.receive(data); // a worker that is ready says so without an id
    worker.onerror = (event) => worker === this.worker && this.crash(event.message || "the worker could not be loaded");
  }

  // run makes the runs that the options name; an abort ends the one under way and leaves
  // out the others. What is recorded is in recordings, also when one fails.
  async run(all) {
    this.stopped = false;
    const total = all.reduce((sum, one) => sum + one.queries * (one.clients ?? 1), 0);
    const recordings = (this.recordings = []);
    let before = 0;
    for (const one of all) {
      if (this.stopped) break;
      const recording = new Recording(one.strategy, one);
      recordings.push(recording);
      this.hooks.onBegin(recording);
      this.hooks.onProgress(before, total);
      await this.one(one, recording, (done) => this.hooks.onProgress(before + done, total));
      before += recording.total;
    }
  }

  one(options, recording, onProgress) {
    if (!this.worker) this.prepare();
    return new Promise((resolve, reject) => {
      this.current = { id: `${tag()}${++this.ids}`, recording, onProgress, resolve, reject };
      this.worker.postMessage({ type: "run", id: this.current.id, options });
    });
  }

  // receive takes in what the worker tells. What it can't take in ends the run.
  receive(data) {
    const { reject } = this.current;
    try {
      this.take(data);
    } catch (error) {
      this.current = null;
      this.worker.postMessage({ type: "stop" }); // it frees what it holds
      reject(error);
    }
  }

  take({ batches, others, name, done, report, error }) {
    const { recording, onProgress, resolve, reject } = this.current;
    for (const batch of batches) recording.append(batch);
    if (name) this.current.others = new Others(recording, name);
    for (const other of others) this.current.others?.add(other);
    if (done !== undefined) onProgress(done);
    if (batches.length || others.length) this.hooks.onGrow(recording);
    if (report) {
      recording.finish(report);
      this.current = null;
      resolve();
    } else if (error) {
      this.current = null;
      reject(Object.assign(new Error(error.message), error));
    }
  }

  stop() {
    this.stopped = true;
    this.worker?.postMessage({ type: "stop" });
  }

  // crash gives up a worker that is of no more use. The next run starts another, and not
  // before: one that can't be loaded would be asked for without end.
  crash(message) {
    this.worker?.terminate();
    this.worker = null;
    const reject = this.current?.reject;
    this.current = null;
    reject?.(Object.assign(new Error(message), { code: "PANIC" }));
  }
}

// tag tells this page's runs from those of others.
const tag = () => Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => byte.toString(16).padStart(2, "0")).join("");
