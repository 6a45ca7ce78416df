/** A request that the worker did not carry out: `message` is its sentence for the visitor. */
export class Refused extends Error {}

/** The page's end of the worker: requests with answers, and frames that come unasked. */
export class Engine {
  #worker;
  #waiting = new Map();
  #next = 1;

  /**
   * @param {string} script where the worker's script is
   * @param {{frame: (frame: object) => void, failed: (said: string) => void}} told what comes unasked; after `failed` this
   *   worker is of no more use
   */
  constructor(script, told) {
    this.#worker = new Worker(script, { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#hear(data, told);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(`The training stopped: ${event.message ?? "its script cannot be loaded"}.`, told);
    };
  }

  /**
   * Asks for something; the promise ends with the answer, or with `Refused`.
   * @param {string} what the request's `do`
   * @param {object} more its other fields
   * @param {Transferable[]} given buffers that the worker may keep
   * @returns {Promise<object>}
   */
  ask(what, more = {}, given = []) {
    const id = this.#next++;
    return new Promise((done, refuse) => {
      this.#waiting.set(id, { done, refuse });
      this.#worker.postMessage({ id, do: what, ...more }, given);
    });
  }

  /** Tells that a frame is drawn, so that the worker sends the next. */
  drawn() {
    this.#worker.postMessage({ do: "drawn" });
  }

  #hear(message, told) {
    if (message.is === "frame") return told.frame(message);
    const request = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.is !== "failed") return request?.done(message);
    if (!request || message.fatal) this.#fail(message.said, told);
    request?.refuse(new Refused(message.said));
  }

  #fail(said, told) {
    for (const { refuse } of this.#waiting.values()) refuse(new Refused(said));
    this.#waiting.clear();
    this.#worker.terminate();
    told.failed(said);
  }
}
