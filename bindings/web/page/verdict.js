import { cost, fit } from "./format.js";

const element = (tag, text, className) =>
  Object.assign(document.createElement(tag), { textContent: text, className: className ?? "" });

/** Where answers to questions are shown, and read out. */
export class Verdict {
  #section;
  #told;

  /**
   * @param {HTMLElement} section
   * @param {{tried: (settings: object) => void, closed: () => void}} told `tried` is told the settings that help
   */
  constructor(section, told) {
    this.#section = section;
    this.#told = told;
  }

  hide() {
    this.#section.hidden = true;
    this.#section.replaceChildren();
  }

  /** Says that an answer is on its way. */
  wait(text) {
    this.#show(element("p", text, "waiting"));
  }

  /**
   * Why a run fails: the cause, what was seen, what was tried, and a button for what helps.
   * @param {{verdict: object, said: string[], settings: object | null}} answer
   * @param {boolean} isNumber whether the network answers with a number
   */
  why({ verdict, said, settings }, isNumber) {
    const [first, ...rest] = said;
    const list = document.createElement("ul");
    list.append(...rest.map((line) => element("li", line.trim())));
    const trials = (verdict.trials ?? []).map((trial) => [
      trial.changes.join(", ").replaceAll("-", " "),
      cost(trial.cost),
      fit(trial.accuracy, isNumber),
      trial.helps ? "helps" : "no help",
    ]);
    const remedy = element("button", "Try what helps");
    remedy.type = "button";
    remedy.addEventListener("click", () => this.#told.tried(settings));
    this.#show(
      element("h3", capital(verdict.verdict ?? first)),
      list,
      trials.length ? table("What was tried", ["change", "cost", isNumber ? "R²" : "accuracy", "result"], trials) : "",
      settings ? remedy : "",
    );
  }

  /**
   * Whether what trains computes the same as the reference.
   * @param {{verdict: boolean, said: string, rows: {what: string, gpu: number, cpu: number, difference: number,
   *   bound: number, agrees: boolean}[], device: {kind: string}}} answer
   */
  compared({ verdict, said, rows, device }) {
    const here = device.kind === "cpu" ? "CPU" : "GPU";
    const pair = here === "GPU" ? "GPU and CPU" : "The CPU and the reference";
    const written = (value, small, how) => {
      if (typeof value !== "number") return String(value ?? "–");
      return (Math.abs(value) < small ? value.toExponential(how - 1) : value.toPrecision(how)).replaceAll("-", "−");
    };
    const digits = (value) => written(value, 1e-3, 6);
    const tiny = (value) => written(value, Infinity, 2);
    const cells = rows.map(({ what, gpu, cpu, difference, bound, agrees }) => {
      return [agrees === false ? `${what}: differs` : what, digits(gpu), digits(cpu), tiny(difference), tiny(bound)];
    });
    const heads = ["", here, "CPU, double precision", "difference", "tolerance"];
    this.#show(
      element("h3", verdict ? `${pair} agree.` : `${pair} do not agree.`, verdict ? "good" : "bad"),
      element("p", said),
      rows.length ? table("Side by side", heads, cells) : "",
    );
  }

  #show(...children) {
    const close = element("button", "Close", "close");
    close.type = "button";
    close.addEventListener("click", () => {
      this.hide();
      this.#told.closed();
    });
    this.#section.replaceChildren(...children, close);
    this.#section.hidden = false;
  }
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A table that scrolls by itself where it is wider than the page. */
function table(caption, heads, rows) {
  const box = element("div", "", "scroll");
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", caption);
  // the sentence before it is read out, not each number
  box.ariaLive = "off";
  const made = document.createElement("table");
  made.append(element("caption", caption));
  const head = made.createTHead().insertRow();
  head.append(...heads.map((text) => Object.assign(element(text ? "th" : "td", text), text ? { scope: "col" } : {})));
  const body = made.createTBody();
  for (const [first, ...rest] of rows) {
    const row = body.insertRow();
    row.append(Object.assign(element("th", first), { scope: "row" }), ...rest.map((text) => element("td", text)));
  }
  box.append(made);
  return box;
}
