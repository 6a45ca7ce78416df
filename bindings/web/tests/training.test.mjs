// What a visitor does with a training: nothing, then its buttons, its settings, the thread's runs, its questions.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Place, visiting } from "./visit.mjs";

const { on } = visiting();

on({}, "the notebook's network trains by itself on the flower, and the boundary moves", async (visit) => {
  await visit.iteration(20);
  const early = await visit.pixels("field");
  await visit.iteration(1200);
  assert.notEqual(await visit.pixels("field"), early);
  assert.ok((await visit.number("cost")) < 0.3);
  assert.ok((await visit.number("accuracy")) > 85);
  assert.equal(await visit.text("shape"), "2–4–1");
  assert.match(await visit.text("device"), /CPU/);
  assert.equal(await visit.page.$eval("[name=data]:checked", (tile) => tile.value), "flower");
});

on({}, "pause stops it, step takes one iteration, reset begins again", async (visit) => {
  await visit.iteration(100);
  await visit.click("play");
  await visit.says("play", /^Train$/);
  const paused = await visit.number("iteration");
  await visit.click("step");
  await visit.iteration(paused + 1);
  assert.equal(await visit.number("iteration"), paused + 1);
  await visit.click("reset");
  await visit.says("iteration", /^0$/);
  assert.equal(await visit.text("cost"), "0.693048");
  await visit.click("play");
  await visit.says("play", /^Pause$/);
  await visit.iteration(10);
});

on({ link: "iterations=300" }, "a run that is done says so, and trains again from its start", async (visit) => {
  await visit.says("said", /^Done: cost 0\.\d+ and accuracy [\d.]+ % after 300 iterations\.$/);
  await visit.says("play", /^Train again$/);
  await visit.click("play");
  await visit.says("play", /^Pause$/);
  await visit.iteration(10);
});

on({}, "speed is what was chosen", async (visit) => {
  await visit.iteration(1);
  await visit.page.select("#pace", "10");
  await visit.says("per-second", /^(9|10|11)$/);
  const from = await visit.number("iteration");
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const steps = (await visit.number("iteration")) - from;
  assert.ok(steps >= 12 && steps <= 28, `${steps} iterations in two seconds`);
});

on({}, "a setting trains another network, and what cannot be is refused in one sentence", async (visit) => {
  await visit.iteration(5);
  await visit.click("layer-plus-0");
  await visit.says("shape", /^2–5–1$/);
  assert.equal((await visit.link()).hidden, "5");
  await visit.set("rate", "fast");
  await visit.says("said", /^“fast” cannot be the learning rate\.$/);
  assert.equal(await visit.page.$eval("[name=rate]", (field) => field.value), "1.2");
  await visit.iteration(20);
  await visit.set("heldOut", "0.3");
  await visit.says("held-out", /%$/);
  assert.match(await visit.text("curve-key"), /held out/);
});

on({}, "deep networks are put together layer by layer", async (visit) => {
  await visit.iteration(5);
  await visit.click("layer-more");
  await visit.says("shape", /^2–4–4–1$/);
  await visit.click("layer-none-0");
  await visit.says("shape", /^2–4–1$/);
});

on({}, "a claim of the thread is run by its button, 277 units too", async (visit) => {
  await visit.iteration(5);
  const press = (words) => visit.page.evaluate((words) => {
    [...document.querySelectorAll("#runs button")].find((button) => button.ariaLabel.includes(words)).click();
  }, words);
  await press("277");
  await visit.says("shape", /^2–277–1$/);
  await visit.iteration(20);
  assert.deepEqual(await visit.link(), { hidden: "277", activation: "leaky-relu:0.01", rate: "0.073", iterations: "50000", pace: "full" });
  assert.match(await visit.text("said"), /^The thread says: 277 leaky ReLUs/);
  await press("Seed 3: 40 ReLUs");
  await visit.says("shape", /^2–40–1$/);
  assert.equal((await visit.link()).seed, "3");
});

/** Notes what is written on canvases. */
function noteTexts() {
  globalThis.written = [];
  const write = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
    globalThis.written.push(text);
    return write.call(this, text, ...at);
  };
}

on({ before: noteTexts }, "the run with the wrong derivative ends in NaN, and why tells the reason", async (visit) => {
  await visit.iteration(5);
  await visit.page.evaluate(() => {
    [...document.querySelectorAll("#runs button")].find((button) => button.ariaLabel.includes("derivative left in")).click();
  });
  await visit.says("play", /^Train again$/);
  assert.match(await visit.text("said"), /Ask why\.$/);
  assert.deepEqual([await visit.text("cost"), await visit.text("accuracy")], ["NaN", "–"]);
  assert.match(await visit.page.$eval("#curve", (curve) => curve.ariaLabel), /to NaN over \d+ iterations$/);
  assert.ok((await visit.page.evaluate(() => globalThis.written)).some((text) => /^NaN from \d\d on$/.test(text)), "the curve is marked");
  await visit.click("why");
  await visit.says("verdict", /the backward pass uses tanh.s derivative/i);
  assert.equal(await visit.page.$eval("#verdict", (part) => part.ariaLive), "polite");
  await visit.page.evaluate(() => {
    [...document.querySelectorAll("#verdict button")].find((button) => button.innerText === "Try what helps").click();
  });
  await visit.says("play", /^Pause$/);
  await visit.iteration(100);
  const link = await visit.link();
  assert.deepEqual(link, { activation: "leaky-relu:0.01" });
  assert.equal(await visit.text("said"), "The same run, with the fix.");
  assert.equal(await visit.page.evaluate(() => document.activeElement.id), "play");
});

on({ link: "data=gaussian-quantiles&output=squares&rate=0.1", before: noteTexts }, "of numbers R² is told, in the picture too", async (visit) => {
  await visit.iteration(20);
  assert.equal((await visit.downloaded("save-picture")).name, "planar.png");
  const texts = await visit.page.evaluate(() => globalThis.written);
  assert.match(texts.find((text) => text.startsWith("gaussian-quantiles,")), /: cost [\d.]+, R² -?\d\.\d{4}$/);
});

on({ link: "heldOut=0.3", before: noteTexts }, "the saved picture says what its marks mean, and which points are held out", async (visit) => {
  await visit.iteration(20);
  await visit.page.evaluate(() => { globalThis.written = []; });
  await visit.downloaded("save-picture");
  const texts = await visit.page.evaluate(() => globalThis.written);
  for (const text of ["y = 0", "y = 1", "undecided", "held out", "training"]) assert.ok(texts.includes(text), `no ${text}: ${texts}`);
});

on({}, "whole numbers may have their thousands apart", async (visit) => {
  await visit.iteration(5);
  for (const [typed, iterations] of [["50,000", "50000"], ["12 000", "12000"]]) {
    await visit.set("iterations", typed);
    await visit.page.waitForFunction((value) => location.hash.includes(`iterations=${value}`), {}, iterations);
  }
  await visit.set("iterations", "50.000");
  await visit.says("said", /^“50\.000” cannot be the iterations\.$/);
  await visit.set("rate", "0,7");
  await visit.page.waitForFunction(() => location.hash.includes("rate=0.7"));
});

on({ link: "hidden=5" }, "an answer about a network that is gone is not shown, and the focus stays where it went", async (visit) => {
  await visit.iteration(5);
  await visit.click("why");
  await visit.page.focus("[name=rate]");
  await visit.page.waitForSelector("#verdict h3", { timeout: 60_000 });
  assert.equal(await visit.page.evaluate(() => document.activeElement.name), "rate");
  await visit.page.$eval("#verdict .close", (button) => button.click());
  assert.equal(await visit.page.evaluate(() => document.activeElement.id), "play");
  await visit.page.evaluate(() => {
    document.getElementById("compare").click();
    document.getElementById("layer-plus-0").click();
  });
  await visit.says("shape", /^2–6–1$/, 60_000);
  await visit.iteration(5);
  assert.ok(await visit.page.$eval("#verdict", (verdict) => verdict.hidden));
});

/** The page's worker, to be played. */
function keepWorker() {
  const Made = globalThis.Worker;
  globalThis.Worker = class extends Made {
    constructor(...of) {
      super(...of);
      globalThis.worker = this;
      this.addEventListener("message", ({ data }) => {
        if (data.is === "frame") globalThis.frame = data;
      });
    }
  };
}

on({ before: keepWorker }, "where another device goes on, the page says which", async (visit) => {
  await visit.iteration(5);
  await visit.page.evaluate(() => {
    const device = { kind: "cpu", name: "Another engine" };
    const fallback = "The GPU was lost. The CPU goes on from iteration 5.";
    globalThis.worker.onmessage({ data: { ...globalThis.frame, notice: fallback, device, fallback, plan: "cpu" } });
  });
  assert.equal(await visit.text("device"), "The GPU was lost. The CPU goes on from iteration 5. Another engine.");
});

on({ link: "hidden=6", before: keepWorker }, "a worker that fails is replaced, once", async (visit) => {
  await visit.iteration(100);
  const fail = () => visit.page.evaluate(() => {
    globalThis.worker.onmessage({ data: { is: "failed", fatal: true, said: "The module failed." } });
  });
  await fail();
  await visit.says("said", /^The module failed\. It has begun anew\.$/);
  await visit.iteration(10);
  assert.equal(await visit.text("shape"), "2–6–1");
  await fail();
  await visit.says("said", /^The module failed\.$/);
});

on({ link: "hidden=80x5" }, "how many units are shown is said of the layer that is shown", async (visit) => {
  await visit.says("units-shown", /^the first 64 of 80$/);
  await visit.click("last-layer");
  await visit.says("units-shown", /^$/);
});

on({}, "without a GPU, compare holds the CPU to the reference", async (visit) => {
  await visit.iteration(5);
  assert.equal(await visit.text("compare"), "Check the CPU");
  await visit.click("compare");
  await visit.says("verdict", /^The CPU and the reference agree\./);
});

test("on a GPU the page says so, trains, and compare gives a verdict with its figures", async () => {
  const withGpu = await Place.open({ gpu: true });
  try {
    const visit = await withGpu.visit({ link: "device=gpu" });
    await visit.iteration(50, 60_000);
    assert.match(await visit.text("device"), /^On the GPU: .*swiftshader/i);
    await visit.click("compare");
    await visit.says("verdict", /^GPU and CPU agree\./, 60_000);
    assert.ok((await visit.page.$$("#verdict tbody tr")).length >= 10);
    assert.deepEqual(visit.errors, []);
    // also where the CPU trains, since this GPU is emulated
    const other = await withGpu.visit();
    await other.iteration(5);
    assert.match(await other.text("device"), /^The browser’s only GPU is emulated in software/);
    await other.click("compare");
    await other.says("verdict", /^GPU and CPU agree\..*CPU, double precision\s+difference\s+tolerance/s, 60_000);
    assert.deepEqual(other.errors, []);
  } finally {
    await withGpu.close();
  }
});

on({}, "sixteen seeds train side by side, and a click goes on with one", async (visit) => {
  await visit.iteration(5);
  await visit.click("many-seeds");
  await visit.page.waitForFunction(() => document.querySelectorAll("#many .many-tile").length === 16);
  const tile = (k) => visit.page.$eval(`#many .many-tile:nth-child(${k})`, (tile) => tile.innerText);
  await visit.page.waitForFunction(() => /seed \d+\n\d+\.\d+ %/.test(document.querySelector(".many-tile").innerText));
  const early = await visit.page.$eval("#many .many-tile:nth-child(4) canvas", (canvas) => canvas.toDataURL());
  await visit.iteration(300);
  assert.notEqual(await visit.page.$eval("#many .many-tile:nth-child(4) canvas", (canvas) => canvas.toDataURL()), early);
  const seed = /seed (\d+)/.exec(await tile(4))[1];
  await visit.page.click("#many .many-tile:nth-child(4)");
  await visit.page.waitForFunction(() => document.getElementById("many").hidden);
  assert.equal((await visit.link()).seed ?? "2", seed);
  await visit.click("many-rates");
  await visit.page.waitForFunction(() => /rate/.test(document.querySelector(".many-tile")?.innerText));
  await visit.click("single");
  await visit.page.waitForFunction(() => document.getElementById("many").hidden && !document.getElementById("one").hidden);
});

const focused = (visit) => visit.page.evaluate(() => document.activeElement.id);

on({ link: "heldOut=0.2" }, "back to one goes on where it was; of many nothing is saved, and nothing is held out", async (visit) => {
  await visit.iteration(300);
  await visit.page.select("#pace", "10");
  const saved = () => visit.page.$$eval("#keep button", (buttons) => buttons.filter((button) => !button.disabled).length);
  assert.equal(await saved(), 3);
  await visit.click("many-seeds");
  await visit.page.waitForSelector(".many-tile");
  assert.deepEqual([await saved(), await visit.text("held-out"), await visit.text("curve-key")], [0, "–", ""]);
  await visit.click("single");
  await visit.page.waitForFunction(() => !document.getElementById("one").hidden);
  await visit.iteration(300);
  assert.deepEqual([await focused(visit), await saved()], ["play", 3]);
  await visit.says("held-out", /%$/);
});

on({}, "a tile goes on with what it shows, also while others are on their way", async (visit) => {
  await visit.iteration(5);
  await visit.click("many-seeds");
  await visit.page.waitForFunction(() => /seed 5\n/.test(document.querySelector(".many-tile:nth-child(4)")?.innerText));
  await visit.page.evaluate(() => {
    const tile = document.querySelector(".many-tile:nth-child(4)");
    document.getElementById("many-rates").click();
    tile.click();
  });
  await visit.page.waitForFunction(() => document.getElementById("many").hidden);
  assert.deepEqual(await visit.link(), { seed: "5" });
  assert.equal(await focused(visit), "play");
});

on({ link: "activation=relu&backward=tanh&iterations=300&pace=full" }, "of many networks those that diverge are never the best", async (visit) => {
  await visit.says("play", /^Train again$/);
  await visit.click("many-rates");
  await visit.says("said", /^Done: at best cost \d/);
  const tiles = await visit.page.$$eval(".many-tile", (tiles) => tiles.map((tile) => tile.innerText));
  assert.ok(tiles.some((text) => /NaN/.test(text)) && tiles.some((text) => /%/.test(text)), tiles.join("; "));
  assert.match(await visit.page.$eval(".many-tile.best", (tile) => tile.innerText), /%/);
});

on({}, "pointing at a hidden unit, or the arrow keys, tell its weights", async (visit) => {
  await visit.iteration(300);
  const units = await visit.page.$("#units");
  const { x, y } = await units.boundingBox();
  await visit.page.mouse.move(x + 20, y + 20);
  await visit.says("unit", /^Unit 1 of 4: tanh\(.*x1.*x2.*\), output weight .*, here from −[\d.]+ to [\d.]+$/);
  assert.match(await visit.text("unit-bars"), /^The bar below is its weight/);
  await visit.page.mouse.move(2, 2);
  await units.focus();
  await visit.page.keyboard.press("ArrowRight");
  await visit.page.keyboard.press("ArrowRight");
  await visit.says("unit", /^Unit 2 of 4/);
});
