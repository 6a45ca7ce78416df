/** planar's own colours (src/plot/colour.rs): told apart with any colour vision, and their like on a dark page. */
const LIGHT = {
  ink: [34, 34, 34],
  faint: [104, 106, 112],
  line: [226, 224, 218],
  paper: [255, 255, 255],
  unknown: [205, 205, 205],
  undecided: [250, 250, 248],
  certain: [[120, 175, 220], [250, 178, 105]],
  classes: [
    [0, 84, 148], [200, 82, 0], [0, 122, 84], [172, 70, 132], [176, 130, 0],
    [60, 150, 205], [86, 86, 86], [120, 60, 20], [98, 72, 170], [190, 30, 60],
  ],
  curves: [[0, 114, 178], [213, 94, 0]],
};
const DARK = {
  ink: [236, 235, 231],
  faint: [158, 162, 170],
  line: [48, 52, 60],
  paper: [20, 22, 26],
  unknown: [70, 72, 78],
  undecided: [38, 41, 47],
  certain: [[28, 84, 134], [150, 84, 24]],
  classes: [
    [132, 194, 246], [255, 172, 100], [92, 206, 164], [230, 148, 200], [232, 200, 92],
    [150, 214, 240], [186, 186, 186], [214, 160, 120], [184, 164, 244], [246, 128, 142],
  ],
  curves: [[110, 182, 240], [255, 160, 92]],
};

/** The colours for a light or a dark page. */
export const palette = (dark) => (dark ? DARK : LIGHT);

/** A colour for a canvas or a style. */
export const css = ([red, green, blue], alpha = 1) => `rgb(${red} ${green} ${blue} / ${alpha})`;

/** The first colour with a share of the second. */
export const mixed = (from, to, share) => from.map((value, k) => Math.round(value + (to[k] - value) * share));

const STEPS = 512;
const tables = new Map();

/**
 * Shades from certainty of class 0 to that of class 1, as pixels of an `ImageData` (little-endian ABGR).
 * @param {object} colours a palette
 * @returns {Uint32Array}
 */
function shades(colours) {
  if (!tables.has(colours)) {
    const [low, high] = colours.certain;
    const shade = (share) =>
      share < 0.5 ? mixed(low, colours.undecided, 2 * share) : mixed(colours.undecided, high, 2 * share - 1);
    tables.set(colours, Uint32Array.from({ length: STEPS + 1 }, (_, k) => pixel(shade(k / STEPS))));
  }
  return tables.get(colours);
}

/** A colour as a pixel. */
export const pixel = ([red, green, blue]) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/**
 * The shade of shares between 0 and 1 of a plane's points.
 * @param {Uint32Array} pixels written, one for each point
 * @param {(point: number) => number} share NaN is grey
 * @param {object} colours a palette
 */
export function shade(pixels, share, colours) {
  const table = shades(colours);
  const unknown = pixel(colours.unknown);
  for (let k = 0; k < pixels.length; k++) {
    const at = share(k);
    // NaN is neither
    pixels[k] = at >= 0 && at <= 1 ? table[Math.round(STEPS * at)] : unknown;
  }
}
