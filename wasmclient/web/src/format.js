// How figures are written.

const counts = new Intl.NumberFormat("en");

export const count = (value) => counts.format(value);

// seconds is as the command line writes it.
export const seconds = (value) => `${value.toFixed(3)} s`;

// time writes a moment or a duration of ms for people: three figures are enough.
export function time(ms) {
  if (ms === 0) return "0 s";
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  return s < 10 ? `${s.toFixed(2)} s` : s < 100 ? `${s.toFixed(1)} s` : `${count(Math.round(s))} s`;
}

// times writes a ratio; there is none to what took no time.
export const times = (ratio) => (Number.isFinite(ratio) ? `${ratio < 10 ? ratio.toFixed(1) : count(Math.round(ratio))}×` : "–");

// plural writes a number of things.
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
