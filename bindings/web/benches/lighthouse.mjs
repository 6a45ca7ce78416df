// Performance and accessibility of the page, as Lighthouse scores them on a phone and on a desk: a line for each run.
// `node lighthouse.mjs [RUNS]`, 5 if none is given.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { serve } from "../tests/lab.mjs";

const RUNS = Number(process.argv[2] ?? 5);
const COMMAND = path.join(process.env.NODE_MODULES, "node_modules/.bin/lighthouse");
const environment = { ...process.env, CHROME_PATH: process.env.CHROMIUM ?? "/usr/bin/chromium" };
const METRICS = {
  "first paint, s": ["first-contentful-paint", 1000, 1],
  "largest paint, s": ["largest-contentful-paint", 1000, 1],
  "speed index, s": ["speed-index", 1000, 1],
  "blocked, ms": ["total-blocking-time", 1, 0],
  "layout shift": ["cumulative-layout-shift", 1, 3],
};

const site = await serve();
const folder = await mkdtemp(path.join(tmpdir(), "planar-"));
try {
  const heads = ["device", "performance", "accessibility", ...Object.keys(METRICS)];
  console.log(`| ${heads.join(" | ")} |\n|${"---|".repeat(heads.length)}`);
  for (const device of ["mobile", "desktop"]) {
    for (let run = 0; run < RUNS; run++) {
      const report = path.join(folder, `${device}-${run}.json`);
      const words = [`${site.origin}/below/any/`, "--quiet", "--output=json", `--output-path=${report}`,
        "--only-categories=performance,accessibility", "--chrome-flags=--headless=new --no-sandbox",
        ...(device === "desktop" ? ["--preset=desktop"] : [])];
      await promisify(execFile)(COMMAND, words, { env: environment });
      const { categories, audits } = JSON.parse(await readFile(report, "utf8"));
      const scores = ["performance", "accessibility"].map((name) => Math.round(100 * categories[name].score));
      const figures = Object.values(METRICS).map(([name, unit, digits]) => (audits[name].numericValue / unit).toFixed(digits));
      console.log(`| ${[device, ...scores, ...figures].join(" | ")} |`);
    }
  }
} finally {
  site.close();
  await rm(folder, { recursive: true });
}
