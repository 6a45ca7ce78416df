import { css, mixed, pixel, shade } from "./colour.js";
import { zeroLine } from "./contour.js";

/** More points than this are drawn in part: a picture has only so much room. */
const MOST_POINTS = 2000;

/**
 * What a network says: `outputs` numbers a point of the plane mean two classes, several, or a number.
 * @typedef {{kind: 'two' | 'several' | 'number', outputs: number, low?: number, high?: number}} Meaning
 */

/**
 * @param {{output: string, outputs: number, points: Float32Array}} opened
 * @returns {Meaning}
 */
export function meaningOf({ output, outputs, points }) {
  if (output !== "squares") return { kind: outputs > 2 ? "several" : "two", outputs };
  let [low, high] = [Infinity, -Infinity];
  for (let k = 2; k < points.length; k += 3) {
    low = Math.min(low, points[k]);
    high = Math.max(high, points[k]);
  }
  return { kind: "number", outputs, low, high };
}

/** The canvas that small pictures are made on before they are stretched: one for each size. */
const sheets = new Map();
function sheet(width, height) {
  const key = `${width}x${height}`;
  if (!sheets.has(key)) {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    const image = context.createImageData(width, height);
    sheets.set(key, { canvas, context, image, pixels: new Uint32Array(image.data.buffer) });
  }
  return sheets.get(key);
}

/** Pixels of a square grid, stretched over a rectangle so that its outer points lie on the rectangle's sides. */
export function stretch(context, n, fill, { x, y, width, height }) {
  const small = sheet(n, n);
  fill(small.pixels);
  small.context.putImageData(small.image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small.canvas, 0.5, 0.5, n - 1, n - 1, x, y, width, height);
}

/** Logits beyond this are as good as certain. */
const CERTAIN = 12;
/** The probability of a logit, given as a share of the largest. */
const probability = (share) => 1 / (1 + Math.exp(-CERTAIN * share));

/**
 * Shades a rectangle by what a network says at the points of a grid, and draws the lines between classes.
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, width: number, height: number}} rectangle
 * @param {Float32Array} grid row-major (n·n × outputs), from the upper left
 * @param {Meaning} meaning
 * @param {object} colours a palette
 * @param {number} [thick] width of the lines in pixels; 0 draws none
 */
export function paintField(context, rectangle, grid, meaning, colours, thick = 2) {
  const n = Math.round(Math.sqrt(grid.length / meaning.outputs));
  if (n < 2) return;
  const { kind, outputs, low, high } = meaning;
  if (kind === "several") {
    stretch(context, n, (pixels) => shadeClasses(pixels, grid, outputs, colours), rectangle);
  } else if (kind === "number") {
    stretch(context, n, (pixels) => shade(pixels, grid, [low, high], colours), rectangle);
  } else {
    stretch(
      context,
      n,
      (pixels) => shade(pixels, lead(grid, outputs, 1), [-CERTAIN, CERTAIN], colours, probability),
      rectangle,
    );
  }
  if (kind === "number" || thick === 0) return;
  const { x, y, width, height } = rectangle;
  const line = new Path2D();
  const [right, down] = [width / (n - 1), height / (n - 1)];
  const place = {
    moveTo: (column, row) => line.moveTo(x + column * right, y + row * down),
    lineTo: (column, row) => line.lineTo(x + column * right, y + row * down),
  };
  const classes = kind === "two" ? [1] : Array.from({ length: outputs }, (_, k) => k);
  for (const own of classes) zeroLine(place, lead(grid, outputs, own), n);
  context.strokeStyle = css(colours.ink, 0.85);
  context.lineWidth = thick;
  context.lineCap = "round";
  context.stroke(line);
}

/** How far the logit of a class leads the largest of the others at each point; one logit alone is class 1's lead. */
function lead(grid, outputs, own) {
  if (outputs === 1) return grid;
  return Float32Array.from({ length: grid.length / outputs }, (_, k) => {
    let best = -Infinity;
    for (let c = 0; c < outputs; c++) if (c !== own && grid[outputs * k + c] > best) best = grid[outputs * k + c];
    return grid[outputs * k + own] - best;
  });
}

/** The likeliest class of each point, the fainter the less certain. */
function shadeClasses(pixels, grid, outputs, colours) {
  const steps = 32;
  const tables = Array.from({ length: outputs }, (_, c) => {
    const full = mixed(colours.undecided, colours.classes[c % colours.classes.length], 0.5);
    return Array.from({ length: steps + 1 }, (_, k) => pixel(mixed(colours.undecided, full, k / steps)));
  });
  const unknown = pixel(colours.unknown);
  for (let k = 0; k < pixels.length; k++) {
    let best = 0;
    for (let c = 1; c < outputs; c++) if (grid[outputs * k + c] > grid[outputs * k + best]) best = c;
    let sum = 0;
    for (let c = 0; c < outputs; c++) sum += Math.exp(grid[outputs * k + c] - grid[outputs * k + best]);
    const certainty = (1 / sum - 1 / outputs) / (1 - 1 / outputs);
    pixels[k] = certainty >= 0 ? tables[best][Math.round(steps * certainty)] : unknown;
  }
}

/** The colour of a class, or of a number among those learnt. */
function colourOf(value, { kind, low, high }, colours) {
  if (kind !== "number") return colours.classes[value % colours.classes.length];
  return mixed(colours.classes[0], colours.classes[1], (value - low) / (high - low || 1));
}

/**
 * Draws the points: learnt ones filled, held-out ones hollow and below them.
 * @param {CanvasRenderingContext2D} context
 * @param {object} rectangle
 * @param {{points: Float32Array, train: number, bounds: number[]}} data
 * @param {Meaning} meaning
 * @param {object} colours a palette
 * @param {number} radius in pixels
 * @param {number} [rim] around filled ones, in pixels
 */
export function paintPoints(context, rectangle, { points, train, bounds }, meaning, colours, radius, rim = 1) {
  const place = placer(rectangle, bounds);
  const all = points.length / 3;
  const every = Math.ceil(all / MOST_POINTS);
  const dot = (k, size) => {
    const [x, y] = place(points[3 * k], points[3 * k + 1]);
    context.beginPath();
    context.arc(x, y, size, 0, 2 * Math.PI);
  };
  context.lineWidth = 0.6 * radius;
  for (let k = train; k < all; k += every) {
    dot(k, radius);
    context.fillStyle = css(colours.paper);
    context.fill();
    context.strokeStyle = css(colourOf(points[3 * k + 2], meaning, colours));
    context.stroke();
  }
  for (let k = 0; k < train; k += every) {
    if (rim > 0) {
      dot(k, radius + rim);
      context.fillStyle = css(colours.paper);
      context.fill();
    }
    dot(k, radius);
    context.fillStyle = css(colourOf(points[3 * k + 2], meaning, colours));
    context.fill();
  }
}

/** From a place in the data to one in a rectangle. */
export function placer({ x, y, width, height }, [left, right, low, high]) {
  return (x1, x2) => [x + ((x1 - left) / (right - left)) * width, y + ((high - x2) / (high - low)) * height];
}
