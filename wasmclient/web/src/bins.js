// How latencies are put into bins.

const most = 36;

// widthOf returns a round width, ms, of bins that hold all latencies of the recording.
export function widthOf(recording) {
  const longest = Math.max(recording.longest, 1);
  const power = 10 ** Math.floor(Math.log10(longest / most));
  return power * [1, 2, 5, 10].find((factor) => factor * power * most > longest);
}

// bins counts the answers until a time by how long they took. Forward it counts only what
// has come since it was last asked.
export function bins(recording, time, width) {
  const until = recording.answers.after(time);
  const length = Math.floor(recording.longest / width) + 1;
  const kept = (recording.binned ??= new Map());
  const key = time === Infinity ? "all" : "now";
  let last = kept.get(key);
  if (!last || last.width !== width || last.counts.length !== length || last.until > until) last = { width, until: 0, counts: new Array(length).fill(0) };
  for (let i = last.until; i < until; i++) last.counts[Math.floor(recording.latencies.values[i] / width)]++;
  last.until = until;
  kept.set(key, last);
  return last.counts;
}
