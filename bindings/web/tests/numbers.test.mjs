// The numbers of the worker: those of the notebook, of NumPy, and of the command.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CLAIMS } from "../page/presets.js";
import { browsing, golden } from "./lab.mjs";

/** The notebook's costs at 0 and 1,000, as it prints them. */
const PRINTED = { 0: "0.693048", 1000: "0.288083" };

const { browsers, lab, open } = browsing();

for (const plan of ["resident", "split", "layered", "auto"]) {
  test(`a GPU trains the notebook's network with the plan ${plan}`, async (t) => {
    const page = await lab(t, browsers.gpu);
    const opened = await open(page, { device: "gpu", plan, iterations: 1001 });
    assert.equal(opened.fallback, null);
    assert.match(opened.device.kind, /gpu/);
    assert.match(opened.device.name, /swiftshader/i);
    if (plan !== "auto") assert.equal(opened.plan, plan);
    const { costs, last } = await page.run();
    for (const [at, printed] of Object.entries(PRINTED)) assert.equal(costs.get(Number(at)).toFixed(6), printed);
    assert.equal(last.status, "finished");
    assert.equal(last.iteration, 1001);
    assert.ok(Math.abs(last.cost - costs.get(1001)) < 1e-6);
  });
}

test("the CPU trains in the place of a GPU that is not there, and says so", async (t) => {
  const lacks = [
    // navigator.gpu without an adapter behind it
    await lab(t, browsers.none),
    // no navigator.gpu, as in other browsers, and wherever an address is not of https
    await lab(t, browsers.gpu, { before: 'Object.defineProperty(navigator, "gpu", { value: undefined });' }),
  ];
  for (const [page, device] of lacks.flatMap((page) => ["auto", "gpu"].map((device) => [page, device]))) {
    const opened = await open(page, { device, iterations: 1001 });
    assert.match(opened.fallback, /^This browser offers no GPU .* so the CPU trains\.$/);
    assert.deepEqual([opened.device.kind, opened.device.name, opened.adapters], ["cpu", "CPU engine, f32, SIMD128", []]);
    const { costs, last } = await page.run();
    for (const [at, printed] of Object.entries(PRINTED)) assert.equal(costs.get(Number(at)).toFixed(6), printed);
    assert.equal(last.accuracy, 0.8925);
  }
});

test("one linear unit is the notebook's logistic regression: 47 %", async (t) => {
  const page = await lab(t, browsers.none);
  const { settings } = CLAIMS.find(({ claim }) => claim.startsWith("Logistic")).runs[0];
  await open(page, settings);
  assert.equal((await page.run()).last.accuracy, 0.47);
});

test("a GPU of software trains only where it is asked for", async (t) => {
  const page = await lab(t, browsers.gpu);
  const opened = await open(page, {});
  assert.match(opened.fallback, /software/);
  assert.equal(opened.device.kind, "cpu");
  assert.equal((await open(page, { device: "cpu" })).fallback, null);
});

test("one step of every plan is NumPy's in double precision", async (t) => {
  const steps = (await golden("one_step")).filter(({ hidden, init_scale: scale, init_seed: seed }) =>
    [4, 20].includes(hidden) && scale === 1 && seed === 2);
  assert.ok(steps.length > 3);
  const plans = [["gpu", "resident"], ["gpu", "split"], ["gpu", "layered"], ["gpu", "auto"], ["cpu", "auto"]];
  for (const [device, plan] of plans) {
    const page = await lab(t, browsers[device === "gpu" ? "gpu" : "none"]);
    for (const { activation, hidden, gradients, sum_abs_terms: scales, cost, accuracy } of steps) {
      // at a rate of 1, one update takes the whole gradient off
      const settings = { activation, hidden: String(hidden), start: "1", rate: 1, device, plan };
      const { frame: start, plan: used } = await open(page, settings);
      if (plan !== "auto") assert.equal(used, plan);
      assert.ok(Math.abs(start.cost - cost) <= 1e-5 * cost, `${activation} ${hidden}: cost`);
      assert.ok(Math.abs(start.accuracy - accuracy) < 1e-9, `${activation} ${hidden}: accuracy`);
      const { last } = await page.run({ do: "step", iterations: 1 });
      assert.deepEqual([last.status, last.iteration], ["paused", 1]);
      const flat = (of) => ["w1", "b1", "w2", "b2"].flatMap((name) => of[name]);
      const [want, scale] = [flat(gradients), flat(scales)];
      for (const [k, weight] of last.weights.entries()) {
        const found = start.weights[k] - weight;
        // the bound of a gradient, and what the difference of two weights in single precision is off by
        const bound = 1e-5 * scale[k] + 1e-9 + 2.4e-7 * (Math.abs(weight) + Math.abs(want[k]));
        assert.ok(Math.abs(found - want[k]) <= bound, `${device} ${plan} ${activation} ${hidden}: element ${k}`);
      }
    }
  }
});

test("pauses, steps, a slow pace and a resumed run change no bit", async (t) => {
  for (const [browser, device] of [["gpu", "gpu"], ["none", "cpu"]]) {
    const page = await lab(t, browsers[browser]);
    const settings = { device, hidden: "5", iterations: 700 };
    await open(page, settings);
    const whole = await page.run();
    await open(page, settings);
    for (const iterations of [1, 2, 40]) await page.run({ do: "step", iterations });
    await page.ask({ do: "pace", perSecond: 200 });
    await page.ask({ do: "play" });
    await page.until((frame) => frame.iteration > 43);
    await page.ask({ do: "pause" });
    const paused = await page.until((frame) => frame.status !== "training");
    assert.ok(paused.last.iteration >= 43 && paused.last.iteration < 700);
    await page.ask({ do: "pace", perSecond: 2000 });
    const rest = await page.run();
    assert.deepEqual([rest.last.iteration, rest.last.weights], [700, whole.last.weights], device);
    assert.equal(rest.last.cost, whole.last.cost);
    // and from the start once more
    await page.ask({ do: "pace", perSecond: null });
    await page.ask({ do: "reset" });
    assert.equal((await page.until((frame) => frame.iteration === 0)).last.status, "paused");
    const again = await page.run();
    assert.deepEqual(again.last.weights, whole.last.weights, device);
    assert.deepEqual([...again.costs], [...whole.costs]);
  }
});

test("other samples, depths, outputs and optimisers train, on both devices alike", async (t) => {
  const page = await lab(t, browsers.gpu);
  const some = [
    { data: "noisy-moons", hidden: "6x5", activation: "relu", optimizer: "adam", rate: 0.01, start: "he", batch: 32 },
    { data: "blobs", hidden: "4", l2: 0.5, heldOut: 0.25 },
    { data: "spirals", hidden: "8", activation: "leaky-relu:0.05", optimizer: "momentum:0.9", rate: 0.1, start: "xavier" },
    { data: "xor", hidden: "3", output: "softmax" },
    { data: "gaussian-quantiles", hidden: "4", output: "squares", rate: 0.1 },
  ];
  for (const one of some) {
    const reached = [];
    for (const device of ["cpu", "gpu"]) {
      const opened = await open(page, { ...one, device, iterations: 6 });
      assert.equal(opened.device.kind === "cpu", device === "cpu");
      const { last } = await page.run();
      assert.equal(last.iteration, 6);
      assert.equal(last.heldOutCost === null, !one.heldOut);
      reached.push(last.cost);
    }
    assert.ok(Math.abs(reached[0] - reached[1]) < 1e-4 * Math.abs(reached[0]), `${JSON.stringify(one)}: ${reached}`);
  }
});

test("the picture: a boundary over the plane, and each unit's map", async (t) => {
  const page = await lab(t, browsers.none);
  const opened = await open(page, { hidden: "3x2", start: "1" });
  assert.equal(opened.points.length, 3 * 400);
  assert.equal((await page.ask({ do: "view", grid: 5, units: 4, layer: 1 })).is, "done");
  const { last } = await page.until((frame) => frame.layer === 1);
  assert.deepEqual([last.grid.length, last.units.length, last.widths], [25, 2 * 16, [2, 3, 2, 1]]);
  const [x1Low, , , x2High] = opened.bounds;
  const w = last.weights;
  const layer = (below, units, from) => Array.from({ length: units }, (_, unit) =>
    below.reduce((sum, a, k) => sum + w[from + unit * below.length + k] * a, w[from + units * below.length + unit]));
  const tanh = (z) => z.map(Math.tanh);
  const first = tanh(layer([x1Low, x2High], 3, 0));
  const second = tanh(layer(first, 2, 9));
  const [logit] = layer(second, 1, 9 + 8);
  assert.ok(Math.abs(last.grid[0] - logit) < 1e-5, "the first cell is the upper left corner");
  for (const unit of [0, 1]) assert.ok(Math.abs(last.units[16 * unit] - second[unit]) < 1e-5);
});
