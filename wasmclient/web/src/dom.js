// Small helpers to build what is shown.
export const $ = (id) => document.getElementById(id);

// element makes an element; attributes that start with a dot are properties.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith(".")) made[name.slice(1)] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// fillTable fills a table's body: the first cell of a row is its head.
export function fillTable(body, rows) {
  body.replaceChildren(...rows.map(([head, ...cells]) =>
    element("tr", {}, element("th", { scope: "row" }, head), ...cells.map((cell) => element("td", {}, cell)))));
}
