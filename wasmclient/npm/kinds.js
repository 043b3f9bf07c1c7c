// The names of what can happen, by their number in a batch's column `kind`.
export const kinds = Object.freeze([
  "ask", "answer", "fail", "registry", "lock", "locked", "refused", "lost", "read", "state", "unlock", "unlocked",
  "together", "states", "crash",
]);
