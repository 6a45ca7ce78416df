import { Costs } from "./costs.js";
import { Engine, Refused } from "./engine.js";
import { detail } from "./units.js";

/** Points a side of the boundary's grid. */
const GRID = 97;
/** A visitor who wants little motion sees a new picture this often, in milliseconds. */
const CALM = 1000;

/** The one training behind the page: what is open, its costs, and its latest frame. */
export class Session {
  opened = null;
  frame = null;
  costs = new Costs();
  heldOut = new Costs();
  /** Of each of many networks. */
  manyCosts = [];
  /** Whether the visitor wants it to train. */
  playing = true;
  lastLayer = false;
  #script;
  #engine = null;
  #told;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #awaited = false;
  /** How many were asked for: what is answered later than the next is of a former one. */
  opens = 0;
  /** What the worker has open and the page does not show yet. */
  #accepted = null;

  /**
   * @param {string} script of the worker
   * @param {{opened: Function, moved: Function, drawn: Function, status: Function, said: (said: string) => void,
   *   failed: (said: string) => void}} told `moved` if another device goes on, `failed` if the worker stopped for good
   */
  constructor(script, told) {
    this.#told = told;
    this.#script = script;
  }

  /** The worker; where one has failed, another. */
  get #worker() {
    const failed = (said) => {
      this.#engine = null;
      this.#told.failed(said);
    };
    this.#engine ??= new Engine(this.#script, { frame: (frame) => this.#take(frame), failed });
    return this.#engine;
  }

  /**
   * Opens a network in the place of the present one; where that is refused, the present one stays.
   * @param {string} what `open`, `load`, `many` or `one`
   * @param {object} more its fields
   * @param {(opened: object) => void} [took] what else becomes true with it
   * @returns {Promise<boolean>} whether it was not refused
   */
  async open(what, more, took) {
    const own = ++this.opens;
    const opened = await this.ask(what, more);
    if (opened) this.#accepted = { opened, took, many: what === "many" };
    // a later change is on its way: only the last is shown, or what was accepted before it if it is refused
    if (own === this.opens && this.#accepted) this.#adopt(this.#accepted);
    return opened !== null;
  }

  #adopt({ opened, took, many }) {
    this.#accepted = null;
    this.opened = opened;
    this.many = many;
    this.#begin();
    took?.(opened);
    this.#told.opened(opened);
    this.view();
    this.ask("pace", { perSecond: this.pace });
    if (this.playing) this.ask("play");
  }

  /** Nothing to train: the plane is empty. */
  close() {
    this.opens++;
    this.#accepted = null;
    if (this.opened) this.ask("pause");
    this.opened = null;
    this.many = false;
    this.#begin();
  }

  #begin() {
    this.frame = null;
    this.status = null;
    this.costs.clear();
    this.heldOut.clear();
    this.manyCosts = [];
  }

  /** Asks for the pictures that the page shows. */
  view() {
    const hidden = this.opened.settings.hidden.split("x").map(Number);
    const layer = this.lastLayer ? hidden.length - 1 : 0;
    this.ask("view", { grid: GRID, units: this.many ? 0 : detail(hidden[layer] ?? 0), layer });
  }

  /** Trains or rests; after the end of a run, again from its start. */
  async toggle() {
    if (!this.opened) return;
    this.playing = !(this.playing && this.isUnderWay);
    if (this.playing && !this.isUnderWay) await this.reset();
    this.ask(this.playing ? "play" : "pause");
  }

  /** Whether there is more to train. */
  get isUnderWay() {
    return this.status !== "finished" && this.status !== "diverged";
  }

  async step() {
    if (!this.opened) return;
    this.playing = false;
    await this.ask("pause");
    this.ask("step", { iterations: 1 });
  }

  async reset() {
    if (!this.opened || !(await this.ask("reset"))) return;
    this.#begin();
    if (this.playing) this.ask("play");
  }

  setPace(perSecond) {
    this.pace = perSecond;
    if (this.opened) this.ask("pace", { perSecond });
  }

  /** Asks, and says what was refused; null then. */
  async ask(what, more) {
    try {
      return await this.#worker.ask(what, more);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#told.said(error.message);
      return null;
    }
  }

  #take(frame) {
    if (this.opened) {
      [frame, ...(frame.many ?? [])].filter(({ status }) => status === "diverged").forEach(markBroken);
      this.costs.add(frame.costs);
      this.heldOut.add(frame.heldOutCosts);
      frame.many?.forEach(({ iteration, cost }, k) => (this.manyCosts[k] ??= new Costs()).add([iteration, cost]));
      this.frame = frame;
      if (frame.notice) this.#told.said(frame.notice);
      if (frame.device) {
        const { device, plan, fallback } = frame;
        this.opened = { ...this.opened, device, plan, fallback, why: null };
        this.#told.moved(this.opened);
      }
    }
    if (this.#awaited) return;
    this.#awaited = true;
    requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#awaited = false;
    // before it is drawn, so that the next is made meanwhile
    const next = () => this.#engine?.drawn();
    if (this.#calm.matches && this.isUnderWay && this.playing) setTimeout(next, CALM);
    else next();
    if (!this.frame) return;
    this.#told.drawn(this.frame);
    if (this.frame.status === this.status) return;
    this.status = this.frame.status;
    this.#told.status(this.frame);
  }
}

/** What has diverged has no cost: the worker's figures are those of the last weights that were numbers. */
function markBroken(network) {
  Object.assign(network, { cost: Number.NaN, accuracy: null, heldOutCost: null, heldOutAccuracy: null });
}
