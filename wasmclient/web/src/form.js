import { defaults, format, parse } from "./state.js";

// Scenes are worth a look: each is what differs from the defaults.
const scenes = {
  ladder: {},
  crowd: { strategy: "group", clients: 4, workers: 25, queries: 250 },
  flaky: { strategy: "group", errorRate: 2, dropRate: 1, clients: 2, workers: 50, queries: 500 },
  here: { where: "url", strategy: "group", queries: 200, workers: 20 }, // the server that comes with the page
  stream: { strategy: "group", rate: 400, queries: 2000 },
};

// Form is what the visitor chooses; the page's address says the same.
export class Form {
  constructor(form, onChange) {
    this.form = form;
    this.onChange = onChange;
    form.addEventListener("input", (event) => { clear(event.target); this.changed(); });
    // What is wrong must be seen. The event does not bubble.
    form.addEventListener("invalid", (event) => event.target.closest("details")?.setAttribute("open", ""), true);
    form.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button?.dataset.scene) this.set(this.scene(button.dataset.scene));
      if (button?.id === "dice") this.set({ ...this.state, seed: 1 + Math.floor(Math.random() * 1_000_000) });
    });
    this.fill(parse(location.search));
  }

  get state() {
    const state = {};
    for (const [name, usual] of Object.entries(defaults)) {
      const field = this.form.elements[name];
      if (typeof usual === "number") state[name] = field.value === "" ? usual : Number(field.value);
      else state[name] = typeof usual === "boolean" ? field.checked : field.value.trim();
    }
    return state;
  }

  set(state) {
    this.fill(state);
    this.changed();
  }

  fill(state) {
    for (const [name, value] of Object.entries(state)) {
      const field = this.form.elements[name];
      if (typeof value === "boolean") field.checked = value;
      else field.value = value;
      if (field instanceof HTMLElement) clear(field);
    }
    this.show();
  }

  // scene keeps the address of a server that the visitor named, unless it has one itself.
  scene(name) {
    return { ...defaults, url: name === "here" ? this.here : this.state.url, ...scenes[name] };
  }

  // suggest names the server that comes with the page, unless the visitor named another.
  suggest(url) {
    this.here = url;
    if (!this.form.elements.url.value) this.form.elements.url.value = url;
    this.form.querySelector("[data-scene=here]").hidden = false;
    this.show();
  }

  changed() {
    const query = format(this.state);
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
    this.show();
  }

  // show hides what has no effect.
  show() {
    const state = this.state;
    for (const part of this.form.querySelectorAll("[data-where]")) {
      const off = part.dataset.where !== state.where;
      part.hidden = off;
      for (const field of part.querySelectorAll("input, select")) field.disabled = off;
    }
    for (const button of this.form.querySelectorAll("[data-scene]")) {
      button.setAttribute("aria-pressed", String(format(this.scene(button.dataset.scene)) === format(state)));
    }
    this.onChange(state);
  }

  // complain says at a field what is wrong with it.
  complain(name, message) {
    const field = this.form.elements[name];
    if (!(field instanceof HTMLElement)) return;
    field.setCustomValidity(message);
    field.setAttribute("aria-invalid", "true");
    field.reportValidity();
  }
}

function clear(field) {
  field.setCustomValidity?.("");
  field.removeAttribute?.("aria-invalid");
}
