/** planar's own colours (src/plot/colour.rs): told apart with any colour vision, and their like on a dark page. */
const LIGHT = {
  ink: [34, 34, 34],
  faint: [104, 106, 112],
  line: [226, 224, 218],
  paper: [255, 255, 255],
  unknown: [205, 205, 205],
  undecided: [250, 250, 248],
  certain: [
    [120, 175, 220],
    [250, 178, 105],
  ],
  classes: [
    [0, 84, 148],
    [200, 82, 0],
    [0, 122, 84],
    [172, 70, 132],
    [176, 130, 0],
    [60, 150, 205],
    [86, 86, 86],
    [120, 60, 20],
    [98, 72, 170],
    [190, 30, 60],
  ],
  curves: [
    [0, 114, 178],
    [213, 94, 0],
  ],
};
const DARK = {
  ink: [236, 235, 231],
  faint: [158, 162, 170],
  line: [48, 52, 60],
  paper: [20, 22, 26],
  unknown: [70, 72, 78],
  undecided: [38, 41, 47],
  certain: [
    [28, 84, 134],
    [150, 84, 24],
  ],
  classes: [
    [132, 194, 246],
    [255, 172, 100],
    [92, 206, 164],
    [230, 148, 200],
    [232, 200, 92],
    [150, 214, 240],
    [186, 186, 186],
    [214, 160, 120],
    [184, 164, 244],
    [246, 128, 142],
  ],
  curves: [
    [110, 182, 240],
    [255, 160, 92],
  ],
};

/** The colours for a light or a dark page. */
export const palette = (dark) => (dark ? DARK : LIGHT);

/** A colour for a canvas or a style. */
export const css = ([red, green, blue], alpha = 1) => `rgb(${red} ${green} ${blue} / ${alpha})`;

/** The first colour with a share of the second. */
export const mixed = (from, to, share) => from.map((value, k) => Math.round(value + (to[k] - value) * share));

/** A colour as a pixel of an `ImageData` (little-endian ABGR). */
export const pixel = ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

const STEPS = 1024;
const tables = new Map();

/**
 * The shades from certainty of class 0 to that of class 1, as pixels.
 * @param {object} colours a palette
 * @param {(at: number) => number} share of the way from 0 to 1, for a place between −1 and 1
 * @returns {Uint32Array}
 */
function shades(colours, share) {
  if (!tables.has(share)) tables.set(share, new Map());
  const known = tables.get(share);
  if (!known.has(colours)) {
    const [low, high] = colours.certain;
    const shadeOf = (at) =>
      at < 0.5 ? mixed(low, colours.undecided, 2 * at) : mixed(colours.undecided, high, 2 * at - 1);
    known.set(
      colours,
      Uint32Array.from({ length: STEPS + 1 }, (_, k) => pixel(shadeOf(share((2 * k) / STEPS - 1)))),
    );
  }
  return known.get(colours);
}

/** Evenly, for numbers. */
export const evenly = (at) => 0.5 + 0.5 * at;

/**
 * The shade of each value between two ends; beyond them that of the end, grey for what is no number.
 * @param {Uint32Array} pixels written, one for each value
 * @param {Float32Array} values
 * @param {[number, number]} ends
 * @param {object} colours a palette
 * @param {(at: number) => number} [share] how shades follow from places between the ends, −1 to 1
 */
export function shade(pixels, values, [low, high], colours, share = evenly) {
  const table = shades(colours, share);
  const unknown = pixel(colours.unknown);
  const scale = high > low ? STEPS / (high - low) : 0;
  const offset = high > low ? -low * scale : STEPS / 2;
  for (let k = 0; k < pixels.length; k++) {
    const at = values[k] * scale + offset;
    // NaN is neither; so is infinity times zero
    if (at >= STEPS) pixels[k] = table[STEPS];
    else if (at >= 0) pixels[k] = table[(at + 0.5) | 0];
    else pixels[k] = at < 0 ? table[0] : unknown;
  }
}
