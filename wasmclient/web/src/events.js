import { kinds } from "../../npm/kinds.js";

// The kinds of events that a run tells, by their numbers.
export const [ASK, ANSWER, FAIL, REGISTRY, LOCK, LOCKED, REFUSED, LOST, READ, STATE, UNLOCK, UNLOCKED, TOGETHER, STATES, CRASH] = [
  "ask", "answer", "fail", "registry", "lock", "locked", "refused", "lost", "read", "state", "unlock", "unlocked", "together", "states", "crash",
].map((name) => kinds.indexOf(name));

// More events of a run than this are not kept: a page has only so much memory.
export const mostEvents = 600_000;

const calls = [REGISTRY, LOCK, READ, UNLOCK, TOGETHER];

// isCall says of each kind whether it is a call to the server: 1 or 0.
export const isCall = kinds.map((_, kind) => Number(calls.includes(kind)));
