// Makes the pictures of docs/web from the built site: `node pictures.mjs [FOLDER]`. With FOLDER it also leaves there the
// frames of the README's moving picture, which film.py puts together.

import path from "node:path";

import { Place } from "./visit.mjs";

const docs = path.join(import.meta.dirname, "../../../docs/web");
/** The speed from a frame of the moving picture on. */
const PACES = { 2: "100", 20: "500" };
const [folder] = process.argv.slice(2);
const place = await Place.open();

for (const width of [1280, 390]) {
  for (const scheme of ["light", "dark"]) {
    // named, so that the same is shown wherever they are made
    const visit = await place.visit({ width, scheme, link: "device=cpu" });
    await visit.iteration(2500);
    await visit.page.screenshot({ path: path.join(docs, `page-${width}-${scheme}.png`) });
    await visit.close();
  }
}

if (folder) {
  // controls are below at this width: pictures and numbers alone
  const visit = await place.visit({ width: 1000, link: "device=cpu&pace=1" });
  await visit.iteration(0);
  await visit.page.waitForFunction(() => document.getElementById("shape").innerText);
  const height = await visit.page.$eval(".ask", (part) => Math.ceil(part.getBoundingClientRect().bottom + 20));
  for (let frame = 0; frame < 70; frame++) {
    // slowly first, as long as all is at 0.69
    if (PACES[frame]) await visit.page.select("#pace", PACES[frame]);
    const name = `frame-${String(frame).padStart(3, "0")}.png`;
    await visit.page.screenshot({ path: path.join(folder, name), clip: { x: 0, y: 0, width: 1000, height } });
  }
  console.log(`up to iteration ${await visit.text("iteration")}`);
  await visit.close();
}
await place.close();
