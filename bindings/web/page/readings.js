import { paintCurve, seriesOf } from "./curve.js";
import { cleared } from "./canvas.js";
import { cost, count, fit, percent, speed } from "./format.js";
import { curvesOf, showLegend } from "./legend.js";
import { bestOf } from "./many.js";
import { drawNetwork, isDrawn, networkInWords, shapeOf } from "./network.js";
import { MOST_UNITS, Units } from "./units.js";

/** Milliseconds between numbers that only flicker if they are renewed with each picture. */
const CALM = 250;

/** How the training goes: numbers, cost curve, weights, and what each hidden unit says. */
export class Readings {
  /** @param {(id: string) => HTMLElement} $ finds the parts of the page */
  constructor($) {
    this.$ = $;
    this.units = new Units($("units"), $("unit"), $("unit-said"), $("unit-bars"));
    this.log = $("log");
    this.told = 0;
    this.turn = 0;
  }

  begin(opened) {
    this.opened = opened;
    this.units.begin({ names: opened.names, activation: opened.settings.activation });
    this.number = opened.output === "squares";
    this.$("accuracy").previousElementSibling.textContent = this.number ? "R²" : "Accuracy";
    const isHeldOut = opened.train < opened.samples && !opened.values;
    showLegend(this.$("curve-key"), curvesOf(isHeldOut));
  }

  /**
   * @param {import('./session.js').Session} session
   * @param {object} colours a palette
   */
  draw(session, colours) {
    const { frame } = session;
    this.#numbers(frame);
    this.#shape(frame, Boolean(session.many));
    const pictures = [() => this.#curve(session, colours)];
    if (!session.many && isDrawn(frame.widths)) {
      pictures.push(() => drawNetwork(this.$("network"), frame, this.opened.names, colours));
    }
    if (!session.many && frame.units?.length) pictures.push(() => this.units.draw(frame, colours));
    // while it trains one after another, so that the boundary has the time to move smoothly
    this.turn = (this.turn + 1) % pictures.length;
    const goesOn = frame.status === "training" || (frame.status === "paused" && session.playing);
    if (goesOn) pictures[this.turn]();
    else for (const draw of pictures) draw();
  }

  #curve(session, colours) {
    const { context, width, height } = cleared(this.$("curve"));
    const series = seriesOf(session, colours);
    if (series.length) paintCurve(context, { x: 0, y: 0, width, height }, series, this.log.checked, colours);
  }

  #numbers(frame) {
    const put = (id, text) => {
      if (this.$(id).textContent !== text) this.$(id).textContent = text;
    };
    put("iteration", count(frame.iteration));
    const best = bestIn(frame);
    put("cost", cost(best.cost));
    put("accuracy", fit(best.accuracy, this.number));
    put("held-out", fit(frame.heldOutAccuracy, this.number));
    if (performance.now() - this.told < CALM && frame.status === "training") return;
    this.told = performance.now();
    put("per-second", frame.status === "training" ? speed(frame.perSecond) : "–");
  }

  /** Shows what there is room for, once a network and layer. */
  #shape({ widths, layer }, many) {
    const shape = `${shapeOf(widths)}${many ? " × 16" : ""}`;
    this.$("cost").previousElementSibling.textContent = many ? "Cost of the best" : "Cost";
    const key = `${shape} ${layer}`;
    if (this.shaped === key) return;
    this.shaped = key;
    this.$("shape").textContent = shape;
    const thicket = !isDrawn(widths);
    this.$("network").hidden = thicket;
    this.$("thicket").hidden = !thicket;
    this.$("thicket").textContent = "Too many lines to be drawn: up to 12 units a layer are.";
    this.$("network-figure").hidden = many;
    const units = widths[layer + 1];
    this.$("units-figure").hidden = many || widths.length < 3;
    this.$("units-shown").textContent = units > MOST_UNITS ? `the first ${MOST_UNITS} of ${units}` : "";
    this.$("layer-choice").hidden = widths.length < 4;
  }

  /** Nothing is trained. */
  clear() {
    for (const id of ["cost", "accuracy", "held-out", "per-second"]) this.$(id).textContent = "–";
    this.$("iteration").textContent = "0";
    this.$("shape").textContent = this.shaped = "";
    for (const id of ["network-figure", "units-figure"]) this.$(id).hidden = true;
    cleared(this.$("curve"));
  }

  /** The pictures in words, for those who do not see them. */
  describe({ costs, frame }) {
    const fell = `from ${cost(costs.first)} to ${cost(frame.cost)} over ${count(frame.iteration)} iterations`;
    this.$("curve").setAttribute("aria-label", `The cost over the iterations: ${fell}`);
    const right = this.number || frame.accuracy === null ? "" : `: ${percent(frame.accuracy)} of the points are on their side of the line`;
    this.$("field").setAttribute("aria-label", `The plane, shaded by what the network says${right}`);
    if (frame.weights?.length) this.$("network").setAttribute("aria-label", networkInWords(frame));
  }

  /** A run's end in a sentence. */
  finished(frame) {
    const best = bestIn(frame);
    const well = this.number ? "" : ` and accuracy ${percent(best.accuracy)}`;
    return `Done: ${frame.many ? "at best " : ""}cost ${cost(best.cost)}${well} after ${count(frame.iteration)} iterations.`;
  }

  /** What computes, in words. */
  device({ device, fallback, plan, why }) {
    if (device.kind === "cpu") return `${fallback ?? "On the CPU."} ${device.name}.`.trim();
    return `On the GPU: ${[device.name, device.backend].filter(Boolean).join(", ")}; plan ${plan}. ${why ?? ""}`.trim();
  }
}

/** Of many networks the best, else the one there is. */
const bestIn = (frame) => (frame.many?.length ? frame.many[bestOf(frame.many)] : frame);
