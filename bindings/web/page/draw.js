import { css } from "./colour.js";
import { count } from "./format.js";

/** Where one draws: the picture's sides do not move while points are added. */
export const BOUNDS = [-6, 6, -6, 6];
const NAMES = ["Blue", "Orange", "Green"];
/** Pixels between the points of one stroke. */
const APART = 14;
/** The cross moves by this, with Shift by five of it. */
const STEP = 0.25;
/** A link has no room for more. */
const MOST = 1000;

/** Own points: put on the picture by pointer or by keyboard. */
export class Draw {
  /** x1, x2 and class of each point, in turn. */
  points = [];
  /** Whether the picture takes points now. */
  active = false;
  /** Where the keyboard's cross is; none until an arrow is pressed. */
  cross = null;
  #brush = 0;
  #canvas;
  #told;
  #last = null;
  /** Whether the stroke under way has put a point. */
  #hasPut = false;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{place: (x: number, y: number) => [number, number], drawn: () => void, moved: Function,
   *   changed: () => void, refused: (said: string) => void}} told `place` turns pixels to coordinates, `drawn` follows each point, `moved` each move of the
   *   cross, `changed` each stroke
   */
  constructor(canvas, told) {
    this.#canvas = canvas;
    this.#told = told;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => this.#up());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => {
      this.cross = null;
      told.drawn();
    });
  }

  /** Lists the colours to choose from. */
  showBrushes(group) {
    this.brushes = NAMES.map((name, value) => {
      const label = document.createElement("label");
      label.className = `brush class-${value}`;
      const radio = Object.assign(document.createElement("input"), { type: "radio", name: "brush", value });
      radio.checked = value === this.#brush;
      radio.addEventListener("change", () => (this.#brush = value));
      label.append(radio, name);
      group.append(label);
      return radio;
    });
  }

  /** Whether there is something to learn: points of two colours. */
  get isEnough() {
    return new Set(this.points.filter((_, k) => k % 3 === 2)).size >= 2;
  }

  /** As the worker takes them. */
  get flat() {
    return Float32Array.from(this.points);
  }

  undo() {
    this.points.splice(-3);
    this.#told.changed();
  }

  clear() {
    this.points = [];
    this.#told.changed();
  }

  /** Whether there was room for it. */
  #put(x1, x2) {
    if (this.points.length >= 3 * MOST) {
      this.#told.refused(`A link has room for ${count(MOST)} points: undo some, or drop a table of more.`);
      return false;
    }
    this.points.push(Math.round(1000 * x1) / 1000, Math.round(1000 * x2) / 1000, this.#brush);
    this.#told.drawn();
    return true;
  }

  #down(event) {
    if (!this.active || event.button !== 0) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#hasPut = false;
    this.#stroke(event);
  }

  #move(event) {
    if (this.#last === null) return;
    const [x, y] = this.#last;
    if (Math.hypot(event.offsetX - x, event.offsetY - y) >= APART) this.#stroke(event);
  }

  #stroke({ offsetX, offsetY }) {
    this.#last = [offsetX, offsetY];
    const [x1, x2] = this.#told.place(offsetX, offsetY);
    const [left, right, low, high] = BOUNDS;
    if (x1 >= left && x1 <= right && x2 >= low && x2 <= high && this.#put(x1, x2)) this.#hasPut = true;
  }

  #up() {
    if (this.#last === null) return;
    this.#last = null;
    if (this.#hasPut) this.#told.changed();
  }

  #key(event) {
    if (!this.active) return;
    const by = (event.shiftKey ? 5 : 1) * STEP;
    const step = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] }[event.key];
    if (step) {
      const [left, right, low, high] = BOUNDS;
      const [x1, x2] = this.cross ?? [0, 0];
      this.cross = [Math.max(left, Math.min(right, x1 + step[0])), Math.max(low, Math.min(high, x2 + step[1]))];
      this.#told.drawn();
      this.#told.moved(...this.cross);
    } else if (event.key === " " || event.key === "Enter") {
      this.cross ??= [0, 0];
      if (this.#put(...this.cross)) this.#told.changed();
    } else if (event.key === "Backspace") {
      this.undo();
    } else if (/^[1-3]$/.test(event.key)) {
      this.brushes[event.key - 1].click();
    } else {
      return;
    }
    event.preventDefault();
  }

  /** Draws the cross of the keyboard. */
  paintCross(context, place, colours) {
    if (!this.cross) return;
    const [x, y] = place(...this.cross);
    context.strokeStyle = css(colours.ink);
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(x - 10, y);
    context.lineTo(x + 10, y);
    context.moveTo(x, y - 10);
    context.lineTo(x, y + 10);
    context.stroke();
  }
}
