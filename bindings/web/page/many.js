import { cleared } from "./canvas.js";
import { paintField, paintPoints } from "./field.js";
import { fit, short } from "./format.js";

/** Many networks side by side, moving together; a click goes on with one of them. */
export class Many {
  #list;
  #chosen;
  #tiles = [];
  #points = null;

  /**
   * @param {HTMLElement} list
   * @param {(vary: string, value: number) => void} chosen
   */
  constructor(list, chosen) {
    this.#list = list;
    this.#chosen = chosen;
  }

  begin(vary) {
    this.vary = vary;
    this.#tiles = [];
    this.#points = null;
    this.#list.replaceChildren();
  }

  /**
   * @param {{value: number, cost: number, accuracy: number, status: string, grid: Float32Array}[]} networks
   * @param {{data: object, meaning: object}} stage the points, and what the numbers mean
   * @param {object} colours a palette
   */
  draw(networks, { data, meaning }, colours) {
    if (this.#tiles.length !== networks.length) this.#make(networks);
    const best = bestOf(networks);
    networks.forEach((network, k) => {
      const { canvas, words, tile } = this.#tiles[k];
      this.#tiles[k].value = network.value;
      const { context, width, height } = cleared(canvas);
      const rectangle = { x: 0, y: 0, width, height };
      paintField(context, rectangle, network.grid, meaning, colours, 1.25);
      context.drawImage(this.#dots(data, meaning, colours, canvas), 0, 0, width, height);
      const reached = network.status === "diverged" ? "NaN" : fit(network.accuracy, meaning.kind === "number");
      const text = `${this.vary} ${short(network.value)}\n${reached}`;
      if (words.textContent !== text) words.textContent = text;
      tile.classList.toggle("best", k === best);
    });
  }

  /** The points as one picture for all: they do not move. */
  #dots(data, meaning, colours, { width, height }) {
    const key = `${width} ${height}`;
    if (this.#points?.key !== key || this.#points.colours !== colours) {
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      const rectangle = { x: 0, y: 0, width, height };
      paintPoints(canvas.getContext("2d"), rectangle, data, meaning, colours, width / 130, 0);
      this.#points = { key, colours, canvas };
    }
    return this.#points.canvas;
  }

  #make(networks) {
    this.#tiles = networks.map(() => {
      const tile = Object.assign(document.createElement("button"), { type: "button", className: "many-tile" });
      const canvas = document.createElement("canvas");
      canvas.ariaHidden = "true";
      const words = document.createElement("span");
      tile.append(canvas, words);
      tile.title = "Go on with this one";
      const one = { tile, canvas, words, value: null };
      tile.addEventListener("click", () => this.#chosen(this.vary, one.value));
      return one;
    });
    this.#list.replaceChildren(...this.#tiles.map(({ tile }) => tile));
  }
}

/** The place of the highest accuracy; of equal ones, that of the lowest cost. One that has diverged is the last. */
export function bestOf(networks) {
  const rank = ({ status, accuracy }) => (status === "diverged" ? -Infinity : accuracy);
  const isBetter = (a, b) => rank(a) > rank(b) || (rank(a) === rank(b) && a.cost < b.cost);
  return networks.reduce((best, network, k) => (best < 0 || isBetter(network, networks[best]) ? k : best), -1);
}
