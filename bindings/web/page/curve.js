import { css } from "./colour.js";
import { write } from "./canvas.js";
import { count, short, ticks } from "./format.js";

/**
 * The curves of a training, its held-out cost beside it; of many trainings, one fainter curve each.
 * @param {import('./session.js').Session} session
 * @param {object} colours a palette
 */
export function seriesOf({ costs, heldOut, many, manyCosts }, colours) {
  const [first, second] = colours.curves;
  if (many) return manyCosts.map((costs) => ({ costs, stroke: css(first, 0.5), width: 1.25 }));
  return [
    { costs, stroke: css(first), width: 2 },
    { costs: heldOut, stroke: css(second), width: 2 },
  ];
}

/** The least round number (1, 2 or 5 with zeros) that is not below: the axis stands still between them. */
function round(number) {
  const decade = 10 ** Math.floor(Math.log10(Math.max(number, 1)));
  return [1, 2, 5, 10].map((by) => by * decade).find((by) => by >= number);
}

/** Lowest and highest cost that the axis shows, from all curves. */
function range(series, log) {
  let [low, high] = [Infinity, 0];
  for (const { costs } of series) {
    costs.each((_, least, most) => {
      low = Math.min(low, least);
      high = Math.max(high, most);
    });
  }
  if (!(high > 0)) return log ? [0.1, 1] : [0, 1];
  const first = Math.max(...series.map(({ costs }) => costs.first).filter(Number.isFinite));
  // a run that explodes would flatten all before it
  if (first > 0) high = Math.min(high, (log ? 1000 : 2.5) * first);
  if (!log) return [0, 1.06 * high];
  const least = Math.max(low, 1e-6 * high);
  return [10 ** Math.floor(Math.log10(least)), 10 ** Math.ceil(Math.log10(high))];
}

/** The marks of a logarithmic axis: decades, and 2 and 5 between them where there are few. */
function decades(low, high) {
  const marks = [];
  const few = high / low <= 100;
  for (let decade = low; decade <= 1.0001 * high; decade *= 10) {
    marks.push(...(few ? [decade, 2 * decade, 5 * decade] : [decade]));
  }
  return marks.filter((mark) => mark <= 1.0001 * high).map((mark) => Number(mark.toPrecision(6)));
}

/**
 * Draws cost over iteration, a curve for each series.
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, width: number, height: number}} box with room for the axes
 * @param {{costs: import('./costs.js').Costs, stroke: string, width: number}[]} series the first is marked where it breaks
 * @param {boolean} log whether the axis is logarithmic
 * @param {object} colours a palette
 */
export function paintCurve(context, box, series, log, colours) {
  const broken = series.length > 2 ? null : series[0].costs.broken;
  const [left, top] = [box.x + 40, box.y + 8];
  const [right, bottom] = [box.x + box.width - 12, box.y + box.height - 24];
  const until = round(Math.max(10, ...series.map(({ costs }) => costs.until)));
  const [low, high] = range(series, log);
  const scale = log ? Math.log : (cost) => cost;
  const x = (iteration) => left + (iteration / until) * (right - left);
  const y = (cost) => bottom - ((scale(cost) - scale(low)) / (scale(high) - scale(low))) * (bottom - top);
  const faint = css(colours.faint);

  context.lineWidth = 1;
  for (const mark of log ? decades(low, high) : ticks(low, high, 4)) {
    const at = Math.round(y(mark)) + 0.5;
    context.strokeStyle = css(colours.line);
    context.beginPath();
    context.moveTo(left, at);
    context.lineTo(right, at);
    context.stroke();
    write(context, short(mark), left - 8, at, { align: "right", fill: faint });
  }
  for (const mark of ticks(0, until, 3)) {
    const align = mark === until ? "right" : "center";
    write(context, count(mark), mark === until ? right + 6 : x(mark), bottom + 14, { align, fill: faint });
  }

  context.save();
  context.beginPath();
  context.rect(left, top - 2, right - left + 4, bottom - top + 4);
  context.clip();
  for (const one of series) line(context, one, x, y);
  if (broken !== null) {
    context.strokeStyle = css(colours.curves[1]);
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(x(broken), top);
    context.lineTo(x(broken), bottom);
    context.stroke();
    context.setLineDash([]);
  }
  context.restore();
  if (broken !== null) {
    const near = x(broken) > (left + right) / 2;
    const at = x(broken) + (near ? -6 : 6);
    const text = `NaN from ${count(broken)} on`;
    write(context, text, at, top + 10, { align: near ? "right" : "left", fill: css(colours.ink) });
  }
}

/** A curve; where many iterations share a place, from their lowest to their highest cost. */
function line(context, { costs, stroke, width }, x, y) {
  context.strokeStyle = stroke;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.beginPath();
  let begun = false;
  costs.each((iteration, least, most) => {
    const at = x(iteration);
    if (begun) context.lineTo(at, y(most));
    else context.moveTo(at, y(most));
    if (least < most) context.lineTo(at, y(least));
    begun = true;
  });
  context.stroke();
}
