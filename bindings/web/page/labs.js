// The labs of the worker: the one that every visitor fetches, and one that can do all that there is, which is fetched by whoever
// asks for it, while the first one goes on.

/** Whether only a whole lab can answer: to a table, to a checkpoint, and to why a training fails. */
const needsAll = ({ do: what, table }) => Boolean(table) || what === "load" || what === "why";
/** What opens something in the place of what trains. */
const OPENS = new Set(["open", "load", "many", "one"]);

export class Labs {
  /** The lab that trains. */
  current;
  #whole;
  #fetch;
  #ask;
  #isOnItsWay = false;
  #isMissing = false;
  /** What a whole lab is told first, to stand where the current one began: of each kind the last request. */
  #said = { open: undefined, view: undefined, pace: undefined };

  /**
   * @param {new () => object} Lab
   * @param {() => Promise<new () => object>} fetch brings the constructor of a whole lab
   * @param {(lab: object, request: object) => Promise<object>} ask the answer of a lab
   */
  constructor(Lab, fetch, ask) {
    this.current = new Lab();
    [this.#fetch, this.#ask] = [fetch, ask];
  }

  /**
   * Takes the first request that can be answered out of those that wait; none if there is none. What needs the whole lab waits
   * for it, and behind that what opens something else: what was asked for last is what stays open.
   * @param {object[]} requests in the order in which they came
   * @param {() => void} came is called as soon as those that wait can be answered
   */
  next(requests, came) {
    const isThere = this.#whole || this.#isMissing;
    let isOpening = false;
    const at = requests.findIndex((request) => {
      const opens = OPENS.has(request.do);
      const waits = (!isThere && needsAll(request)) || (isOpening && opens);
      isOpening ||= waits && opens;
      return !waits;
    });
    if (at !== 0 && requests.length > 0) this.#bring(came);
    return at < 0 ? undefined : requests.splice(at, 1)[0];
  }

  async #bring(came) {
    if (this.#isOnItsWay) return;
    this.#isOnItsWay = true;
    try {
      this.#whole = new (await this.#fetch())();
    } catch {
      this.#isMissing = true;
    }
    this.#isOnItsWay = false;
    came();
  }

  /** The answer to a request. What opens a table or a checkpoint leaves the whole lab in the place of the first. */
  async answer(request) {
    if (this.current === this.#whole || !needsAll(request)) {
      const found = await this.#ask(this.current, request);
      // points that were drawn are kept from one experiment to the next
      const { points, bounds } = this.#said.open ?? {};
      if (request.do in this.#said && found.is !== "failed") {
        this.#said[request.do] = request.do === "open" ? { points, bounds, ...request } : request;
      }
      return found;
    }
    if (!this.#whole) {
      this.#isMissing = false;
      return { is: "failed", said: "The part of planar that this needs could not be fetched: is there a connection? Try again." };
    }
    return request.do === "why" ? this.#why(request) : this.#open(request);
  }

  /** Why the training of the current lab fails, from its start: the other one needs no more than settings and samples. */
  async #why(request) {
    const { is, onGpu, ...refused } = await this.#ask(this.current, request);
    if (is === "failed") return { is, ...refused };
    const found = await this.#ask(this.#whole, { ...this.#said.open, ...request, onGpu });
    // what it took is not caught up with
    await this.#ask(this.current, this.#said.pace ?? { do: "pace" });
    return found;
  }

  /** Opens something in a whole lab, which stands where the current one began, and takes its place. */
  async #open(request) {
    for (const before of Object.values(this.#said)) {
      const found = before && (await this.#ask(this.#whole, before));
      if (found?.is === "failed") return found;
    }
    const found = await this.#ask(this.#whole, request);
    if (found.is === "failed") return found;
    this.current.free();
    this.current = this.#whole;
    return found;
  }
}
