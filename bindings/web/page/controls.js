import { chosenOf, named, read } from "./settings.js";
import { thumbnail } from "./thumbnails.js";

const DATA = [
  ["flower", "Flower"],
  ["noisy-circles", "Circles"],
  ["noisy-moons", "Moons"],
  ["blobs", "Blobs"],
  ["gaussian-quantiles", "Quantiles"],
  ["xor", "XOR"],
  ["spirals", "Spirals"],
  ["own", "Your own"],
];

/** The form of the settings. */
export class Controls {
  #form;
  #changed;
  #refused;
  #layers;

  /**
   * @param {HTMLFormElement} form
   * @param {{changed: (chosen: object) => void, refused: (said: string) => void}} told
   */
  constructor(form, { changed, refused }) {
    this.#form = form;
    this.#changed = changed;
    this.#refused = refused;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", (event) => this.#heard(event.target));
    this.#tiles(form.querySelector("#tiles"));
    this.#layers = new Layers(form.querySelector("#layers"), (hidden) => this.#change({ hidden }));
  }

  #tiles(group) {
    for (const [value, name] of DATA) {
      const tile = document.createElement("label");
      tile.className = "tile";
      const radio = Object.assign(document.createElement("input"), { type: "radio", name: "data", value });
      const picture =
        value === "own"
          ? Object.assign(document.createElement("span"), { className: "plus", textContent: "+" })
          : thumbnail(value);
      picture.ariaHidden = "true";
      const words = document.createElement("span");
      words.textContent = name;
      tile.append(radio, picture, words);
      group.append(tile);
    }
  }

  /**
   * Shows settings; `completed` has also what the library chose.
   * @param {object} chosen
   * @param {object} completed
   */
  show(chosen, completed) {
    this.chosen = chosen;
    const shown = { ...completed, ...chosen };
    for (const field of this.#form.elements) {
      if (!(field.name in shown) && field.name !== "backward") continue;
      const value = String(shown[field.name] ?? "");
      if (field.type === "radio") field.checked = field.value === value;
      else if (field.tagName === "SELECT") select(field, value);
      else field.value = value;
    }
    this.#layers.show(shown.hidden);
    for (const label of this.#form.querySelectorAll(".generated")) label.hidden = shown.data === "own";
    this.#form.querySelector("#own").hidden = shown.data !== "own";
  }

  #heard(field) {
    if (!field.name || field.closest("#layers, #brushes")) return;
    if (field.name === "data") {
      const { samples, dataSeed, scale, ...rest } = this.chosen;
      this.chosen = rest;
      return this.#change({ data: field.value });
    }
    if (field.value.trim() === "") return this.#change({ [field.name]: undefined });
    const value = read(field.name, field.value);
    if (value === undefined) return this.#refused(`“${field.value.slice(0, 20)}” cannot be ${named(field.name)}.`);
    this.#change({ [field.name]: value });
  }

  #change(change) {
    // the next change builds on this one, even before it is answered
    this.chosen = chosenOf({ ...this.chosen, ...change });
    this.#changed(this.chosen);
  }
}

/** Takes an option of a list; one that the list lacks, as a link may have, is added. */
function select(list, value) {
  if (![...list.options].some((option) => option.value === value)) {
    // the library writes its defaults out, as in momentum:0.9
    const like = [...list.options].find((option) => value.startsWith(`${option.value}:`) && option.value);
    list.add(new Option(like ? `${like.text}, ${value.slice(like.value.length + 1)}` : value, value));
  }
  list.value = value;
}

/** The number of units of each hidden layer. */
class Layers {
  #list;
  #changed;
  #units = [];

  constructor(list, changed) {
    this.#list = list;
    this.#changed = changed;
    list.addEventListener("change", (event) => {
      event.stopPropagation();
      const units = Math.round(Number(event.target.value));
      if (units >= 1) this.#take(this.#units.with(Number(event.target.dataset.layer), units));
      else this.show(this.#units.join("x"));
    });
    list.addEventListener("click", ({ target }) => {
      const { layer, by } = target.dataset;
      if (by === "more") this.#take([...this.#units, 4]);
      else if (by === "none") this.#take(this.#units.toSpliced(Number(layer), 1));
      else if (by) this.#take(this.#units.with(Number(layer), Math.max(1, this.#units[layer] + Number(by))));
    });
  }

  #take(units) {
    this.show(units.join("x"));
    this.#changed(units.join("x"));
  }

  show(hidden) {
    const focused = document.activeElement?.closest?.("#layers") && document.activeElement.id;
    this.#units = String(hidden).split("x").map(Number);
    this.#list.replaceChildren(...this.#units.map((units, layer) => this.#row(units, layer)));
    const more = button("Add a layer", { by: "more" }, "layer-more");
    more.disabled = this.#units.length >= 8;
    this.#list.append(more);
    if (focused) document.getElementById(focused)?.focus();
  }

  #row(units, layer) {
    const row = document.createElement("div");
    row.className = "layer";
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", `Hidden layer ${layer + 1}`);
    const words = document.createElement("label");
    words.textContent = this.#units.length > 1 ? `Hidden ${layer + 1}` : "Hidden units";
    words.htmlFor = `layer-${layer}`;
    const field = Object.assign(document.createElement("input"), {
      id: `layer-${layer}`,
      type: "number",
      min: 1,
      max: 4096,
      value: units,
    });
    field.dataset.layer = layer;
    row.append(words, button("−", { by: -1, layer }, `layer-less-${layer}`, "One unit less"), field);
    row.append(button("+", { by: 1, layer }, `layer-plus-${layer}`, "One unit more"));
    if (this.#units.length > 1)
      row.append(button("×", { by: "none", layer }, `layer-none-${layer}`, "Remove this layer"));
    return row;
  }
}

function button(text, data, id, label) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text, id });
  Object.assign(made.dataset, data);
  if (label) made.setAttribute("aria-label", label);
  return made;
}
