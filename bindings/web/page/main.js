import { wireButtons } from "./buttons.js";
import { palette } from "./colour.js";
import { Controls } from "./controls.js";
import { BOUNDS, Draw } from "./draw.js";
import { takeFiles } from "./files.js";
import { short } from "./format.js";
import { legendOf, showLegend } from "./legend.js";
import { Many } from "./many.js";
import { showClaims } from "./presets.js";
import { Readings } from "./readings.js";
import { Session } from "./session.js";
import { chosenOf, DEFAULTS, fromLink, toLink } from "./settings.js";
import { Stage } from "./stage.js";
import { missing } from "./support.js";
import { Verdict } from "./verdict.js";

/** How many networks stand side by side, and the points a side of each one's grid. */
const MANY = { count: 16, grid: 48 };

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
  /** Whether the worker has failed before. */
  #failed = false;
  #dark = matchMedia("(prefers-color-scheme: dark)");

  constructor(script) {
    this.stage = new Stage($("field"), $("points"));
    this.readings = new Readings($);
    // what was pressed is gone afterwards, and with it where one was
    this.verdict = new Verdict($("verdict"), {
      tried: (settings) => this.#try(settings),
      closed: () => $("play").focus(),
    });
    this.many = new Many($("many"), (vary, value) => {
      $("play").focus();
      this.open({ ...this.chosen, [vary]: value });
    });
    this.controls = new Controls($("controls"), {
      changed: (next) => this.open(next),
      refused: (said) => this.#refuse(said),
    });
    this.draw = new Draw($("points"), {
      place: (x, y) => this.stage.at(x, y),
      drawn: () => this.#showPoints(),
      moved: (x1, x2) => this.say(`The cross is at ${short(x1)} and ${short(x2)}.`),
      changed: () => this.open(this.chosen),
      refused: (said) => this.say(said),
    });
    this.draw.showBrushes($("brushes"));
    const lack = missing();
    if (lack) return this.#stop(lack);

    this.session = new Session(script, {
      opened: (answer) => this.#opened(answer),
      moved: (answer) => this.#showDevice(answer),
      drawn: () => this.paint(),
      status: (frame) => this.#status(frame),
      said: (said) => this.say(said),
      failed: (said) => this.#beginAnew(said),
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
    $("log").checked = Boolean(link.shown.log);
    $("last-layer").checked = this.session.lastLayer = Boolean(link.shown.layer);
    const isOpen = await this.open(link.chosen, null);
    if (isOpen && link.shown.many && this.session.opened) await this.openMany(link.shown.many);
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

  /** Trains networks side by side that differ in one thing. */
  async openMany(vary) {
    this.verdict.hide();
    await this.session.open("many", { vary, ...MANY }, () => this.many.begin(vary));
    this.keepLink();
  }

  /** Begins anew after the worker has failed; where it fails again, there is nothing more to be done. */
  async #beginAnew(said) {
    this.say(said);
    if (this.#failed) return;
    this.#failed = true;
    if (await this.open(this.chosen)) this.say(`${said} It has begun anew.`);
  }

  /** A plane without points, to draw on: the training begins as soon as there are enough. */
  #openEmpty(next) {
    this.session.close();
    this.session.playing = true;
    this.table = null;
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
    this.#showDevice(answer);
    // why there is no GPU is news only once
    const fallback = answer.fallback === this.#fallback ? null : answer.fallback;
    this.#fallback = answer.fallback;
    this.say([fallback, ...answer.notices].filter(Boolean).join(" "));
  }

  #showDevice(answer) {
    $("device").textContent = this.readings.device(answer);
    $("compare").textContent = answer.adapters.length ? "Compare GPU and CPU" : "Check the CPU";
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
    for (const id of ["brushes", "undo", "how-to-draw"]) $(id).hidden = Boolean(this.table);
    const hasPlane = !opened || opened.points.length > 0;
    $("empty").hidden = hasPlane;
    $("empty").textContent = hasPlane ? "" : `${opened.features} features make no plane to draw: watch the costs.`;
    for (const id of ["points", "legend"]) $(id).hidden = !hasPlane;
    $("one").hidden = Boolean(many);
    $("many").hidden = !many;
    $("single").hidden = !many;
    for (const id of ["why", "compare"]) $(id).hidden = Boolean(many);
    // files are of the one network that is shown
    for (const id of ["save-picture", "save-costs", "save-network"]) $(id).disabled = !opened || Boolean(many);
    for (const id of ["play", "step", "reset", "why", "compare", "many-seeds", "many-rates"]) $(id).disabled = !opened;
    showLegend($("legend"), legendOf(this.stage.data, this.stage.meaning));
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
    $("play").focus();
    // the library has filled in how many points there are
    if (await this.open({ ...settings, samples: this.chosen.samples }))
      this.say("The same run, with the fix.");
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
    this.verdict.hide();
    await this.session.open("load", { name, bytes }, (answer) => {
      this.chosen = chosenOf(answer.settings);
    });
    this.keepLink();
  }

  /** The link is the state. */
  keepLink() {
    const { pace, many } = this.session;
    const shown = {
      log: $("log").checked ? "1" : undefined,
      layer: $("last-layer").checked ? "last" : undefined,
      many: many ? this.many.vary : undefined,
    };
    const state = { chosen: this.chosen, pace, points: this.table ? [] : this.draw.flat, shown };
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
