// What else the worker does: checkpoints, diagnosis, comparison, many networks, lost devices, and what it refuses.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";

import { browsing, COMMAND, HAS_COMMAND } from "./lab.mjs";

const { browsers, lab, open, site } = browsing();

/** The command, in a folder that is removed afterwards. */
async function command(t) {
  const folder = await mkdtemp(path.join(tmpdir(), "planar-"));
  t.after(() => rm(folder, { recursive: true }));
  const run = (...words) => execFileSync(COMMAND, words, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  return { run, at: (name) => path.join(folder, name) };
}

test("the command reads a checkpoint of the page, and the page one of the command", { skip: !HAS_COMMAND }, async (t) => {
  const page = await lab(t, browsers.none);
  const { run, at } = await command(t);
  await open(page, { iterations: 300, optimizer: "adam", rate: 0.02, batch: 100, heldOut: 0.2, activation: "leaky-relu:0.02" });
  const trained = await page.run();
  const saved = await page.ask({ do: "save" });
  assert.equal(saved.name, "flower-4.safetensors");
  await writeFile(at(saved.name), Buffer.from(saved.bytes));
  const state = JSON.parse(run("show", saved.name)).metadata.planar;
  assert.deepEqual([state.iteration, state.activation, state.widths], [300, "leaky-relu:0.02", [2, 4, 1]]);
  const flags = ["--optimizer", "adam", "--learning-rate", "0.02", "--batch-size", "100", "--test-fraction", "0.2",
    "--activation", "leaky-relu:0.02", "--device", "cpu", "--json"];
  const resumed = JSON.parse(run("train", "--resume", saved.name, "--checkpoint", "on.safetensors", "--iterations", "400", ...flags));
  assert.equal(resumed.final.cost < trained.costs.get(0), true);
  assert.ok(Math.abs(resumed.costs[0].cost - trained.costs.get(0)) < 1e-9, "the costs before are kept");

  // and back: the page goes on from where the command stopped
  const bytes = [...(await readFile(at("on.safetensors")))];
  await open(page, { heldOut: 0.2 });
  await page.frames();
  const loaded = await page.ask({ do: "load", name: "on.safetensors", bytes });
  assert.equal(loaded.is, "opened", loaded.said);
  const { settings, iteration } = loaded;
  assert.deepEqual([iteration, settings.optimizer, settings.batch, settings.rate], [400, "adam", 100, 0.02]);
  const { last } = await page.until((frame) => frame.status === "paused");
  assert.ok(Math.abs(last.cost - resumed.final.cost) < 1e-5);
  const on = await page.run({ do: "step", iterations: 100 });
  assert.equal(on.last.iteration, 500);
  const whole = JSON.parse(run("train", "--checkpoint", "whole.safetensors", "--iterations", "500", ...flags));
  assert.ok(Math.abs(on.last.cost - whole.final.cost) < 1e-3, `${on.last.cost} and ${whole.final.cost}`);
});

test("what few ask for is fetched when they do; where that fails nothing is lost", async (t) => {
  const page = await lab(t, browsers.none);
  const fetched = () => site().asked.filter((name) => name.startsWith("whole-")).map((name) => path.extname(name));
  await open(page, { samples: 100, iterations: 50 });
  await page.run();
  const before = fetched().length;
  site().missing = /whole-.*wasm/;
  const failed = await page.ask({ do: "why" });
  site().missing = undefined;
  assert.match(failed.said, /^The part of planar that this needs could not be fetched: is there a connection\? Try again\.$/);
  const saved = await page.ask({ do: "save" });
  assert.equal((await page.ask({ do: "why" })).is, "why");
  assert.deepEqual(fetched().slice(before), [".js", ".wasm", ".wasm"]);
  // what trains is where it was, until something else is opened
  assert.deepEqual((await page.ask({ do: "save" })).bytes, saved.bytes);
  assert.equal((await page.ask({ do: "load", name: "x", bytes: [1] })).is, "failed");
  assert.deepEqual((await page.ask({ do: "save" })).bytes, saved.bytes);
  await page.ask({ do: "view", grid: 7, units: 0 });
  assert.equal((await page.ask({ do: "load", name: "x", bytes: saved.bytes })).iteration, 50);
  const { last } = await page.until((frame) => frame.iteration === 50 && frame.status === "paused");
  assert.equal(last.grid.length, 49);
  // Chromium tells of the file that was missing
  page.errors = page.errors.filter((text) => !text.includes("404"));
});

test("while that is fetched training goes on, and requests are answered; what was opened last stays", async (t) => {
  const page = await lab(t, browsers.none);
  await open(page, { iterations: 1e6 });
  await page.ask({ do: "play" });
  const asked = (request) => {
    const answer = { is: undefined };
    answer.come = page.ask(request).then((found) => Object.assign(answer, found));
    return answer;
  };
  let come;
  Object.assign(site(), { late: /whole-.*wasm/, come: new Promise((resolve) => { come = resolve; }) });
  const why = asked({ do: "why" });
  const { last } = await page.until(({ iteration }) => iteration > 0);
  await page.until(({ iteration }) => iteration > last.iteration + 1000);
  assert.equal((await page.ask({ do: "pause" })).is, "done");
  assert.equal((await page.ask({ do: "open", settings: { data: "blobs" } })).is, "opened", "nothing is opened before it");
  const table = { name: "x.csv", bytes: [...new TextEncoder().encode("a,b,class\n0,0,u\n1,1,v\n2,0,u\n0,3,v\n")] };
  const first = asked({ do: "open", settings: { data: "own" }, table });
  const second = asked({ do: "open", settings: { data: "xor" } });
  assert.equal((await page.ask({ do: "view", grid: 7, units: 0 })).is, "done");
  assert.deepEqual([why.is, first.is, second.is], [undefined, undefined, undefined]);
  come();
  for (const { come } of [why, first, second]) await come;
  Object.assign(site(), { late: undefined, come: undefined });
  assert.deepEqual([why.is, first.is, second.is], ["why", "opened", "opened"], [why.said, first.said, second.said].join());
  await page.frames();
  await page.ask({ do: "view", grid: 5, units: 0 });
  assert.equal((await page.newest()).grid.length, 25);
  assert.match((await page.ask({ do: "save" })).name, /^xor-/);
});

test("why? opens no GPU of its own", async (t) => {
  const { origin, asked } = site();
  const before = `const ask = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...of) {
      await fetch("${origin}/below/any/style.css");
      return ask.apply(this, of);
    };`;
  const page = await lab(t, browsers.gpu, { before });
  const devices = () => asked.filter((name) => name === "style.css").length;
  const none = devices();
  await open(page, { device: "gpu", iterations: 50 });
  assert.equal(devices(), none + 1);
  const why = await page.ask({ do: "why" });
  assert.match(why.said.at(-1), /not on the GPU/);
  assert.equal(devices(), none + 1);
});

test("bytes that are no checkpoint, and one of samples that are not at hand, are refused in a sentence", async (t) => {
  const page = await lab(t, browsers.none);
  await open(page, { samples: 40 });
  const saved = await page.ask({ do: "save" });
  await open(page, { data: "xor" });
  for (const bytes of [[], [1, 2, 3], saved.bytes.slice(0, -8)]) {
    const refused = await page.ask({ do: "load", name: "x.safetensors", bytes });
    assert.equal(refused.is, "failed");
    assert.match(refused.said, /^x\.safetensors is no safetensors file: .*\.$/);
  }
  assert.equal((await page.ask({ do: "load", name: "y", bytes: saved.bytes })).is, "opened", "the flower can be made again");
  await open(page, { data: "own" }, { points: [0, 0, 0, 1, 1, 1, 0, 1, 1] });
  const drawn = await page.ask({ do: "save" });
  await open(page, {});
  const refused = await page.ask({ do: "load", name: "mine", bytes: drawn.bytes });
  assert.match(refused.said, /^mine was trained on 3 samples of own that are not at hand: open them first\.$/);
});

test("the wrong derivative ends in NaN, and the page says why and what helps", async (t) => {
  const page = await lab(t, browsers.gpu);
  for (const device of ["gpu", "cpu"]) {
    await open(page, { device, activation: "relu", backward: "tanh", iterations: 400 });
    const { last } = await page.run();
    assert.equal(last.status, "diverged");
    assert.ok(last.iteration > 40 && last.iteration < 70, `${last.iteration}`);
    assert.equal(last.said, `The training diverged at iteration ${last.iteration}: its cost or a weight is no longer a finite number.`);
    assert.ok(last.weights.every(Number.isFinite), "the last weights that were finite are shown");
    // NaN, which does not come through the debugger
    assert.deepEqual(last.costs.slice(-2), [last.iteration, null]);
    assert.match((await page.ask({ do: "costs" })).csv, new RegExp(`\\n${last.iteration},NaN\\n$`));
    const why = await page.ask({ do: "why" });
    assert.equal(why.verdict.cause, "wrong-derivative");
    assert.match(why.said[0], /^The backward pass uses tanh's derivative with relu's forward pass/);
    assert.equal(why.said.at(-1).includes("CPU engine in this page"), device === "gpu");
    assert.deepEqual([why.isFailure, why.settings.backward], [true, null]);
    await open(page, why.settings);
    assert.equal((await page.run()).last.status, "finished");
  }
  await open(page, { device: "cpu", iterations: 2000 });
  assert.equal((await page.ask({ do: "why" })).isFailure, false);
});

test("a GPU agrees with the reference in double precision, whatever trains; without one the CPU does", async (t) => {
  const some = [["gpu", { device: "gpu" }], ["gpu", { device: "auto" }], ["gpu", { device: "gpu", optimizer: "adam", rate: 0.01 }],
    ["none", { device: "auto" }]];
  const pages = { gpu: await lab(t, browsers.gpu), none: await lab(t, browsers.none) };
  for (const [browser, settings] of some) {
    const page = pages[browser];
    const opened = await open(page, { hidden: "5", ...settings });
    const compared = await page.ask({ do: "compare", iterations: 20 });
    assert.equal(opened.adapters.length, browser === "gpu" ? 1 : 0);
    assert.match(compared.device.name, browser === "gpu" ? /swiftshader/i : /^CPU engine/);
    assert.deepEqual(compared.rows.filter((row) => !row.agrees), []);
    assert.equal(compared.verdict, true, compared.said);
    assert.match(compared.said, /agree: each of \d+ tensors is within its bound over 20 iterations/);
    assert.ok(compared.rows.length >= 4 * 10);
    assert.ok(compared.rows.every((row) => row.difference <= row.bound));
  }
});

test("a comparison with a GPU that computes something else says so", async (t) => {
  // as a driver would that takes tanh for something else: the shaders are changed on their way to it
  const before = `const make = GPUDevice.prototype.createShaderModule;
    GPUDevice.prototype.createShaderModule = function (of) {
      return make.call(this, { ...of, code: of.code.replace(/\\bexp\\(/g, "1.0003 * exp(") });
    };`;
  const page = await lab(t, browsers.gpu, { before });
  await open(page, { device: "gpu", hidden: "5" });
  const compared = await page.ask({ do: "compare", iterations: 3 });
  assert.equal(compared.verdict, false);
  assert.match(compared.said, /disagree: \S+ at iteration \d is beyond its bound\.$/);
});

test("a GPU that computes nonsense does not train", async (t) => {
  const before = `const make = GPUDevice.prototype.createShaderModule;
    GPUDevice.prototype.createShaderModule = function (of) {
      return make.call(this, { ...of, code: of.code.replace(/\\bexp\\(/g, "1.5 * exp(") });
    };`;
  const page = await lab(t, browsers.gpu, { before });
  const opened = await open(page, { device: "gpu" });
  assert.equal(opened.device.kind, "cpu");
  assert.match(opened.fallback, /^The CPU trains in the place of the GPU\. .* computes wrong results/);
});

test("a device that is lost, twice, changes no bit", async (t) => {
  const page = await lab(t, browsers.gpu);
  const settings = { device: "gpu", iterations: 3000 };
  await open(page, settings);
  const whole = await page.run();
  await open(page, settings);
  const notices = [];
  for (const until of [50, 300]) {
    await page.ask({ do: "pace", perSecond: 300 });
    await page.ask({ do: "play" });
    await page.until((frame) => frame.iteration > until);
    assert.equal((await page.ask({ do: "lose" })).is, "done");
    const { last } = await page.until((frame) => frame.notice);
    notices.push(last.notice);
  }
  for (const notice of notices) assert.match(notice, /^The (GPU|device) .*training goes on from iteration \d+/);
  await page.ask({ do: "pace", perSecond: null });
  const rest = await page.run();
  assert.deepEqual([rest.last.iteration, rest.last.weights], [3000, whole.last.weights]);
});

test("where an adapter vanishes the CPU goes on", async (t) => {
  const before = `const ask = GPU.prototype.requestAdapter;
    let calls = 0;
    GPU.prototype.requestAdapter = function (...of) { return ++calls > 2 ? Promise.resolve(null) : ask.apply(this, of); };`;
  const page = await lab(t, browsers.gpu, { before });
  const opened = await open(page, { device: "gpu", iterations: 2000 });
  assert.equal(opened.fallback, null);
  await page.run({ do: "step", iterations: 100 });
  await page.ask({ do: "lose" });
  const { last, frames } = await page.run();
  assert.deepEqual([last.status, last.iteration], ["finished", 2000]);
  assert.ok(Math.abs(last.cost - 0.25441) < 2e-3, `${last.cost}`);
  const told = frames.find((frame) => frame.notice);
  assert.match(told.notice, /The CPU goes on from iteration 100\.$/);
  assert.deepEqual([told.device.kind, told.device.name, told.fallback], ["cpu", "CPU engine, f32, SIMD128", told.notice]);
});

test("many networks train side by side, each as it would alone", async (t) => {
  const page = await lab(t, browsers.gpu);
  for (const device of ["gpu", "cpu"]) {
    await open(page, { device, iterations: 60, seed: 3 });
    const alone = await page.run();
    const opened = await page.ask({ do: "many", vary: "seed", count: 3, grid: 6 });
    assert.deepEqual([opened.is, opened.values], ["opened", [3, 4, 5]]);
    await page.until((frame) => frame.many);
    const { last } = await page.run();
    assert.equal(last.status, "finished");
    assert.deepEqual(last.many.map(({ value, grid, status }) => [value, grid.length, status]), [3, 4, 5].map((seed) => [seed, 36, "finished"]));
    assert.equal(last.many[0].cost, alone.last.cost);
    await page.ask({ do: "many", vary: "rate", count: 5 });
    await page.until((frame) => frame.many);
    assert.deepEqual((await page.run()).last.many.map((one) => one.value), [0.0375, 0.212, 1.2, 6.79, 38.4]);
    assert.equal((await page.ask({ do: "one" })).is, "opened");
    const { last: back } = await page.until((frame) => !frame.many);
    assert.deepEqual([back.iteration, back.cost], [60, alone.last.cost]);
  }
});

test("of many networks the iteration is that of the furthest, also where the first diverges", async (t) => {
  const page = await lab(t, browsers.none);
  await open(page, { activation: "relu", backward: "tanh", iterations: 400 });
  await page.ask({ do: "many", vary: "seed", count: 5 });
  await page.until((frame) => frame.many);
  await page.ask({ do: "pace", perSecond: 100 });
  const { last } = await page.run();
  const ends = last.many.map(({ iteration }) => iteration);
  assert.ok(ends[0] < Math.max(...ends), `${ends}`);
  assert.equal(last.iteration, Math.max(...ends));
});

test("a checkpoint of part of the samples, or of other ones, is opened where they are not at hand", async (t) => {
  const page = await lab(t, browsers.none);
  for (const settings of [{ heldOut: 0.3 }, { heldOut: 0.2, dataSeed: 7, data: "noisy-moons" }, { samples: 90, data: "xor", heldOut: 0.1 }]) {
    const { samples, train } = await open(page, settings);
    const { bytes } = await page.ask({ do: "save" });
    await open(page, { data: "blobs" });
    const loaded = await page.ask({ do: "load", name: "mine.safetensors", bytes });
    assert.equal(loaded.is, "opened", loaded.said);
    assert.deepEqual([loaded.samples, loaded.train, loaded.settings.dataSeed], [samples, train, settings.dataSeed ?? null]);
    assert.deepEqual([loaded.settings.data, loaded.settings.heldOut], [settings.data ?? "flower", settings.heldOut]);
  }
});

test("what takes a while is not caught up with at a pace", async (t) => {
  const page = await lab(t, browsers.none);
  await open(page, { iterations: 1_000_000 });
  await page.ask({ do: "pace", perSecond: 50 });
  await page.ask({ do: "play" });
  await page.until((frame) => frame.iteration > 5);
  for (const request of [{ do: "compare", iterations: 30_000 }, { do: "why" }]) {
    const from = (await page.newest()).iteration;
    const before = Date.now();
    await page.ask(request);
    const begun = Date.now();
    assert.ok(begun - before > 1000, `${request.do} takes a while`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const did = (await page.newest()).iteration - from;
    assert.ok(did <= 10 + (50 * (Date.now() - begun)) / 1000, `it sprints after ${request.do}: ${did} iterations`);
  }
});

test("of a wide network the picture is coarser, so that it takes a bounded time", async (t) => {
  const page = await lab(t, browsers.none);
  for (const [hidden, parameters, side] of [["4", 17, 97], ["500x500", 1500 + 250_500 + 501, 16]]) {
    assert.equal((await open(page, { hidden })).parameters, parameters);
    await page.ask({ do: "view", grid: 97, units: 44, layer: 1 });
    const { last } = await page.until((frame) => frame.grid.length > 0 && frame.grid.length !== 60 * 60);
    assert.equal(last.grid.length, side * side);
    const units = last.units.length / Math.min(64, Number.parseInt(hidden));
    assert.ok(units === (hidden === "4" ? 44 * 44 : side * side), `${units}`);
  }
});

/** As if SwiftShader were a card. */
const AS_HARDWARE = "Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });";

test("a hardware GPU trains by itself unless it is much slower, and the page can say why", async (t) => {
  const page = await lab(t, browsers.gpu, { before: AS_HARDWARE });
  // a busy machine may be measured wrongly, now and then
  let opened;
  for (let k = 0; k < 10 && !opened?.why; k++) opened = await open(page, { iterations: 1001 });
  assert.equal(opened.fallback, null);
  assert.match(opened.device.name, /swiftshader/i);
  assert.match(opened.why, /^An iteration takes \d+ µs here, and \d+ µs on the CPU\.$/);
  const { costs } = await page.run();
  assert.deepEqual([0, 1000].map((at) => costs.get(at).toFixed(6)), ["0.693048", "0.288083"]);
  // the fit of a wide network is far slower on SwiftShader than on the engine
  const wide = await open(page, { hidden: "500", plan: "auto" });
  assert.match(wide.fallback, /^The CPU trains, since it is much faster here: \d+ µs an iteration, the GPU \d+\.$/);
});

test("of two GPUs the one that saves power can be asked for", async (t) => {
  const before = `const ask = GPU.prototype.requestAdapter;
    GPU.prototype.requestAdapter = function (of) {
      return of.powerPreference === "low-power" ? ask.call(this, of) : Promise.resolve(null);
    };`;
  const page = await lab(t, browsers.gpu, { before });
  assert.match((await open(page, { device: "gpu" })).fallback, /offers no GPU/);
  const opened = await open(page, { device: "gpu-saving" });
  assert.deepEqual([opened.fallback, opened.settings.device], [null, "gpu-saving"]);
  assert.notEqual(opened.device.kind, "cpu");
  assert.match(opened.device.name, /swiftshader/i);
  assert.match((await open(page, { device: "gpu" })).fallback, /offers no GPU/);
});

test("a GPU that fails while it is measured is replaced by the CPU", async (t) => {
  // it is lost after the step that is compared, and there is no other
  const before = `${AS_HARDWARE}
    const ask = GPU.prototype.requestAdapter;
    let calls = 0;
    GPU.prototype.requestAdapter = function (...of) { return ++calls > 1 ? Promise.resolve(null) : ask.apply(this, of); };
    const submit = GPUQueue.prototype.submit;
    let count = 0;
    GPUQueue.prototype.submit = function (...of) {
      if (++count === 8) globalThis.device.destroy();
      return submit.apply(this, of);
    };
    const open = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...of) { return (globalThis.device = await open.apply(this, of)); };`;
  const page = await lab(t, browsers.gpu, { before });
  const opened = await open(page, {});
  assert.equal(opened.device.kind, "cpu");
  assert.match(opened.fallback, /^The CPU trains in the place of the GPU\. /);
});

test("costs come as a table", async (t) => {
  const page = await lab(t, browsers.none);
  await open(page, { iterations: 100, heldOut: 0.25 });
  const { costs } = await page.run();
  const { name, csv } = await page.ask({ do: "costs" });
  const rows = csv.trim().split("\n").map((row) => row.split(","));
  assert.deepEqual([name, rows[0]], ["flower-costs.csv", ["iteration", "cost", "held_out_cost"]]);
  assert.deepEqual(rows.slice(1).map((row) => Number(row[0])), Array.from({ length: 101 }, (_, k) => k));
  for (const row of rows.slice(1)) assert.equal(Number(row[1]), costs.get(Number(row[0])));
  assert.ok(rows.at(-1)[2].length > 0);
});

const bytes = (text) => [...Buffer.from(text)];
const rows = (count, columns) => Array.from({ length: count }, (_, row) =>
  [...Array.from({ length: columns - 1 }, (_, k) => Math.sin(row * (k + 1)).toFixed(4)), row % 2 ? "yes" : "no"].join(",")).join("\n");

test("tables and drawn points are samples, and what is none is refused in a sentence with nothing lost", async (t) => {
  const page = await lab(t, browsers.none);
  const table = { name: "mine.csv", bytes: bytes(`a,b,class\n${rows(40, 3)}`) };
  const opened = await open(page, { data: "own", heldOut: 0.25, iterations: 5 }, { table });
  assert.deepEqual([opened.samples, opened.train, opened.names, opened.classes], [40, 30, ["a", "b"], ["no", "yes"]]);
  assert.equal(opened.points.length, 3 * 40);
  const wide = await open(page, { data: "own" }, { table: { name: "wide.csv", bytes: bytes(rows(50, 65)) } });
  assert.deepEqual([wide.features, wide.points, wide.bounds], [64, [], []]);
  assert.match(wide.notices.join(" "), /These samples have 64 features, .* there is none\./);
  assert.deepEqual(wide.frame.grid, []);
  const drawn = await open(page, { data: "own" }, { points: [0, 0, 0, 1, 1, 1, 2, 0, 2], bounds: [-3, 3, -2, 2] });
  assert.deepEqual([drawn.outputs, drawn.output, drawn.bounds], [3, "softmax", [-3, 3, -2, 2]]);
  assert.equal(drawn.frame.grid.length, 3 * 60 * 60);

  const refuse = async (request, said) => {
    const refused = await page.ask(request);
    assert.equal(refused.is, "failed", JSON.stringify(request).slice(0, 200));
    assert.match(refused.said, said);
    assert.doesNotMatch(refused.said.trim(), /\n/);
  };
  const own = (more) => ({ do: "open", settings: { data: "own" }, ...more });
  const of = (name, text) => own({ table: { name, bytes: typeof text === "string" ? bytes(text) : text } });
  await refuse(of("a.csv", "just words, no table\nat all"), /^a\.csv/);
  await refuse(of("b.csv", ""), /^b\.csv/);
  await refuse(of("c.png", [0x89, 0x50, 0x4e, 0x47, 0, 0, 1]), /^c\.png: the file holds zero bytes, where UTF-8 text is expected\.$/);
  await refuse(of("d.csv", "x,y,c\n1,2,a\n1,oops,b\n"), /^d\.csv, line 3, column 2/);
  await refuse(own({ points: [0, 0, 0] }), /^Every point is of class 0, and there is nothing to tell apart\.$/);
  await refuse(own({ points: [] }), /^The number of points must be at least 2, not 0\.$/);
  await refuse(own({ points: [0, 0, 0.5, 1, 1, 1] }), /^The class of a point must be a whole number from 0 to 9, not 0\.5\.$/);
  const nonsense = [
    [{ data: "roses" }, /^The data set must be one of flower, .*, xor or own, not 'roses'\.$/],
    [{ hidden: "4x" }, /^The number of hidden units must be/],
    [{ hidden: "99999999" }, /^The number of /],
    [{ activation: "tan" }, /^The activation/],
    [{ rate: -1 }, /^The learning rate must be a finite number above 0, not -1\.$/],
    [{ rate: "fast" }, /^Invalid type: string "fast", expected f64\.$/],
    [{ samples: 1e9 }, /^The number of samples must be at most 100000 in a browser, not 1000000000\.$/],
    [{ samples: 401 }, /^The number of samples must be an even number/],
    [{ heldOut: 2 }, /^The test fraction must be between 0 and 1, not 2\.$/],
    [{ batch: 4000 }, /^The batch size must be between 1 and the 400 samples/],
    [{ iterations: 0 }, /^The number of iterations must be at least 1, not 0\.$/],
    [{ device: "abacus" }, /^The device must be auto, gpu, gpu-saving or cpu, not 'abacus'\.$/],
    [{ output: "softmax", data: "xor", activation: "relu", backward: "gelu" }, /^The borrowed derivative/],
    [{ colour: "red" }, /^Unknown field `colour`/],
  ];
  for (const [settings, said] of nonsense) await refuse({ do: "open", settings }, said);
  await refuse({ do: "dance" }, /^There is no request 'dance'\.$/);
  await refuse({ do: "step", iterations: -1 }, /^Iterations must be a whole number, not -1\.$/);
  await refuse({ do: "pace", perSecond: -3 }, /^The pace must be/);
  await refuse({ do: "many", count: 1 }, /^The number of networks must be from 2 to 64, not 1\.$/);
  await refuse({ do: "lose" }, /^The CPU trains, and there is no GPU to lose\.$/);

  // what was open before is there still
  const { last } = await page.run({ do: "step", iterations: 3 });
  assert.deepEqual([last.iteration, last.widths], [3, [2, 4, 3]]);
});

test("a table of 50 MB is refused in a sentence", async (t) => {
  const page = await lab(t, browsers.none);
  const refused = await page.page.evaluate(() => {
    const worker = globalThis.ask;
    return worker({ do: "open", settings: { data: "own" }, table: { name: "large.csv", bytes: new Uint8Array(50 << 20).fill(49) } });
  });
  assert.deepEqual([refused.is, refused.said], ["failed", "The size of a table must be at most 32 MB in a browser, not 50 MB."]);
  await open(page, {});
});

test("a browser whose WebAssembly has no SIMD is told so", async () => {
  const { Lab, serve } = await import("./lab.mjs");
  const site = await serve();
  const page = await Lab.open(browsers.none, site.origin, { before: "WebAssembly.validate = () => false;" });
  assert.deepEqual([page.said.is, page.said.fatal], ["failed", true]);
  assert.match(page.said.said, /^This browser’s WebAssembly has no SIMD/);
  await page.close();
  site.close();
});
