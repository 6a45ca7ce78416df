import { css } from "./colour.js";
import { cleared, write } from "./canvas.js";
import { short } from "./format.js";
import { layersOf } from "./weights.js";

/** Wider or deeper networks are a thicket. */
const MOST_UNITS = 12;
const MOST_LAYERS = 5;

/** Whether a network is small enough to be drawn. */
export const isDrawn = (widths) => Math.max(...widths) <= MOST_UNITS && widths.length <= MOST_LAYERS + 1;

/** The shape as people write it, such as 2–4–1. */
export const shapeOf = (widths) => widths.join("–");

/**
 * Draws the weights: a line is the thicker the larger its weight, blue where it is negative and orange where positive.
 * @param {HTMLCanvasElement} canvas
 * @param {{widths: number[], weights: Float32Array}} frame
 * @param {string[]} names of the inputs
 * @param {object} colours a palette
 */
export function drawNetwork(canvas, { widths, weights }, names, colours) {
  const { context, width, height } = cleared(canvas);
  const [left, right] = [46, width - 60];
  const place = (layer, unit) => {
    const of = widths[layer];
    const gap = Math.min(40, (height - 24) / of);
    return [left + ((right - left) * layer) / (widths.length - 1), height / 2 + (unit - (of - 1) / 2) * gap];
  };
  layersOf(widths, weights).forEach(({ inputs, units, weights }, layer) => {
    let most = 0;
    for (const weight of weights) most = Math.max(most, Math.abs(weight));
    for (let unit = 0; unit < units; unit++) {
      for (let input = 0; input < inputs; input++) {
        const weight = weights[unit * inputs + input];
        if (!Number.isFinite(weight)) continue;
        link(context, place(layer, input), place(layer + 1, unit), Math.abs(weight) / (most || 1), weight < 0, colours);
      }
    }
  });
  const size = Math.max(3.5, Math.min(8, (height - 24) / Math.max(...widths) / 3));
  widths.forEach((of, layer) => {
    for (let unit = 0; unit < of; unit++) {
      context.beginPath();
      context.arc(...place(layer, unit), size, 0, 2 * Math.PI);
      context.fillStyle = css(colours.paper);
      context.fill();
      context.strokeStyle = css(colours.ink);
      context.lineWidth = 1.5;
      context.stroke();
    }
  });
  const fill = css(colours.faint);
  for (let input = 0; input < widths[0]; input++) {
    const [x, y] = place(0, input);
    write(context, (names[input] ?? "").slice(0, 5), x - size - 6, y, { align: "right", fill });
  }
  const [x, y] = place(widths.length - 1, 0);
  if (widths.at(-1) === 1) write(context, "answer", x + size + 6, y, { fill });
}

function link(context, [x0, y0], [x1, y1], share, isNegative, colours) {
  context.beginPath();
  context.moveTo(x0, y0);
  const bend = (x1 - x0) / 2;
  context.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
  context.strokeStyle = css(colours.classes[isNegative ? 0 : 1], 0.25 + 0.6 * share);
  context.lineWidth = 0.6 + 5 * share;
  context.stroke();
}

/** The drawing in words. */
export function networkInWords({ widths, weights }) {
  const layers = layersOf(widths, weights);
  const largest = layers.map((layer) => short(layer.weights.reduce((most, w) => Math.max(most, Math.abs(w)), 0)));
  return (
    `A network of ${widths[0]} inputs, ${widths.slice(1, -1).join(" and ") || "no"} hidden units and ` +
    `${widths.at(-1)} output${widths.at(-1) > 1 ? "s" : ""}. The largest weight of each layer is ${largest.join(", ")}.`
  );
}
