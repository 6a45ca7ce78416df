// What a visitor brings and takes along: points drawn, tables dropped, links, files; and what is refused in one sentence.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { COMMAND, HAS_COMMAND } from "./lab.mjs";
import { visiting } from "./visit.mjs";

const { enter, on } = visiting();

/** Two clouds as a table. */
const TABLE = `x,y,class\n${Array.from({ length: 40 }, (_, k) =>
  `${(k % 2) * 3 + Math.sin(k)},${Math.cos(3 * k)},${k % 2}`).join("\n")}\n`;

/** A stroke with the mouse, from and to shares of the picture. */
async function stroke({ page }, from, to) {
  const { x, y, width, height } = await (await page.$("#points")).boundingBox();
  await page.mouse.move(x + from[0] * width, y + from[1] * height);
  await page.mouse.down();
  await page.mouse.move(x + to[0] * width, y + to[1] * height, { steps: 12 });
  await page.mouse.up();
}

/** Points as a link has them: thousandths of x1 and x2, and a class. */
function pointsOf(points) {
  const bytes = Buffer.alloc(5 * points.length);
  points.forEach(([x1, x2, kind], k) => {
    bytes.writeInt16BE(x1, 5 * k);
    bytes.writeInt16BE(x2, 5 * k + 2);
    bytes.writeUInt8(kind, 5 * k + 4);
  });
  return bytes.toString("base64url");
}

const own = (visit) => visit.page.$eval("[name=data][value=own]", (tile) => tile.click());

on({}, "points drawn with the mouse are learnt, and stand in the link", async (visit) => {
  await visit.iteration(5);
  await own(visit);
  await visit.says("said", /two colours/);
  await stroke(visit, [0.2, 0.3], [0.4, 0.3]);
  await visit.says("said", /another colour/);
  await visit.page.click("[name=brush][value='1']");
  await stroke(visit, [0.6, 0.7], [0.8, 0.7]);
  await visit.iteration(50);
  assert.equal(await visit.text("accuracy"), "100.00 %");
  const { data, points } = await visit.link();
  assert.equal(data, "own");
  const again = await enter({ link: new URLSearchParams({ data, points }).toString() });
  await again.iteration(50);
  assert.equal(await again.text("accuracy"), "100.00 %");
  assert.deepEqual(again.errors, []);
  await again.close();
  await visit.click("clear");
  await visit.says("said", /two colours/);
});

on({}, "on an empty plane nothing of the former run is trained or saved, and drawing begins by itself", async (visit) => {
  await visit.iteration(5);
  await visit.click("play");
  await visit.says("play", /^Train$/);
  await own(visit);
  await visit.says("said", /two colours/);
  const disabled = await visit.page.$$eval("button:disabled", (buttons) => buttons.map(({ id }) => id).toSorted());
  assert.deepEqual(disabled, ["compare", "many-rates", "many-seeds", "play", "reset", "save-costs", "save-network", "save-picture", "step", "why"]);
  await stroke(visit, [0.2, 0.3], [0.4, 0.3]);
  await visit.page.click("[name=brush][value='1']");
  await stroke(visit, [0.6, 0.7], [0.8, 0.7]);
  await visit.iteration(20);
  assert.equal(await visit.page.$$eval("button:disabled", (buttons) => buttons.length), 0);
});

const many = Array.from({ length: 1000 }, (_, k) => [(k % 40) * 100, Math.floor(k / 40) * 100, k % 2]);
on({ link: `data=own&points=${pointsOf(many)}` }, "more points than a link holds are refused in a sentence", async (visit) => {
  await visit.iteration(1);
  await visit.page.focus("#points");
  await visit.page.keyboard.press("Space");
  await visit.says("said", /^A link has room for 1,000 points: undo some, or drop a table of more\.$/);
});

on({}, "points are put by keyboard alone", async (visit) => {
  await visit.iteration(5);
  await own(visit);
  await visit.page.focus("#points");
  const { keyboard } = visit.page;
  const put = async (color, keys) => {
    await keyboard.press(color);
    for (const key of keys) {
      await keyboard.press(key);
      await keyboard.press("Space");
    }
  };
  await put("1", ["ArrowLeft", "ArrowLeft", "ArrowUp"]);
  assert.equal(await visit.text("said"), "Now points of another colour.");
  await keyboard.press("ArrowUp");
  assert.equal(await visit.text("said"), "The cross is at −0.5 and 0.5.");
  await put("2", ["ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown"]);
  await visit.iteration(20);
  assert.match((await visit.link()).points, /^[\w-]{40,}$/);
  await keyboard.press("Backspace");
  await visit.iteration(5);
});

on({}, "a table that is dropped is learnt, with other settings too", async (visit) => {
  await visit.iteration(5);
  await visit.drop("clouds.csv", TABLE);
  await visit.says("table", /clouds\.csv/);
  await visit.iteration(100);
  assert.ok((await visit.number("accuracy")) > 90);
  await visit.click("layer-plus-0");
  await visit.says("shape", /^2–5–1$/);
  assert.match(await visit.text("table"), /clouds\.csv/);
  const shown = (id) => visit.page.$eval(`#${id}`, (part) => part.checkVisibility());
  assert.deepEqual(await Promise.all(["brushes", "undo", "how-to-draw", "clear"].map(shown)), [false, false, false, true]);
  // another link is another state, without the table
  await visit.page.evaluate((points) => { location.hash = `data=own&points=${points}`; }, pointsOf([[0, 0, 0], [1000, 0, 1], [0, 1000, 2]]));
  await visit.says("shape", /^2–4–3$/);
  assert.deepEqual(await Promise.all(["brushes", "table"].map(shown)), [true, false]);
});

for (const [what, name, text, pattern] of [
  ["a file that is no table", "letter.csv", "Dear reader\n\nthis is no table at all\n", /\S/],
  ["a checkpoint that is none", "net.safetensors", "nothing", /\S/],
]) {
  on({}, `${what} is refused in one sentence, and the training goes on`, async (visit) => {
    await visit.iteration(5);
    await visit.page.$eval("#said", (said) => { said.textContent = ""; });
    await visit.drop(name, text);
    await visit.says("said", pattern);
    assert.match(await visit.text("said"), /^[^.]*(\.\w[^.]*)*\.$/);
    const from = await visit.number("iteration");
    await visit.iteration(from + 50);
    assert.equal((await visit.link()).data, undefined);
  });
}

on({}, "a table of 65 features is learnt, and one sentence says why there is no plane", async (visit) => {
  await visit.iteration(5);
  const row = (k) => `${Array.from({ length: 65 }, (_, j) => Math.sin(k * (j + 1)).toFixed(3)).join(",")},${k % 2}`;
  await visit.drop("wide.csv", Array.from({ length: 30 }, (_, k) => row(k)).join("\n"));
  await visit.says("empty", /^65 features make no plane to draw: watch the costs\.$/);
  await visit.iteration(20);
  assert.equal(await visit.text("shape"), "65–4–1");
});

on({}, "a file of 50 MB is refused in one sentence before it is read", async (visit) => {
  await visit.iteration(5);
  const folder = await mkdtemp(path.join(tmpdir(), "planar-"));
  const file = path.join(folder, "large.csv");
  await writeFile(file, Buffer.alloc(50 * 2 ** 20, "1,2\n"));
  await (await visit.page.$("#file")).uploadFile(file);
  await visit.says("said", /^large\.csv has 50 MB, and this page reads at most 32: the command reads larger tables\.$/);
  await visit.iteration((await visit.number("iteration")) + 20);
});

on({}, "the link holds the whole state, and opens it again", async (visit) => {
  await visit.iteration(5);
  // at once: each change builds on those that are not answered yet
  await visit.page.evaluate(() => {
    for (const [name, value] of Object.entries({ activation: "sigmoid", rate: "0.7", l2: "0.1", heldOut: "0.2" })) {
      const field = document.querySelector(`[name=${name}]`);
      field.value = value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
  await visit.page.$eval("[name=data][value=noisy-moons]", (tile) => tile.click());
  await visit.page.select("#pace", "2000");
  const state = { data: "noisy-moons", activation: "sigmoid", rate: "0.7", l2: "0.1", heldOut: "0.2", pace: "2000" };
  await visit.page.waitForFunction(() => location.hash.includes("pace=2000") && location.hash.includes("noisy-moons"));
  assert.deepEqual(await visit.link(), state);
  const again = await enter({ link: new URLSearchParams(state).toString() });
  await again.iteration(20);
  for (const [name, value] of Object.entries(state).filter(([name]) => name !== "pace")) {
    assert.equal(await again.page.$eval(`[name=${name}]${name === "data" ? ":checked" : ""}`, (field) => field.value), value);
  }
  assert.deepEqual(await again.link(), state);
  await again.close();
});

on({ link: "hidden=6x5&log=1&layer=last&many=rate" }, "axis, layer and networks side by side are in the link too", async (visit) => {
  await visit.page.waitForFunction(() => document.querySelector(".many-tile")?.innerText.startsWith("rate 0.0375"));
  const ticked = (id) => visit.page.$eval(`#${id}`, (box) => box.checked);
  assert.deepEqual([await ticked("log"), await ticked("last-layer")], [true, true]);
  assert.deepEqual(await visit.link(), { hidden: "6x5", log: "1", layer: "last", many: "rate" });
  await visit.click("single");
  await visit.page.waitForFunction(() => !location.hash.includes("many"));
  await visit.click("log");
  assert.deepEqual(await visit.link(), { hidden: "6x5", layer: "last" });
  await visit.iteration(5);
});

for (const [link, kept, said] of [
  ["data=cats&hidden=9", { hidden: "9" }, /^The link .* the data; the notebook’s value is used\.$/],
  ["rate=fast&samples=-4&colour=red&pace=7", {}, /^The link .* the learning rate, the number of points, “colour” and more; the notebook’s values are used\.$/],
  ["points=%00%ff&data=own&points=!!!", { data: "own" }, /^The link .* the points, the points; the notebook’s values are used\.$/],
  [`data=own&points=${pointsOf([[0, 0, 0], [1000, 1000, 7]])}`, { data: "own" }, /^The link .* the points; the notebook’s value is used\.$/],
  ["many=cats&log=2&layer=9", {}, /the networks side by side, the axis of the costs, the layer;/],
  ["activation=nonsense", {}, /nonsense/],
  ["hidden=99999x99999", {}, /number of parameters/],
  ["%E0%A4%A&&&===", {}, /^The link .*; the notebook’s values are used\.$/],
]) {
  on({ link }, `a link with nonsense (${link}) costs one sentence and nothing else`, async (visit) => {
    await visit.says("said", said);
    assert.match(await visit.text("said"), /^[^.]*(\.\w[^.]*)*\.$/);
    if (kept.data !== "own") await visit.iteration(20);
    assert.deepEqual(await visit.link(), kept);
  });
}

on({}, "picture, costs and network are files to keep, and the network is the command's", async (visit) => {
  await visit.iteration(100);
  await visit.click("play");
  await visit.says("play", /^Train$/);
  const picture = await visit.downloaded("save-picture");
  assert.equal(picture.name, "planar.png");
  assert.deepEqual([...picture.bytes.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
  assert.equal(picture.bytes.readUInt32BE(16), 2000);
  const costs = await visit.downloaded("save-costs");
  assert.match(costs.bytes.toString(), /^iteration,cost.*\n0,0\.693/);
  const network = await visit.downloaded("save-network");
  assert.match(network.name, /\.safetensors$/);
  if (HAS_COMMAND) {
    const folder = await mkdtemp(path.join(tmpdir(), "planar-"));
    const file = path.join(folder, network.name);
    await writeFile(file, network.bytes);
    assert.match(execFileSync(COMMAND, ["show", file]).toString(), /flower/);
  }
});

on({}, "a checkpoint is opened again where it was saved", async (visit) => {
  await visit.iteration(100);
  await visit.click("layer-plus-0");
  await visit.says("shape", /^2–5–1$/);
  await visit.iteration(50);
  await visit.click("play");
  await visit.says("play", /^Train$/);
  const at = await visit.text("iteration");
  const { name, bytes } = await visit.downloaded("save-network");
  const folder = await mkdtemp(path.join(tmpdir(), "planar-"));
  await writeFile(path.join(folder, name), bytes);
  await visit.page.reload();
  await visit.iteration(5);
  await visit.click("play");
  await visit.says("play", /^Train$/);
  await (await visit.page.$("#file")).uploadFile(path.join(folder, name));
  await visit.says("shape", /^2–5–1$/);
  await visit.says("iteration", new RegExp(`^${at}$`));
  assert.equal((await visit.link()).hidden, "5");
});

on({}, "the link is copied by a button", async (visit) => {
  await visit.iteration(5);
  await visit.context.overridePermissions(new URL(visit.page.url()).origin, ["clipboard-read", "clipboard-sanitized-write"]);
  await visit.set("rate", "0.3");
  await visit.page.waitForFunction(() => location.hash === "#rate=0.3");
  await visit.click("share");
  await visit.says("said", /^The link is copied: it begins the same training anew\.$/);
  assert.equal(await visit.page.evaluate(() => navigator.clipboard.readText()), visit.page.url());
});
