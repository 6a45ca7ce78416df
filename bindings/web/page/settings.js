/** What the notebook does: the settings that hold where the visitor chose nothing. `null` is left to the library. */
export const DEFAULTS = {
  data: "flower",
  samples: null,
  dataSeed: null,
  heldOut: 0,
  scale: "auto",
  hidden: "4",
  activation: "tanh",
  backward: null,
  output: "auto",
  optimizer: "gd",
  rate: 1.2,
  batch: 0,
  l2: 0,
  seed: 2,
  start: "0.01",
  iterations: 10000,
  device: "auto",
  plan: "auto",
};

/** Iterations a second at which one can watch; `null` is as fast as it goes. */
export const PACES = [1, 10, 100, 500, 2000, null];
const PACE = 500;
/** How many classes of points can be drawn. */
export const BRUSHES = 3;

const DATA = "flower noisy-circles noisy-moons blobs gaussian-quantiles xor spirals own".split(" ");
const NAME = /^[a-z-]{2,20}(:[0-9.e-]{1,12}){0,4}$/;

/** Thousands may be apart; a point is no such mark, since 50.000 is 50 elsewhere. */
const whole = (low, high) => (text) => {
  const digits = text.replaceAll(/[,\s]/g, "");
  const value = /^[0-9]+(e[0-9]+)?$/.test(digits) ? Number(digits) : Number.NaN;
  return value >= low && value <= high ? value : undefined;
};
const real = (low, high) => (text) => {
  const written = text.replace(",", ".");
  const value = /^[0-9.]+(e-?[0-9]+)?$/.test(written) ? Number(written) : Number.NaN;
  return value >= low && value <= high ? value : undefined;
};
const like = (pattern) => (text) => (pattern.test(text) ? text : undefined);

/** How each setting is read from text, and what a sentence calls it. Whether it suits the data is the library's to say. */
const READ = {
  data: ["the data", (text) => (DATA.includes(text) ? text : undefined)],
  samples: ["the number of points", whole(2, 1e6)],
  dataSeed: ["the seed of the data", whole(0, 2 ** 32 - 1)],
  heldOut: ["the share held out", real(0, 0.9)],
  scale: ["the scaling", like(NAME)],
  hidden: ["the hidden units", like(/^[0-9]{1,5}(x[0-9]{1,5}){0,15}$/)],
  activation: ["the activation", like(NAME)],
  backward: ["the derivative", like(NAME)],
  output: ["the answer", like(NAME)],
  optimizer: ["the method", like(NAME)],
  rate: ["the learning rate", real(1e-9, 1e6)],
  batch: ["the batch", whole(0, 1e6)],
  l2: ["L2", real(0, 1e6)],
  seed: ["the seed of the weights", whole(0, 2 ** 32 - 1)],
  start: ["the start", like(/^(he|xavier|[0-9.]+(e-?[0-9]+)?)$/)],
  iterations: ["the iterations", whole(1, 1e9)],
  device: ["the device", like(/^(auto|gpu|gpu-saving|cpu)$/)],
  plan: ["the plan", like(NAME)],
};

/**
 * A setting as typed or as a link has it; `undefined` if it cannot be one.
 * @param {string} field
 * @param {string} text
 */
export function read(field, text) {
  return READ[field][1](text.trim());
}

/** What a sentence calls a setting. */
export const named = (field) => READ[field][0];

/**
 * Only what differs from the notebook, so that links are short.
 * @param {object} settings
 */
export function chosenOf(settings) {
  const differs = ([field, value]) => field in DEFAULTS && value !== undefined && value !== DEFAULTS[field];
  return Object.fromEntries(Object.entries(settings).filter(differs));
}

/** What a link says of the pictures, beside the settings: whether costs are on a logarithmic axis, whose units are shown, and
 * in what networks side by side differ. */
const SHOWN = {
  log: ["the axis of the costs", ["1"]],
  layer: ["the layer", ["last"]],
  many: ["the networks side by side", ["seed", "rate"]],
};

/**
 * The part of a link after `#`.
 * @param {{chosen: object, pace: number | null, points: Float32Array, shown: {log?: string, layer?: string, many?: string}}}
 *   state
 */
export function toLink({ chosen, pace, points, shown }) {
  const fields = new URLSearchParams(chosen);
  if (pace !== PACE) fields.set("pace", pace ?? "full");
  for (const field of Object.keys(SHOWN)) if (shown[field]) fields.set(field, shown[field]);
  if (chosen.data === "own" && points.length > 0) fields.set("points", packed(points));
  return fields.toString();
}

/**
 * What a link asks for. What cannot be read is left at the notebook's, and told in one sentence.
 * @param {string} link the part after `#`
 */
export function fromLink(link) {
  const state = { chosen: {}, pace: PACE, points: new Float32Array(), shown: {} };
  const odd = [];
  for (const [field, text] of new URLSearchParams(link)) {
    if (field === "pace") {
      const pace = text === "full" ? null : Number(text);
      if (PACES.includes(pace)) state.pace = pace;
      else odd.push("the speed");
    } else if (field === "points") {
      const points = unpacked(text);
      if (points) state.points = points;
      else odd.push("the points");
    } else if (Object.hasOwn(SHOWN, field)) {
      const [name, values] = SHOWN[field];
      if (values.includes(text)) state.shown[field] = text;
      else odd.push(name);
    } else {
      const value = Object.hasOwn(READ, field) ? read(field, text) : undefined;
      if (value === undefined) odd.push(Object.hasOwn(READ, field) ? named(field) : `“${field.slice(0, 20)}”`);
      else state.chosen[field] = value;
    }
  }
  state.chosen = chosenOf(state.chosen);
  state.said = odd.length
    ? `The link is not understood where it says ${odd.slice(0, 3).join(", ")}${odd.length > 3 ? " and more" : ""}; ` +
      `the notebook’s ${odd.length > 1 ? "values are" : "value is"} used.`
    : null;
  return state;
}

/** A place in thousandths as two bytes each, and the class as one: 5 bytes a point, in letters that links may hold. */
function packed(points) {
  const bytes = new DataView(new ArrayBuffer((points.length / 3) * 5));
  for (let k = 0; k < points.length / 3; k++) {
    bytes.setInt16(5 * k, Math.round(1000 * points[3 * k]));
    bytes.setInt16(5 * k + 2, Math.round(1000 * points[3 * k + 1]));
    bytes.setUint8(5 * k + 4, points[3 * k + 2]);
  }
  const text = Array.from(new Uint8Array(bytes.buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function unpacked(text) {
  try {
    const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    if (raw.length % 5 !== 0) return undefined;
    const bytes = new DataView(Uint8Array.from(raw, (letter) => letter.charCodeAt(0)).buffer);
    const points = new Float32Array((raw.length / 5) * 3);
    for (let k = 0; k < raw.length / 5; k++) {
      const kind = bytes.getUint8(5 * k + 4);
      if (kind >= BRUSHES) return undefined;
      points.set([bytes.getInt16(5 * k) / 1000, bytes.getInt16(5 * k + 2) / 1000, kind], 3 * k);
    }
    return points;
  } catch {
    return undefined;
  }
}
