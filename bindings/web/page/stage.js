import { css } from "./colour.js";
import { cleared, write } from "./canvas.js";
import { meaningOf, paintField, paintPoints, placer } from "./field.js";
import { short, ticks } from "./format.js";

/** Room for the numbers at the axes. */
const LEFT = 30;
const BOTTOM = 22;
const EDGE = 6;

/** The rectangle of the plane within a picture. */
export const planeIn = ({ x, y, width, height }) => ({
  x: x + LEFT,
  y: y + EDGE,
  width: width - LEFT - EDGE,
  height: height - BOTTOM - EDGE,
});

/** The large picture: what the network says below, axes and points above, which are drawn only when they change. */
export class Stage {
  #field;
  #points;

  /**
   * @param {HTMLCanvasElement} field
   * @param {HTMLCanvasElement} points
   */
  constructor(field, points) {
    this.#field = field;
    this.#points = points;
  }

  /** Begins with other data. */
  begin(opened) {
    this.data = opened;
    this.meaning = meaningOf(opened);
  }

  /** Begins with a plane on which there is nothing to learn yet. */
  beginEmpty(bounds) {
    this.begin({ output: "logistic", outputs: 1, classes: [], points: new Float32Array(), train: 0, bounds });
  }

  /** Other points on the same plane, all of them to be learnt. */
  setPoints(points) {
    this.data = { ...this.data, points, train: points.length / 3 };
  }

  /** Draws what the network says. */
  draw({ grid }, colours) {
    const { context, width, height } = cleared(this.#field);
    const plane = planeIn({ x: 0, y: 0, width, height });
    if (grid?.length) paintField(context, plane, grid, this.meaning, colours);
    else this.#blank(context, plane, colours);
  }

  /** Draws a plane of which nothing is known yet. */
  blank(colours) {
    const { context, width, height } = cleared(this.#field);
    this.#blank(context, planeIn({ x: 0, y: 0, width, height }), colours);
  }

  #blank(context, { x, y, width, height }, colours) {
    context.fillStyle = css(colours.undecided);
    context.fillRect(x, y, width, height);
  }

  /**
   * Draws axes and points, if the data lie in a plane.
   * @param {object} colours a palette
   * @param {(context: CanvasRenderingContext2D, place: Function) => void} [more] what else lies above
   */
  drawPoints(colours, more) {
    const { context, width, height } = cleared(this.#points);
    // of many features there is no plane
    if (!this.data.bounds?.length) return;
    const box = { x: 0, y: 0, width, height };
    paintAxes(context, box, this.data.bounds, colours);
    const plane = planeIn(box);
    context.strokeStyle = css(colours.line);
    context.strokeRect(plane.x - 0.5, plane.y - 0.5, plane.width + 1, plane.height + 1);
    paintPoints(context, plane, this.data, this.meaning, colours, width < 420 ? 2.5 : 3.25);
    more?.(context, placer(plane, this.data.bounds));
  }

  /** Coordinates of a pixel. */
  at(pixelX, pixelY) {
    const { clientWidth: wide, clientHeight: high } = this.#points;
    const { x, y, width, height } = planeIn({ x: 0, y: 0, width: wide, height: high });
    const [left, right, low, top] = this.data.bounds;
    return [left + ((pixelX - x) / width) * (right - left), top - ((pixelY - y) / height) * (top - low)];
  }
}

/** Numbers along the lower and the left side. */
export function paintAxes(context, box, bounds, colours) {
  const plane = planeIn(box);
  const place = placer(plane, bounds);
  const [left, right, low, high] = bounds;
  const fill = css(colours.faint);
  for (const mark of ticks(left, right, 5)) {
    write(context, short(mark), place(mark, 0)[0], plane.y + plane.height + 12, { align: "center", fill });
  }
  for (const mark of ticks(low, high, 5)) {
    write(context, short(mark), plane.x - 8, place(0, mark)[1], { align: "right", fill });
  }
}
