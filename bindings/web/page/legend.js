import { css } from "./colour.js";
import { font, write } from "./canvas.js";
import { short } from "./format.js";

/**
 * What the marks of the boundary's picture mean: of each entry the mark, its class if it has one, and the text beside it.
 * @param {object} opened
 * @param {import('./field.js').Meaning} meaning
 * @returns {{mark: "dot" | "bar" | "line" | "ring" | "", of?: number, text: string}[]}
 */
export function legendOf(opened, { kind, outputs, low, high }) {
  const called = (k) => opened.classes[k] ?? String(k);
  // plain numbers say little alone
  const dot = (k) => ({ mark: "dot", of: k % 10, text: /\D/.test(called(k)) ? called(k) : `y = ${called(k)}` });
  const bar = { mark: "bar", text: "" };
  const entries = {
    two: () => [dot(0), bar, dot(1), { mark: "line", text: "undecided" }],
    several: () => [...Array.from({ length: outputs }, (_, k) => dot(k)), { mark: "line", text: "equally likely" }],
    number: () => [{ mark: "", text: short(low) }, bar, { mark: "", text: short(high) }],
  }[kind]();
  if (opened.train < opened.points.length / 3) entries.push({ mark: "ring", text: "held out" });
  return entries;
}

/** What the curves of one training are, each beside its colour. */
export const curvesOf = (isHeldOut) =>
  (isHeldOut ? ["training", "held out"] : []).map((text, of) => ({ mark: "line", of, text }));

/**
 * Shows entries as text beside their marks; lines with a number are those of curves.
 * @param {HTMLElement} legend
 * @param {ReturnType<typeof legendOf>} entries
 */
export function showLegend(legend, entries) {
  const shown = entries.map(({ mark, of, text }) => {
    const span = document.createElement("span");
    span.className = "entry";
    const own = of === undefined ? "" : mark === "line" ? ` curve-${of}` : ` class-${of}`;
    span.append(Object.assign(document.createElement("i"), { className: `${mark}${own}` }), text);
    return span;
  });
  legend.replaceChildren(...shown);
}

/** Pixels of a drawn legend: the width of each mark, between a mark and its text, between entries, between rows. */
const WIDTHS = { dot: 8, ring: 8, line: 18, bar: 90, "": 0 };
const [NEAR, GAP, ROW] = [6, 16, 16];

/**
 * Draws entries in rows.
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, width: number}} box with the middle of the first row
 * @param {ReturnType<typeof legendOf>} entries
 * @param {object} colours a palette
 */
export function paintLegend(context, box, entries, colours) {
  context.font = font(11);
  let { x, y } = box;
  for (const { mark, of, text } of entries) {
    const before = WIDTHS[mark] + (mark && text ? NEAR : 0);
    const wide = before + context.measureText(text).width;
    if (x > box.x && x + wide > box.x + box.width) [x, y] = [box.x, y + ROW];
    paintMark[mark]?.(context, x, y, of, colours);
    write(context, text, x + before, y, { fill: css(colours.ink) });
    x += wide + GAP;
  }
}

const paintMark = {
  dot: (context, x, y, of, colours) => {
    context.fillStyle = css(colours.classes[of]);
    context.beginPath();
    context.arc(x + 4, y, 4, 0, 2 * Math.PI);
    context.fill();
  },
  ring: (context, x, y, _, colours) => {
    [context.strokeStyle, context.lineWidth] = [css(colours.faint), 1.8];
    context.beginPath();
    context.arc(x + 4, y, 3.2, 0, 2 * Math.PI);
    context.stroke();
  },
  line: (context, x, y, of, colours) => {
    context.fillStyle = css(of === undefined ? colours.ink : colours.curves[of]);
    context.fillRect(x, y - 1, WIDTHS.line, 2);
  },
  bar: (context, x, y, _, colours) => {
    const [low, high] = colours.certain;
    const shades = context.createLinearGradient(x, 0, x + WIDTHS.bar, 0);
    [low, colours.undecided, high].forEach((shade, k) => shades.addColorStop(k / 2, css(shade)));
    context.fillStyle = shades;
    context.fillRect(x, y - 4, WIDTHS.bar, 8);
  },
};
