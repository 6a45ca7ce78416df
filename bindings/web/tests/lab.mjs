// A browser, the built site behind a server of its own, and the site's worker on an empty page, which answers as it answers
// the page's own script.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { after, before } from "node:test";

const here = import.meta.dirname;
const root = path.join(here, "../../..");
// beside the tests, or where tests/run has installed it
const { default: puppeteer } = createRequire(path.join(process.env.NODE_MODULES ?? here, "x.js"))("puppeteer-core");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Flags with which headless Chromium has WebGPU, on SwiftShader. */
const GPU = [
  "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan", "--use-vulkan=swiftshader",
  "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--enable-gpu",
];
const TYPES = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".wasm": "application/wasm" };

/** The golden figures of a name. */
export const golden = async (name) => JSON.parse(await readFile(path.join(root, "tests/golden", `${name}.json`), "utf8"));
/** The command. */
export const COMMAND = process.env.PLANAR_COMMAND ?? path.join(root, "target/release/planar");
/** Whether what the command says of the page's files is tested: where browsers are required, it is too. */
export const HAS_COMMAND = existsSync(COMMAND) || process.env.REQUIRE_BROWSER === "1";
export const SITE = path.join(here, "../site");

/** The site's bundle and module. */
export async function built() {
  const files = await readdir(SITE);
  return { script: files.find((file) => /^planar-.*\.js$/.test(file)), wasm: files.find((file) => /^planar-.*\.wasm$/.test(file)) };
}

/** Serves the site below a path that it does not know, and an empty page at /. `asked` has the files that were asked for, of which
 * those that `missing` matches are not there, and those that `late` matches wait for `come`. */
export async function serve() {
  const asked = [];
  const site = { asked, missing: undefined, late: undefined, come: undefined };
  const server = createServer(async (request, response) => {
    const name = new URL(request.url, "http://x").pathname;
    if (name === "/") {
      response.setHeader("content-type", "text/html");
      return response.end('<!doctype html><title>empty</title><link rel="icon" href="data:,">');
    }
    asked.push(path.basename(name));
    if (site.late?.test(name)) await site.come;
    try {
      if (site.missing?.test(name)) throw new Error("missing");
      const file = path.join(SITE, name.replace(/^\/below\/any\//, "").replace(/^$/, "index.html"));
      const bytes = await readFile(file);
      response.setHeader("content-type", TYPES[path.extname(file)] ?? "application/octet-stream");
      response.end(bytes);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(site, { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() });
}

/** Chromium, with WebGPU or without. */
export function launch({ gpu }) {
  return puppeteer.launch({
    executablePath: CHROMIUM,
    headless: true,
    args: ["--no-sandbox", ...(gpu ? GPU : [])],
    protocolTimeout: 60_000,
  });
}

/** Numbers that JSON does not have, as words and back: what goes between Node and the page. */
const plain = (value) => JSON.parse(JSON.stringify(value));

/** The worker on an empty page. */
export class Lab {
  /** @param {{before?: string}} [how] what is done to the worker's own globals first, as a script */
  static async open(browser, origin, { before = "" } = {}) {
    const page = await browser.newPage();
    const lab = new Lab();
    lab.page = page;
    lab.errors = [];
    page.on("console", (message) => {
      if (["error", "warn"].includes(message.type())) lab.errors.push(message.text());
    });
    page.on("pageerror", (error) => lab.errors.push(String(error)));
    await page.goto(origin);
    const { script } = await built();
    const said = await page.evaluate(async (script, before) => {
      const url = new URL(`/below/any/${script}`, location).href;
      const text = before ? `${before}\nawait import(${JSON.stringify(url)});` : null;
      const from = text ? URL.createObjectURL(new Blob([text], { type: "text/javascript" })) : url;
      const worker = new Worker(from, { type: "module" });
      const waiting = new Map();
      const frames = [];
      let number = 0;
      let ready;
      const begun = new Promise((resolve) => { ready = resolve; });
      worker.onerror = (event) => ready({ is: "failed", said: event.message });
      worker.onmessage = ({ data }) => {
        if (data.is === "frame") {
          // arrays to lists: they are to be read by Node
          const listed = (one) => Object.fromEntries(Object.entries(one).map(([name, value]) =>
            [name, ArrayBuffer.isView(value) ? [...value] : Array.isArray(value) && value[0]?.grid ? value.map(listed) : value]));
          frames.push(listed(data));
          setTimeout(() => worker.postMessage({ do: "drawn" }), globalThis.drawing ?? 0);
          return;
        }
        if (data.id === undefined) return ready(data);
        waiting.get(data.id)?.(data);
        waiting.delete(data.id);
      };
      globalThis.ask = (request) => new Promise((resolve) => {
        const id = ++number;
        waiting.set(id, resolve);
        const sent = { ...request, id };
        if (request.points) sent.points = new Float32Array(request.points);
        if (request.bytes) sent.bytes = new Uint8Array(request.bytes).buffer;
        if (request.table) sent.table = { ...request.table, bytes: new Uint8Array(request.table.bytes).buffer };
        worker.postMessage(sent);
      });
      globalThis.frames = frames;
      return begun;
    }, script, before);
    lab.said = said;
    return lab;
  }

  /** The answer to a request; bytes come as numbers. */
  ask(request) {
    return this.page.evaluate(async (request) => {
      const answer = await globalThis.ask(request);
      const listed = (value) => (value instanceof ArrayBuffer ? [...new Uint8Array(value)] : ArrayBuffer.isView(value) ? [...value] : value);
      return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, listed(value)]));
    }, plain(request));
  }

  /** All frames since the last call. */
  frames() {
    return this.page.evaluate(() => globalThis.frames.splice(0));
  }

  /** The newest frame, once one has come since the last call. */
  async newest() {
    await this.page.waitForFunction(() => globalThis.frames.length > 0, { polling: 10 });
    return (await this.frames()).at(-1);
  }

  /** Trains until a frame says that it is over; the costs by iteration, and the frames. */
  async run(request = { do: "play" }, milliseconds = 120_000) {
    await this.frames();
    await this.ask(request);
    return this.until((frame) => frame.status !== "training", milliseconds);
  }

  /** The frames up to one that is wanted, and the costs that they brought. */
  async until(wanted, milliseconds = 120_000) {
    const frames = [];
    const costs = new Map();
    for (const end = Date.now() + milliseconds; Date.now() < end; ) {
      for (const frame of await this.frames()) {
        frames.push(frame);
        for (let k = 0; k < frame.costs.length; k += 2) costs.set(frame.costs[k], frame.costs[k + 1]);
        if (wanted(frame)) return { frames, costs, last: frame };
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`no such frame within ${milliseconds} ms; the last: ${JSON.stringify(frames.at(-1) ?? null)?.slice(0, 400)}`);
  }

  close() {
    return this.page.close();
  }
}

/** Browsers with WebGPU and without for the tests of a file, and what these do first. */
export function browsing() {
  const browsers = {};
  let site;
  before(async () => {
    site = await serve();
    [browsers.gpu, browsers.none] = await Promise.all([launch({ gpu: true }), launch({ gpu: false })]);
  });
  after(async () => {
    await Promise.all(Object.values(browsers).map((browser) => browser.close()));
    site.close();
  });

  /** A worker for a test, which leaves no error on its console. */
  async function lab(t, browser, options) {
    const lab = await Lab.open(browser, site.origin, options);
    t.after(async () => {
      await lab.close();
      assert.deepEqual(lab.errors, []);
    });
    assert.equal(lab.said.is, "ready", lab.said.said);
    return lab;
  }

  /** Opens settings that are good; the answer, and the frame behind it. */
  async function open(lab, settings, more = {}) {
    await lab.frames();
    const opened = await lab.ask({ do: "open", settings, ...more });
    assert.equal(opened.is, "opened", opened.said);
    const { last: frame } = await lab.until((frame) => frame.status === "paused");
    return { ...opened, frame };
  }
  return { browsers, lab, open, site: () => site };
}
