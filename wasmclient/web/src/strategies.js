// The strategies, from the first step of the ladder to the last: what they do, and what
// is to be seen of it in the timeline.
export const strategies = [
  {
    name: "serial",
    text: "One query at a time, one call after the other.",
    seen: "One colour after the other: while one query takes its locks and reads, all others wait.",
  },
  {
    name: "baseline",
    text: "One query at a time, its reads in parallel: the usual client.",
    seen: "Still one colour after the other, in shorter steps: a query reads everything at once, but the others wait for it.",
  },
  {
    name: "cover",
    text: "The fewest endpoints for each query; queries that do not meet run side by side.",
    seen: "Many colours side by side. What is busy to the end is an endpoint that is the only way to a resource which many want.",
  },
  {
    name: "group",
    text: "Everybody who waits is answered from one shared reading.",
    seen: "Few rows and no gaps: each reading is for all who waited when it began, and reads each resource once.",
  },
];
