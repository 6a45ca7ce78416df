import { short } from "./format.js";

/**
 * The parameters of a network layer by layer: `weights` is (units × inputs) row-major, `biases` one a unit.
 * @param {number[]} widths inputs, hidden units of each layer, outputs
 * @param {Float32Array} flat of each layer W, then b
 * @returns {{inputs: number, units: number, weights: Float32Array, biases: Float32Array}[]}
 */
export function layersOf(widths, flat) {
  let at = 0;
  const take = (size) => flat.subarray(at, (at += size));
  return widths.slice(1).map((units, k) => {
    const inputs = widths[k];
    return { inputs, units, weights: take(units * inputs), biases: take(units) };
  });
}

/** More terms than this make no sentence. */
const MOST_TERMS = 4;

/**
 * What a unit of a hidden layer computes, in words: its strongest inputs, its bias, and where its answer goes.
 * @param {ReturnType<typeof layersOf>} layers
 * @param {number} layer from 0
 * @param {number} unit from 0
 * @param {string[]} names of the inputs
 * @param {string} activation
 */
export function sentenceOf(layers, layer, unit, names, activation) {
  const { inputs, units, weights, biases } = layers[layer];
  // of large networks the worker sends none
  if (weights.length === 0) return `Unit ${unit + 1} of ${units}`;
  const own = weights.subarray(unit * inputs, (unit + 1) * inputs);
  const strongest = Array.from(own.keys())
    .sort((a, b) => Math.abs(own[b]) - Math.abs(own[a]))
    .slice(0, MOST_TERMS);
  const terms = strongest.sort((a, b) => a - b).map((k) => [own[k], `·${names[k] ?? `unit ${k + 1}`}`]);
  terms.push([biases[unit], ""]);
  const sum = terms.map(([weight, of], k) => {
    const sign = weight < 0 ? (k ? " − " : "−") : k ? " + " : "";
    return `${sign}${short(Math.abs(weight))}${of}`;
  });
  const rest = inputs > MOST_TERMS ? ` and ${inputs - MOST_TERMS} more` : "";
  const next = layers[layer + 1];
  const out = next.units === 1 ? `, output weight ${short(next.weights[unit])}` : "";
  return `Unit ${unit + 1} of ${units}: ${activation}(${sum.join("")}${rest})${out}`;
}
