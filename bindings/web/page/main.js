import { wireButtons } from "./buttons.js";
import { palette } from "./colour.js";
import { Controls } from "./controls.js";
import { BOUNDS, Draw } from "./draw.js";
import { takeFiles } from "./files.js";
import { short } from "./format.js";
import { Many } from "./many.js";
import { showClaims } from "./presets.js";
import { Readings } from "./readings.js";
import { Session } from "./session.js";
import { chosenOf, DEFAULTS, fromLink, toLink } from "./settings.js";
import { showLegend, Stage } from "./stage.js";
import { missing } from "./support.js";
import { Verdict } from "./verdict.js";

const $ = (id) => document.getElementById(id);

/**
 * Makes the document a page that trains.
 * @param {string} script the script that the worker runs
 */
export function page(script) {
  showClaims($("runs"), (run, claim) => app.run(run, claim));
  const app = new App(script);
}

/** What the visitor chose, and the pictures of what became of it. */
class App {
  chosen = {};
  /** A table of the visitor's: its name and bytes. */
  table = null;
  #fallback = null;
  #dark = matchMedia("(prefers-color-scheme: dark)");

  constructor(script) {
    this.stage = new Stage($("field"), $("points"));
    this.readings = new Readings($);
    this.verdict = new Verdict($("verdict"), (settings) => this.#try(settings));
    this.many = new Many($("many"), (vary, value) => this.open({ ...this.chosen, [vary]: value }));
    this.controls = new Controls($("controls"), {
      changed: (next) => this.open(next),
      refused: (said) => this.#refuse(said),
    });
    this.draw = new Draw($("points"), {
      place: (x, y) => this.stage.at(x, y),
      drawn: () => this.#showPoints(),
      moved: (x1, x2) => this.say(`The cross is at ${short(x1)} and ${short(x2)}.`),
      changed: () => this.open(this.chosen),
    });
    this.draw.showBrushes($("brushes"));
    const lack = missing();
    if (lack) return this.#stop(lack);

    this.session = new Session(script, {
      opened: (answer) => this.#opened(answer),
      drawn: () => this.paint(),
      status: (frame) => this.#status(frame),
      said: (said) => this.say(said),
    });
    wireButtons($, this);
    takeFiles(
      { input: $("file"), button: $("open"), veil: $("drop") },
      { took: (name, bytes) => this.#file(name, bytes), refused: (said) => this.say(said) },
    );
    this.#dark.addEventListener("change", () => this.repaint());
    new ResizeObserver(() => this.repaint()).observe($("points"));
    addEventListener("hashchange", () => this.#follow(location.hash));
    this.#follow(location.hash);
  }

  get colours() {
    return palette(this.#dark.matches);
  }

  say(said) {
    $("said").textContent = said;
  }

  /** Takes the state that a link holds; what it gets wrong is left at the notebook's. */
  async #follow(hash) {
    const link = fromLink(hash.slice(1));
    this.session.pace = link.pace;
    $("pace").value = link.pace ?? "full";
    this.draw.points = Array.from(link.points);
    const isOpen = await this.open(link.chosen);
    const said = $("said").textContent;
    if (!isOpen && !this.session.opened) await this.open({});
    if (!isOpen) this.say(said);
    if (link.said) this.say(link.said);
  }

  /**
   * Trains with other settings; where they are refused, all stays as it is.
   * @param {object} next
   * @param {{name: string, bytes: ArrayBuffer} | null} table
   * @returns {Promise<boolean>}
   */
  async open(next, table = this.table) {
    next = chosenOf(next);
    this.verdict.hide();
    if (next.data === "own" && !table && !this.draw.isEnough) return this.#openEmpty(next);
    const own = table ? { table } : { points: this.draw.flat, bounds: BOUNDS };
    const isOpen = await this.session.open("open", { settings: next, ...(next.data === "own" ? own : {}) }, () => {
      this.chosen = next;
      this.table = table;
    });
    if (!isOpen) this.#showSettings();
    this.keepLink();
    return isOpen;
  }

  /** A plane without points, to draw on. */
  #openEmpty(next) {
    this.session.close();
    this.chosen = next;
    this.stage.beginEmpty(BOUNDS);
    this.readings.clear();
    this.#show();
    this.say(
      this.draw.points.length
        ? "Now points of another colour."
        : "Draw points of two colours; the training begins by itself.",
    );
    this.keepLink();
    return true;
  }

  #opened(answer) {
    this.stage.begin(answer);
    this.readings.begin(answer);
    this.#show();
    $("device").textContent = this.readings.device(answer);
    $("compare").textContent = answer.device.kind === "cpu" ? "Check the CPU" : "Compare GPU and CPU";
    // why there is no GPU is news only once
    const fallback = answer.fallback === this.#fallback ? null : answer.fallback;
    this.#fallback = answer.fallback;
    this.say([fallback, ...answer.notices].filter(Boolean).join(" "));
  }

  /** Shows what is open: its settings, its points, or why there are none. */
  #show() {
    this.#showSettings();
    const { opened, many } = this.session;
    const isOwn = this.chosen.data === "own";
    this.draw.active = isOwn && !this.table;
    $("points").tabIndex = this.draw.active ? 0 : -1;
    $("points").setAttribute("role", this.draw.active ? "application" : "img");
    $("points").setAttribute("aria-label", this.draw.active ? "A plane to draw points on" : "The points");
    $("points").classList.toggle("drawing", this.draw.active);
    $("table").hidden = !(isOwn && this.table);
    $("table").textContent = this.table ? `${this.table.name}: clear it to draw points instead.` : "";
    const hasPlane = !opened || opened.points.length > 0;
    $("empty").hidden = hasPlane;
    $("empty").textContent = hasPlane ? "" : `${opened.features} features make no plane to draw: watch the costs.`;
    for (const id of ["points", "legend"]) $(id).hidden = !hasPlane;
    $("one").hidden = Boolean(many);
    $("many").hidden = !many;
    $("single").hidden = !many;
    for (const id of ["why", "compare"]) $(id).hidden = Boolean(many);
    showLegend($("legend"), this.stage.data, this.stage.meaning);
    this.stage.blank(this.colours);
    this.#showPoints();
  }

  #showSettings() {
    this.controls.show(this.chosen, { ...DEFAULTS, ...this.session.opened?.settings });
  }

  #showPoints() {
    if (this.draw.active) this.stage.setPoints(this.draw.flat);
    this.stage.drawPoints(this.colours, (context, place) => this.draw.paintCross(context, place, this.colours));
  }

  /** Draws the latest frame. */
  paint() {
    const { session } = this;
    if (session.many) this.many.draw(session.frame.many ?? [], this.stage, this.colours);
    else if (this.stage.data.points.length) this.stage.draw(session.frame, this.colours);
    this.readings.draw(session, this.colours);
  }

  /** Draws all again, for another size or other colours. */
  repaint() {
    if (!this.stage.data) return;
    this.#showPoints();
    if (this.session.frame) this.paint();
    else this.stage.blank(this.colours);
  }

  #status(frame) {
    $("play").textContent = { training: "Pause", paused: "Train" }[frame.status] ?? "Train again";
    this.readings.describe(this.session);
    $("why").classList.toggle("main", frame.status === "diverged");
    if (frame.status === "finished") this.say(this.readings.finished(frame));
    if (frame.status === "diverged") this.say(`${frame.said ?? "The training diverged."} Ask why.`);
  }

  /** Trains with what a diagnosis found to help. */
  async #try(settings) {
    this.session.playing = true;
    // the library has filled in how many points there are
    if (await this.open({ ...settings, samples: this.chosen.samples }))
      this.say("This is the same run with what helps.");
  }

  /** Runs a claim of the thread. */
  async run({ settings, full }, claim) {
    if (!this.session) return;
    this.session.playing = true;
    this.session.pace = full ? null : fromLink("").pace;
    $("pace").value = this.session.pace ?? "full";
    $("stage").scrollIntoView();
    if (await this.open(settings)) this.say(`The thread says: ${claim}`);
  }

  /** A table, or a checkpoint of the command. */
  async #file(name, bytes) {
    if (!/\.safetensors$/i.test(name)) {
      await this.open({ ...this.chosen, samples: undefined, dataSeed: undefined, data: "own" }, { name, bytes });
      return;
    }
    await this.session.open("load", { name, bytes }, (answer) => {
      this.chosen = chosenOf(answer.settings);
    });
    this.keepLink();
  }

  /** The link is the state. */
  keepLink() {
    const state = { chosen: this.chosen, pace: this.session.pace, points: this.table ? [] : this.draw.flat };
    history.replaceState(null, "", `#${toLink(state)}`);
  }

  #refuse(said) {
    this.say(said);
    this.#showSettings();
  }

  #stop(lack) {
    this.say(lack);
    $("empty").textContent = lack;
    $("empty").hidden = false;
    $("device").textContent = "";
    this.controls.show({}, DEFAULTS);
    for (const part of document.querySelectorAll("button, select, input, textarea")) part.disabled = true;
  }
}
