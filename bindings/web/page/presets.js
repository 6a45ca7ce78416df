const circles = { data: "noisy-circles" };
const moons = { data: "noisy-moons" };
const quantiles = { data: "gaussian-quantiles" };
const wide = { hidden: "40", rate: 0.6, iterations: 12000 };
const long = { iterations: 50000 };
const relu = { activation: "relu" };

/**
 * The claims of the forum thread (docs/claims.md), what planar measured, and the settings of their runs.
 * `full` runs are long: they go as fast as they can.
 * @type {{claim: string, found: string, holds: "holds" | "for some seeds" | "not", runs: {name: string, settings: object, full?: boolean}[]}[]}
 */
export const CLAIMS = [
  {
    claim: "The notebook: 4 tanh units reach 90 %.",
    found: "90.5 to 91.25 %.",
    holds: "holds",
    runs: [{ name: "Run", settings: {} }],
  },
  {
    claim: "The notebook’s ten costs of 4 tanh units.",
    found: "eight of ten are equal to six digits; past iteration 6,000 or so rounding alone parts them.",
    holds: "not",
    runs: [{ name: "Run", settings: {} }],
  },
  {
    claim: "The notebook’s widths, 1, 2, 3, 4, 5, 20 and 50 units: 67.5, 67.25, 90.75, 90.5, 91.25, 90 and 90.25 %.",
    found: "each within half a point.",
    holds: "holds",
    runs: ["1", "2", "3", "4", "5", "20", "50"].map((hidden) => ({ name: hidden, settings: { hidden, iterations: 5000 } })),
  },
  {
    claim: "Logistic regression, a straight line: 47 %.",
    found: "47 %. Here one linear unit finds that line.",
    holds: "holds",
    runs: [{ name: "Run", settings: { hidden: "1", activation: "identity", iterations: 5000 } }],
  },
  {
    claim: "Leaky ReLU with tanh’s derivative left in: all is NaN after about 50 iterations.",
    found: "all of A1 is NaN at iteration 51. Run it, then ask why.",
    holds: "holds",
    runs: [{ name: "Run", settings: { activation: "leaky-relu:0.01", backward: "tanh" } }],
  },
  {
    claim: "ReLU with tanh’s derivative left in: all is NaN after about 50 iterations.",
    found: "the cost is NaN at iteration 60, but a ReLU turns NaN into 0, so A1 never shows it.",
    holds: "not",
    runs: [{ name: "Run", settings: { ...relu, backward: "tanh" } }],
  },
  {
    claim: "With its own derivative, leaky ReLU reaches 71 % at most with 4 units.",
    found: "57.25 to 77 %.",
    holds: "for some seeds",
    runs: [{ name: "Run", settings: { activation: "leaky-relu:0.01" } }],
  },
  {
    claim: "277 leaky ReLUs, 50,000 iterations: 85 %, in a couple of hours.",
    found: "86.75 to 88.75 %, in seconds.",
    holds: "holds",
    runs: [
      { name: "Run", settings: { ...long, activation: "leaky-relu:0.01", hidden: "277", rate: 0.073 }, full: true },
    ],
  },
  {
    claim: "40 ReLUs, 12,000 iterations: 81 %, then 85 %.",
    found: "79.75 and 85.75 %: the notebook’s two editions have different seeds.",
    holds: "for some seeds",
    runs: [
      { name: "Seed 2", settings: { ...wide, ...relu } },
      { name: "Seed 3", settings: { ...wide, ...relu, seed: 3 } },
    ],
  },
  {
    claim: "Leaky slopes of 0.2, 0.1 and 0.05 are much the same.",
    found: "82.75, 76.25 and 73.75 %.",
    holds: "for some seeds",
    runs: ["0.2", "0.1", "0.05"].map((slope) => ({
      name: slope,
      settings: { ...wide, activation: `leaky-relu:${slope}` },
    })),
  },
  {
    claim: "tanh or sigmoid, otherwise the notebook: 89 %.",
    found: "90.75 and 89.75 %.",
    holds: "for some seeds",
    runs: [
      { name: "tanh", settings: {} },
      { name: "Sigmoid", settings: { activation: "sigmoid" } },
    ],
  },
  {
    claim: "20 and 40 tanh units, more iterations: over 91 %.",
    found: "93.5 to 97.25 %.",
    holds: "holds",
    runs: ["20", "40"].map((hidden) => ({ name: `${hidden} units`, settings: { ...long, hidden }, full: true })),
  },
  {
    claim: "Noisy circles: tanh 80 %, ReLU a little lower.",
    found: "82 % and 82 %.",
    holds: "for some seeds",
    runs: [
      { name: "tanh", settings: circles },
      { name: "ReLU", settings: { ...circles, ...relu } },
    ],
  },
  {
    claim: "Noisy moons: tanh 97 %, ReLU similar.",
    found: "97.5 % and 89 %.",
    holds: "for some seeds",
    runs: [
      { name: "tanh", settings: moons },
      { name: "ReLU", settings: { ...moons, ...relu } },
    ],
  },
  {
    claim: "Blobs: 83 %, ReLU similar.",
    found: "83 % and 83 %.",
    holds: "for some seeds",
    runs: [
      { name: "tanh", settings: { data: "blobs" } },
      { name: "ReLU", settings: { data: "blobs", ...relu } },
    ],
  },
  {
    claim: "Gaussian quantiles: tanh 99 %, ReLU 100 %.",
    found: "100 % and 97 %.",
    holds: "for some seeds",
    runs: [
      { name: "tanh", settings: quantiles },
      { name: "ReLU", settings: { ...quantiles, ...relu } },
    ],
  },
];

/** The class and the words of each verdict. */
const VERDICTS = {
  holds: ["holds", "Holds: "],
  "for some seeds": ["partly", "Holds for some seeds: "],
  not: ["fails", "Does not hold: "],
};

/**
 * Lists the claims as cards whose buttons run them.
 * @param {HTMLElement} list
 * @param {(run: {settings: object, full?: boolean}, claim: string) => void} start
 */
export function showClaims(list, start) {
  for (const { claim, found, holds, runs } of CLAIMS) {
    const card = document.createElement("article");
    card.className = "card";
    const words = document.createElement("h3");
    words.textContent = kept(claim);
    const measured = document.createElement("p");
    const verdict = document.createElement("strong");
    [verdict.className, verdict.textContent] = VERDICTS[holds];
    measured.append(verdict, kept(found));
    const buttons = document.createElement("div");
    buttons.className = "row";
    for (const run of runs) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = run.name;
      button.setAttribute("aria-label", `${run.name}: ${claim}`);
      button.addEventListener("click", () => start(run, claim));
      buttons.append(button);
    }
    card.append(words, measured, buttons);
    list.append(card);
  }
}

/** Keeps the sign of percent beside its number. */
const kept = (text) => text.replaceAll(" %", "\u00a0%");
