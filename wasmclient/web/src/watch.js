// Listens to GET /watch of a server of ours. Other servers have no such thing.

const longest = 600_000; // ms, the longest that a server of ours lets one watch

// watch returns whether the server at url can be watched. If so, tell is called with
// what happens there and when, in ms of the clock of performance.now, until the signal
// is aborted.
export async function watch(url, signal, tell) {
  const answer = await open(url, signal);
  if (!answer) return false;
  listen(url, answer, signal, tell);
  return true;
}

async function open(url, signal, since) {
  const from = since === undefined ? "" : `&since=${since}`;
  try {
    const answer = await fetch(`${url}/watch?for_ms=${longest}${from}`, { signal, cache: "no-store" });
    if (answer.ok && answer.body) return answer;
    await answer.body?.cancel();
  } catch {
    // The run itself will say that there is no server.
  }
  return null;
}

// listen reads line by line, and where a stream ends goes on with the next.
async function listen(url, answer, signal, tell) {
  const clock = new Clock();
  let last;
  while (answer) {
    try {
      for await (const line of lines(answer.body)) {
        const event = JSON.parse(line);
        const at = clock.here(event.at);
        last = event.seq;
        if (event.event !== "heartbeat") tell(event, at);
      }
    } catch {
      return; // aborted, or the server is gone
    }
    answer = signal.aborted ? null : await open(url, signal, last);
  }
}

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    yield* parts.filter(Boolean);
  }
}

// Clock turns the server's times into ours: nothing arrives before it happened, and
// the least late arrival says how the clocks differ.
class Clock {
  constructor() {
    this.difference = Infinity;
  }

  here(at) {
    const there = Date.parse(at);
    this.difference = Math.min(this.difference, performance.now() - there);
    return there + this.difference;
  }
}
