// The page is for everyone: by keyboard, read aloud, on a phone, in the dark, without motion, in an old browser.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before, test } from "node:test";

import { Place } from "./visit.mjs";

const { resolve } = createRequire(path.join(process.env.NODE_MODULES ?? import.meta.dirname, "x.js"));
let place;
let axe;
before(async () => {
  place = await Place.open();
  axe = await readFile(resolve("axe-core/axe.min.js"), "utf8");
});
after(() => place.close());

/** What axe-core finds wrong, a line each. */
async function violations({ page }) {
  // through the debugger, which the page's policy of no other scripts does not concern
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 120)}`));
}

for (const width of [1280, 390]) {
  for (const scheme of ["light", "dark"]) {
    test(`axe-core finds nothing at ${width} px, ${scheme}: training, many, drawing, with a verdict`, async () => {
      const visit = await place.visit({ width, scheme });
      await visit.iteration(50);
      assert.deepEqual(await violations(visit), []);
      await visit.page.$eval("#keep", (menu) => { menu.open = true; });
      assert.deepEqual(await violations(visit), []);
      await visit.click("why");
      await visit.page.waitForSelector("#verdict h3", { timeout: 60_000 });
      assert.deepEqual(await violations(visit), []);
      await visit.click("many-seeds");
      await visit.page.waitForSelector(".many-tile");
      assert.deepEqual(await violations(visit), []);
      await visit.page.$eval("[name=data][value=own]", (tile) => tile.click());
      await visit.says("said", /two colours/);
      assert.deepEqual(await violations(visit), []);
      assert.deepEqual(visit.errors, []);
      await visit.close();
    });
  }
}

test("nothing is wider than a phone, whatever is shown", async () => {
  for (const [width, link] of [[390, ""], [320, ""], [390, "hidden=277&activation=leaky-relu:0.01"], [390, "hidden=8x8x8x8"]]) {
    const visit = await place.visit({ width, link });
    const fits = async (what) => {
      const wide = await visit.page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${what} is ${wide} px wide on ${width}`);
    };
    await visit.iteration(5);
    await fits(`the page #${link}`);
    await visit.click("why");
    await visit.page.waitForSelector("#verdict h3", { timeout: 60_000 });
    await fits("a verdict");
    if (width === 320) {
      await visit.click("many-rates");
      await visit.page.waitForSelector(".many-tile");
      await fits("many");
    }
    await visit.close();
  }
});

test("all is reached and used by keyboard, and where one is stays visible", async () => {
  const visit = await place.visit();
  await visit.iteration(5);
  const seen = new Set();
  const unmarked = [];
  for (let k = 0; k < 120; k++) {
    await visit.page.keyboard.press("Tab");
    const { name, marked } = await visit.page.evaluate(() => {
      const at = document.activeElement;
      const shown = at.closest(".tile") ?? at;
      const { outlineStyle, outlineWidth } = getComputedStyle(shown);
      if (at === document.body) return { name: "", marked: true };
      return { name: at.id || at.name || at.textContent.trim(), marked: outlineStyle !== "none" && outlineWidth !== "0px" };
    });
    if (!marked) unmarked.push(name);
    seen.add(name);
  }
  assert.deepEqual(unmarked, []);
  for (const id of ["open", "Save", "share", "play", "step", "reset", "pace", "why", "compare", "many-seeds", "log", "units", "data", "rate", "device"]) {
    assert.ok(seen.has(id), `${id} is not reached`);
  }
  await visit.page.focus("#play");
  await visit.page.keyboard.press("Enter");
  await visit.says("play", /^Train$/);
  await visit.page.focus("[name=data]:checked");
  await visit.page.keyboard.press("ArrowRight");
  await visit.page.waitForFunction(() => location.hash.includes("noisy-circles"));
  assert.equal(await visit.page.evaluate(() => document.activeElement.value), "noisy-circles");
  await visit.close();
});

test("the skip link leads to the picture, and changes nothing", async () => {
  const visit = await place.visit({ link: "hidden=5" });
  await visit.iteration(20);
  await visit.page.focus(".skip");
  await visit.page.keyboard.press("Enter");
  assert.equal(await visit.page.evaluate(() => document.activeElement.id), "stage");
  assert.deepEqual(await visit.link(), { hidden: "5" });
  await visit.iteration(60);
  assert.deepEqual([await visit.text("shape"), await visit.link()], ["2–5–1", { hidden: "5" }]);
  await visit.close();
});

test("a unit is read aloud now and then, not with each picture", async () => {
  const visit = await place.visit();
  await visit.iteration(5);
  await visit.page.focus("#units");
  assert.equal(await visit.page.$eval("#units", (units) => units.getAttribute("role")), "application");
  await visit.page.keyboard.press("ArrowRight");
  await visit.says("unit-said", /^Unit 1 of 4/);
  const changes = await visit.page.evaluate(() => new Promise((done) => {
    const counts = { unit: 0, "unit-said": 0 };
    for (const id of Object.keys(counts)) {
      new MutationObserver(() => counts[id]++).observe(document.getElementById(id), { childList: true, characterData: true, subtree: true });
    }
    setTimeout(() => done(counts), 5000);
  }));
  assert.ok(changes.unit > 10 && changes["unit-said"] >= 1 && changes["unit-said"] <= 3, JSON.stringify(changes));
  await visit.close();
});

test("what a screen reader is told: names of the pictures, the end of a run in a live region", async () => {
  const visit = await place.visit({ link: "iterations=200&pace=full" });
  await visit.says("said", /^Done/);
  assert.equal(await visit.page.$eval("#said", (said) => said.getAttribute("role")), "status");
  const label = (id) => visit.page.$eval(`#${id}`, (picture) => picture.getAttribute("aria-label"));
  assert.match(await label("curve"), /from 0\.693048 to 0\.\d+ over 200 iterations/);
  assert.match(await label("field"), /[\d.]+ % of the points/);
  assert.match(await label("network"), /2 inputs, 4 hidden units and 1 output/);
  await visit.close();
});

test("with reduced motion a new picture comes once a second, and the training is the same", async () => {
  const visit = await place.visit({ motion: "reduce" });
  await visit.iteration(1);
  const changes = await visit.page.evaluate(() => new Promise((done) => {
    let count = 0;
    new MutationObserver(() => count++).observe(document.getElementById("iteration"), { childList: true, characterData: true, subtree: true });
    setTimeout(() => done(count), 3000);
  }));
  assert.ok(changes >= 1 && changes <= 4, `${changes} pictures in three seconds`);
  await visit.iteration(1000);
  await visit.close();
});

test("a browser without WebAssembly's SIMD, or without WebAssembly, gets one sentence", async () => {
  const lacks = [
    [() => { WebAssembly.validate = () => false; }, /^This browser lacks WebAssembly’s SIMD.*\.$/],
    [() => { delete globalThis.WebAssembly; }, /^This browser cannot run WebAssembly.*\.$/],
  ];
  for (const [before, pattern] of lacks) {
    const visit = await place.visit({ before });
    await visit.says("said", pattern);
    assert.deepEqual(visit.errors, []);
    assert.ok(await visit.page.$$eval("button", (buttons) => buttons.every((button) => button.disabled)));
    await visit.close();
  }
});

test("nothing is fetched from elsewhere", async () => {
  const visit = await place.visit();
  await visit.iteration(50);
  const names = await visit.page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
  const { origin } = new URL(place.address);
  assert.deepEqual(names.filter((name) => !name.startsWith(origin) && !name.startsWith("data:")), []);
  // what the page's own policy forbids stands here
  assert.deepEqual(visit.errors, []);
  await visit.close();
});
