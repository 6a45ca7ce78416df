const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A whole number, its thousands apart. */
export const count = (number) => grouped.format(number);

/** A cost as the notebook prints it; a word for what is no number. */
export function cost(value) {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : "infinite";
  return value >= 1e4 ? value.toExponential(3) : value.toFixed(6);
}

/** A share as percent. */
export function percent(share) {
  return share === null || share === undefined || Number.isNaN(share) ? "–" : `${(100 * share).toFixed(2)} %`;
}

/** How well a network does: its accuracy, or R² where it answers with a number. */
export const fit = (value, isNumber) => (isNumber ? (Number.isFinite(value) ? value.toFixed(4) : "–") : percent(value));

/** Iterations a second, in words that do not flicker. */
export function speed(perSecond) {
  if (!(perSecond > 0)) return "–";
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(perSecond)) - 1);
  return count(Math.round(perSecond / digits) * digits || 1);
}

/** A number of three digits, with a true minus. */
export function short(number) {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "NaN" : `${number < 0 ? "−" : ""}∞`;
  const text =
    Math.abs(number) >= 1e5 || (number !== 0 && Math.abs(number) < 1e-3)
      ? number.toExponential(1).replace(".0e", "e")
      : String(Number(number.toPrecision(3)));
  return text.replace("-", "−");
}

/** Marks for an axis: about as many round numbers between two ends. */
export function ticks(low, high, wanted) {
  const rough = (high - low) / wanted;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((by) => by * decade).find((by) => by >= 0.8 * rough);
  const marks = [];
  for (let k = Math.ceil(low / step); k * step <= high + 1e-9 * step; k++) marks.push(k * step);
  return marks.map((mark) => Number(mark.toPrecision(12)));
}
