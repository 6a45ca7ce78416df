import { css, palette } from "./colour.js";
import { write } from "./canvas.js";
import { paintCurve, seriesOf } from "./curve.js";
import { paintField, paintPoints } from "./field.js";
import { cost, count, fit } from "./format.js";
import { curvesOf, legendOf, paintLegend } from "./legend.js";
import { shapeOf } from "./network.js";
import { paintAxes, planeIn } from "./stage.js";

const [WIDTH, HEIGHT] = [1000, 534];
/** The height at which the marks are explained: there is room for two rows. */
const LEGEND = 502;
/** Pixels of the file for one of the drawing. */
const FINE = 2;

/**
 * Boundary and cost curve as a PNG, on white as the command's, whatever the page's own colours.
 * @param {import('./session.js').Session} session
 * @param {object} meaning
 * @param {boolean} log whether the axis of the costs is logarithmic
 * @returns {Promise<Blob>}
 */
export function snapshot(session, meaning, log) {
  const { opened, frame } = session;
  const colours = palette(false);
  const canvas = Object.assign(document.createElement("canvas"), { width: FINE * WIDTH, height: FINE * HEIGHT });
  const context = canvas.getContext("2d");
  context.scale(FINE, FINE);
  context.fillStyle = css(colours.paper);
  context.fillRect(0, 0, WIDTH, HEIGHT);
  const { data, activation, rate } = opened.settings;
  const isNumber = opened.output === "squares";
  const ends = `cost ${cost(frame.cost)}, ${isNumber ? "R²" : "accuracy"} ${fit(frame.accuracy, isNumber)}`;
  const title = `${data}, ${shapeOf(frame.widths)}, ${activation}, rate ${rate}, ${count(frame.iteration)} iterations: ${ends}`;
  write(context, title, WIDTH / 2, 24, { size: 15, align: "center", fill: css(colours.ink) });
  const box = { x: 16, y: 44, width: 470, height: 440 };
  const plane = planeIn(box);
  if (frame.grid?.length) {
    paintField(context, plane, frame.grid, meaning, colours);
    paintAxes(context, box, opened.bounds, colours);
    paintPoints(context, plane, opened, meaning, colours, 3);
    paintLegend(context, { ...plane, y: LEGEND }, legendOf(opened, meaning), colours);
  }
  paintCurve(context, { x: 510, y: 44, width: 470, height: 440 }, seriesOf(session, colours), log, colours);
  paintLegend(context, { x: 550, y: LEGEND, width: 430 }, curvesOf(opened.train < opened.samples), colours);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}
