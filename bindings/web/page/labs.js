// The labs of the worker: the one that every visitor fetches, and one that can do all that there is, which is fetched by whoever
// asks for it.

/** Whether only a whole lab can answer: to a table, to a checkpoint, and to why a training fails. */
const needsAll = ({ do: what, table }) => Boolean(table) || what === "load" || what === "why";

export class Labs {
  /** The lab that trains. */
  current;
  #whole;
  #fetch;
  #ask;
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
    const found = await this.#answerWhole(request);
    if (request.do !== "why" && found.is !== "failed") {
      this.current.free();
      this.current = this.#whole;
    } else {
      // what it took is not caught up with
      await this.#ask(this.current, this.#said.pace ?? { do: "pace" });
    }
    return found;
  }

  /** The answer of a whole lab, put to the samples and the network of the current one, at the start of its training. */
  async #answerWhole(request) {
    try {
      this.#whole ??= new (await this.#fetch())();
    } catch {
      return { is: "failed", said: "The part of planar that this needs could not be fetched: is there a connection? Try again." };
    }
    for (const before of Object.values(this.#said)) {
      const found = before && (await this.#ask(this.#whole, before));
      if (found?.is === "failed") return found;
    }
    return this.#ask(this.#whole, request);
  }
}
