import { css, shade } from "./colour.js";
import { cleared } from "./canvas.js";
import { stretch } from "./field.js";
import { short } from "./format.js";
import { layersOf, sentenceOf } from "./weights.js";

/** Pictures larger than this are no clearer, smaller than the second not to be told apart. */
const LARGEST = 104;
const SMALLEST = 22;
/** Room for the bar below a picture, which says how much its unit counts. */
const BAR = 6;
/** What is read aloud of a unit that trains is renewed this often, in milliseconds. */
const CALM = 2000;
/** So many stand in one row. */
const FEW = 6;
/** How many units' maps the worker sends: those of the first. */
export const MOST_UNITS = 64;

/** Points a side of each unit's map, for this many units. */
export const detail = (units) => (units > 24 ? 16 : units > 8 ? 28 : 44);

/** What each hidden unit says over the plane; the one pointed at, or chosen with the arrow keys, in words. */
export class Units {
  #canvas;
  #told;
  #said;
  #bars;
  #frame = null;
  #chosen = -1;
  /** Which unit was read aloud last, and when. */
  #read = { unit: -1, at: 0 };
  #layout = { columns: 1, size: LARGEST, gap: 8 };

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} told where the words go
   * @param {HTMLElement} said from where they are read aloud
   * @param {HTMLElement} bars what the bars mean, where there are some
   */
  constructor(canvas, told, said, bars) {
    this.#canvas = canvas;
    this.#told = told;
    this.#said = said;
    this.#bars = bars;
    canvas.addEventListener("pointermove", (event) => this.#choose(this.#at(event.offsetX, event.offsetY)));
    canvas.addEventListener("pointerleave", () => this.#choose(-1));
    canvas.addEventListener("blur", () => this.#choose(-1));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Begins with another network. */
  begin({ names, activation }) {
    this.names = names;
    this.activation = activation;
    this.#frame = null;
    this.#choose(-1);
  }

  get count() {
    return this.#frame ? Math.min(MOST_UNITS, this.#frame.widths[this.#frame.layer + 1]) : 0;
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.#layout.columns, ArrowUp: -this.#layout.columns };
    if (!(event.key in step) || this.count === 0) return;
    event.preventDefault();
    const next = this.#chosen < 0 ? 0 : this.#chosen + step[event.key];
    this.#choose(Math.max(0, Math.min(this.count - 1, next)));
  }

  #at(x, y) {
    const { columns, size, gap } = this.#layout;
    const [column, row] = [Math.floor(x / (size + gap)), Math.floor(y / (size + BAR + gap))];
    const unit = row * columns + column;
    return column < columns && unit < this.count ? unit : -1;
  }

  #choose(unit) {
    if (unit === this.#chosen) return;
    this.#chosen = unit;
    if (this.#frame) this.draw(this.#frame, this.colours);
    else this.#tell();
  }

  #tell() {
    const layers = this.#chosen >= 0 && layersOf(this.#frame.widths, this.#frame.weights);
    const names = this.#frame?.layer > 0 ? [] : this.names;
    const hint = "Point at a unit, or choose one with the arrow keys, to read its weights.";
    const text = layers
      ? `${sentenceOf(layers, this.#frame.layer, this.#chosen, names, this.activation)}${this.#range()}`
      : hint;
    if (this.#told.textContent !== text) this.#told.textContent = text;
    this.#readAloud(layers ? text : "");
  }

  /** The least and the greatest of what the chosen unit says on its map. */
  #range() {
    const { units } = this.#frame;
    const each = units.length / this.count;
    const own = units.subarray(this.#chosen * each, (this.#chosen + 1) * each);
    if (!own.length) return "";
    const [low, high] = [Math.min(...own), Math.max(...own)];
    return `, here from ${short(low)} to ${short(high)}`;
  }

  /** Another unit at once, and the same from time to time. */
  #readAloud(text) {
    const isOther = this.#chosen !== this.#read.unit;
    const goesOn = this.#frame?.status === "training";
    if (!isOther && goesOn && performance.now() - this.#read.at < CALM) return;
    this.#read = { unit: this.#chosen, at: performance.now() };
    if (this.#said.textContent !== text) this.#said.textContent = text;
  }

  /**
   * @param {object} frame of the worker
   * @param {object} colours a palette
   */
  draw(frame, colours) {
    this.#frame = { layer: 0, ...frame };
    this.colours = colours;
    this.#place();
    const { context } = cleared(this.#canvas);
    const { columns, size, gap } = this.#layout;
    const m = Math.round(Math.sqrt(frame.units.length / this.count));
    if (!(m >= 2)) return;
    const next = layersOf(frame.widths, frame.weights)[this.#frame.layer + 1];
    const outward = next.units === 1 && next.weights.length ? next.weights : null;
    this.#bars.hidden = !outward;
    const most = outward && Math.max(...outward.map(Math.abs));
    for (let unit = 0; unit < this.count; unit++) {
      const x = (unit % columns) * (size + gap);
      const y = Math.floor(unit / columns) * (size + BAR + gap);
      this.#tile(context, frame.units.subarray(unit * m * m, (unit + 1) * m * m), m, {
        x,
        y,
        width: size,
        height: size,
      });
      if (outward) {
        context.fillStyle = css(colours.classes[outward[unit] < 0 ? 0 : 1]);
        context.fillRect(x, y + size + 2, (size * Math.abs(outward[unit])) / most || 0, 3);
      }
      const isChosen = unit === this.#chosen;
      context.strokeStyle = css(isChosen ? colours.ink : colours.line);
      context.lineWidth = isChosen ? 2 : 1;
      context.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
    }
    this.#tell();
  }

  /** One unit's map, its strongest answer the fullest shade. */
  #tile(context, values, m, rectangle) {
    let most = 0;
    for (const value of values) most = Math.max(most, Math.abs(value));
    stretch(context, m, (pixels) => shade(pixels, values, [-most, most], this.colours), rectangle);
  }

  /** As large as all fit in a few rows. */
  #place() {
    const width = this.#canvas.clientWidth;
    const gap = this.count > 24 ? 5 : 8;
    const wanted = this.count <= FEW ? (width + gap) / this.count - gap : Math.sqrt((width * 240) / this.count) - gap;
    const size = Math.max(SMALLEST, Math.min(LARGEST, Math.floor(wanted)));
    const columns = Math.max(1, Math.floor((width + gap) / (size + gap)));
    const rows = Math.ceil(this.count / columns);
    this.#layout = { columns, size, gap };
    this.#canvas.style.height = `${rows * (size + BAR + gap)}px`;
  }
}
