// What can be chosen, as it stands in the form and in the page's address. The names are
// the module's options; shares are percentages here.
export const defaults = {
  where: "simulator", url: "", strategy: "ladder", queries: 1000, workers: 100, clients: 1, rate: 0, maxResources: 10,
  readTimeMs: 100, latencyMs: 1, server: "old", errorRate: 0, dropRate: 0, crash: 0, unknown: 0, alone: false, seed: 1,
};

const choices = { where: ["simulator", "url"], strategy: ["ladder", "serial", "baseline", "cover", "group"], server: ["old", "ours"] };
const onlySimulated = ["clients", "readTimeMs", "latencyMs", "server", "errorRate", "dropRate", "crash"];
const shares = ["errorRate", "dropRate", "crash", "unknown"];

// parse reads an address's query. What it does not know, or what makes no sense, stays
// as it is by default; the form says what is out of range.
export function parse(query, base = defaults) {
  const given = new URLSearchParams(query);
  const state = { ...base };
  for (const [name, usual] of Object.entries(defaults)) {
    const text = given.get(name);
    if (text === null) continue;
    if (choices[name]) state[name] = choices[name].includes(text) ? text : usual;
    else if (typeof usual === "number") state[name] = text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : usual;
    else if (typeof usual === "boolean") state[name] = text === "true";
    else state[name] = text;
  }
  return state;
}

// format writes what differs from the defaults, and nothing that has no effect.
export function format(state) {
  const query = new URLSearchParams();
  for (const [name, usual] of Object.entries(defaults)) {
    if (state[name] === usual || !matters(name, state)) continue;
    query.set(name, String(state[name]));
  }
  return query.toString();
}

function matters(name, { where }) {
  if (where === "url") return !onlySimulated.includes(name);
  return name !== "url" && name !== "alone";
}

// options returns what the module is to run: an object for each strategy. Of the ladder
// the fastest comes first, so that there is something to see soon.
export function options(state) {
  const one = { queries: state.queries, workers: state.workers, maxResources: state.maxResources, rate: state.rate, seed: state.seed, unknown: state.unknown / 100 };
  if (state.where === "url") {
    Object.assign(one, { url: state.url, alone: state.alone });
  } else {
    for (const name of onlySimulated) one[name] = shares.includes(name) ? state[name] / 100 : state[name];
  }
  const wanted = state.strategy === "ladder" ? ["group", "cover", "baseline", "serial"] : [state.strategy];
  return wanted.map((strategy) => ({ ...one, strategy }));
}

// command returns the same run on the command line.
export function command(state) {
  const flags = [];
  const flag = (name, value, usual) => value !== usual && flags.push(value === true ? `--${name}` : `--${name} ${value}`);
  if (state.where === "url") flag("url", state.url, "");
  if (state.strategy === "ladder") flags.push("--ladder");
  else flag("strategy", state.strategy, "group");
  flag("queries", state.queries, defaults.queries);
  flag("workers", state.workers, defaults.workers);
  flag("max-resources", state.maxResources, defaults.maxResources);
  flag("seed", state.seed, defaults.seed);
  flag("rate", state.rate, 0);
  flag("unknown", state.unknown / 100, 0);
  if (state.where === "url") {
    flag("alone", state.alone, false);
  } else {
    flag("clients", state.clients, 1);
    flag("server", state.server, "old");
    flag("read-time", `${state.readTimeMs}ms`, "100ms");
    flag("latency", `${state.latencyMs}ms`, "1ms");
    flag("error-rate", state.errorRate / 100, 0);
    flag("drop-rate", state.dropRate / 100, 0);
    flag("crash", state.crash / 100, 0);
  }
  return ["lockstep simulate", ...flags].join(" ");
}
