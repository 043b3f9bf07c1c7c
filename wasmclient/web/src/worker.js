// Runs the Go client away from the page's own thread. What it tells is sent to the page
// once a frame.
import { load, simulate } from "lockstep";
import { mostEvents } from "./events.js";
import { watch } from "./watch.js";

const frame = 16; // ms
const watchable = 1_500; // ms that a server has to say whether it can be watched

load().then(() => postMessage({ ready: true }), () => {}); // a run will say what is wrong

let controller;

onmessage = ({ data }) => {
  if (data.type === "stop") controller?.abort();
  else run(data.id, data.options);
};

async function run(id, options) {
  const own = (controller = new AbortController());
  const post = new Post(id);
  const watching = new AbortController();
  try {
    if (/^https?:/.test(options.url ?? "") && (await observe(options.url, post, watching.signal))) {
      options = { ...options, name: `page-${id}` };
      post.send({ name: options.name });
    }
    const report = await simulate(options, {
      signal: own.signal,
      onProgress: (done) => post.progress(done),
      onEvents: (batch) => post.events(batch),
    });
    if (post.others) await new Promise((resolve) => setTimeout(resolve, 600)); // what is told last comes late
    post.send({ report });
  } catch (error) {
    post.send({ error: { code: error.code, field: error.field, message: error.message } });
  }
  watching.abort();
}

// observe says whether the server can be watched. Finding that out must not hold up the run.
async function observe(url, post, signal) {
  const gaveUp = new AbortController();
  const late = setTimeout(() => gaveUp.abort(), watchable);
  const ours = await watch(url.replace(/\/+$/, ""), AbortSignal.any([signal, gaveUp.signal]), (event, at) => post.other(event, at));
  clearTimeout(late);
  post.others = ours;
  return ours;
}

// Post collects what there is to tell and sends it once a frame.
class Post {
  constructor(id) {
    this.id = id;
    this.began = Infinity; // when the run began, by performance.now
    this.told = 0; // events
    this.clear();
  }

  clear() {
    this.message = { id: this.id, batches: [], others: [] };
    this.transfer = [];
    this.timer = 0;
  }

  soon() {
    this.timer ||= setTimeout(() => this.flush(), frame);
  }

  progress(done) {
    this.message.done = done;
    this.soon();
  }

  events(batch) {
    this.began = Math.min(this.began, performance.now() - batch.at[batch.n - 1]);
    if (this.told > mostEvents) return; // the page keeps no more
    this.told += batch.n;
    const columns = { n: batch.n, endpoints: batch.endpoints };
    for (const name of ["at", "kind", "reading", "endpoint", "query"]) {
      columns[name] = batch[name];
      this.transfer.push(batch[name].buffer);
    }
    this.message.batches.push(columns);
    this.soon();
  }

  other({ event, endpoints, owner, token }, at) {
    if (this.began === Infinity) return; // it happened before the run
    this.message.others.push({ event, endpoints, owner, token, at: at - this.began });
    this.soon();
  }

  flush() {
    clearTimeout(this.timer);
    const { message, transfer } = this;
    this.clear();
    postMessage(message, [...new Set(transfer)]);
  }

  // send sends what is collected, and this with it, at once.
  send(more) {
    Object.assign(this.message, more);
    this.flush();
  }
}
