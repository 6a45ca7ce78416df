// The page as a visitor has it: opened in a real browser, read by what it shows, used by what it offers.

import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { launch, serve } from "./lab.mjs";

/** A browser and the site, for the tests of one file. */
export class Place {
  /** @param {{gpu?: boolean}} [of] whether the browser has WebGPU */
  static async open({ gpu = false } = {}) {
    const place = new Place();
    place.server = await serve();
    place.browser = await launch({ gpu });
    place.address = `${place.server.origin}/below/any/index.html`;
    return place;
  }

  async close() {
    await this.browser.close();
    this.server.close();
  }

  /**
   * Opens the page in a profile of its own.
   * @param {{link?: string, width?: number, scheme?: string, motion?: string, before?: Function}} [how] what stands after
   *   `#`; the width; the colours and the motion that the visitor asks for; what runs before the page's own script
   */
  async visit({ link = "", width = 1280, scheme = "light", motion = "no-preference", before } = {}) {
    const context = await this.browser.createBrowserContext();
    const page = await context.newPage();
    const visit = new Visit(page, context);
    await page.setViewport({ width, height: width < 600 ? 844 : 900 });
    await page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: scheme },
      { name: "prefers-reduced-motion", value: motion },
    ]);
    if (before) await page.evaluateOnNewDocument(before);
    await page.goto(`${this.address}${link && `#${link}`}`);
    return visit;
  }
}

/** A browser for the tests of a file: `enter` opens the page, `on` is a test on a page whose console must stay clean. */
export function visiting() {
  let place;
  before(async () => { place = await Place.open(); });
  after(() => place.close());
  const enter = (how) => place.visit(how);
  const on = (how, name, act) => test(name, async () => {
    const visit = await enter(how);
    try {
      await act(visit);
      assert.deepEqual(visit.errors, []);
    } finally {
      await visit.close();
    }
  });
  return { enter, on };
}

export class Visit {
  /** What the console said that no visitor should cause. */
  errors = [];

  constructor(page, context) {
    this.page = page;
    this.context = context;
    page.on("console", (message) => {
      if (["error", "warn"].includes(message.type())) this.errors.push(message.text());
    });
    page.on("pageerror", (error) => this.errors.push(String(error)));
  }

  async close() {
    await this.context.close();
  }

  /** What a part of the page says. */
  text(id) {
    return this.page.$eval(`#${id}`, (part) => part.innerText.trim());
  }

  /** The number that a part of the page shows; NaN if it shows none. */
  async number(id) {
    return Number.parseFloat((await this.text(id)).replaceAll(",", ""));
  }

  click(id) {
    return this.page.click(`#${id}`);
  }

  /** Waits until a part of the page says something like this. */
  says(id, pattern, timeout = 20_000) {
    const { source, flags } = pattern;
    return this.page.waitForFunction(
      (id, source, flags) => new RegExp(source, flags).test(document.getElementById(id).innerText),
      { timeout },
      id, source, flags,
    );
  }

  /** Waits until the iteration shown is at least this. */
  iteration(least, timeout = 20_000) {
    const shown = (least) => Number(document.getElementById("iteration").innerText.replaceAll(",", "")) >= least;
    return this.page.waitForFunction(shown, { timeout }, least);
  }

  /** Chooses another setting, as by hand. */
  async set(name, value) {
    await this.page.$eval(`[name=${name}]`, (field, value) => {
      field.value = value;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }, value);
  }

  /** The pixels of a canvas, to be compared. */
  pixels(id) {
    return this.page.$eval(`#${id}`, (canvas) => canvas.toDataURL());
  }

  /** The state in the address. */
  async link() {
    return Object.fromEntries(new URLSearchParams(new URL(this.page.url()).hash.slice(1)));
  }

  /** Drops a file on the page. */
  drop(name, text) {
    return this.page.evaluate((name, text) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([text], name));
      for (const what of ["dragenter", "dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(what, { dataTransfer, bubbles: true, cancelable: true }));
      }
    }, name, text);
  }

  /** The file that a click hands to the visitor: its name and bytes. */
  async downloaded(id) {
    const folder = await mkdtemp(path.join(tmpdir(), "planar-"));
    const session = await this.page.createCDPSession();
    await session.send("Browser.setDownloadBehavior", {
      behavior: "allow", downloadPath: folder, browserContextId: this.context.id,
    });
    await this.page.$eval("#keep", (menu) => { menu.open = true; });
    await this.click(id);
    try {
      for (const end = Date.now() + 10_000; Date.now() < end; ) {
        const [name] = (await readdir(folder)).filter((file) => !file.endsWith(".crdownload"));
        if (name) return { name, bytes: await readFile(path.join(folder, name)) };
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`#${id} gave no file`);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}
