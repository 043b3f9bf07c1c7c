// Events for the tests, written as [at, kind, reading, endpoint, query].
export function batch(events, endpoints) {
  const column = (Type, i) => Type.from(events, (event) => event[i] ?? -1);
  return { n: events.length, at: column(Float64Array, 0), kind: column(Uint8Array, 1), reading: column(Int32Array, 2), endpoint: column(Int32Array, 3), query: column(Int32Array, 4), endpoints };
}

export const report = (more) => ({ queries: 2, failed: 0, makespan_s: 0, ...more });
