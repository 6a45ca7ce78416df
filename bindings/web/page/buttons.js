import { download } from "./files.js";
import { snapshot } from "./snapshot.js";

/** How many networks stand side by side, and the points a side of each one's grid. */
const MANY = { count: 16, grid: 48 };

/**
 * Gives the buttons their meaning.
 * @param {(id: string) => HTMLElement} $ finds the parts of the page
 * @param {object} app the page's state and pictures
 */
export function wireButtons($, app) {
  const { session, verdict } = app;
  const on = (id, act) => $(id).addEventListener("click", act);

  on("play", () => session.toggle());
  on("step", () => session.step());
  on("reset", () => session.reset());
  $("pace").addEventListener("change", ({ target }) => {
    session.setPace(target.value === "full" ? null : Number(target.value));
    app.keepLink();
  });

  /** Asks a question whose answer takes a while; the button waits with it. */
  const ask = (id, waiting, what, show) =>
    on(id, async () => {
      if (!session.opened) return app.say("There is nothing to ask about yet.");
      $(id).disabled = true;
      verdict.wait(waiting);
      const answer = await session.ask(what);
      $(id).disabled = false;
      if (answer) show(answer);
      else verdict.hide();
      $(id).focus();
    });
  ask("why", "Looking for the reason: trying changes, one after another…", "why", (answer) => verdict.why(answer));
  ask("compare", "Training the same network on both…", "compare", (answer) =>
    verdict.compared(answer, session.opened?.device.kind === "cpu" ? "CPU" : "GPU"),
  );

  for (const [id, vary] of [
    ["many-seeds", "seed"],
    ["many-rates", "rate"],
  ]) {
    on(id, async () => {
      if (!session.opened) return app.say("There is nothing to train yet.");
      verdict.hide();
      session.playing = true;
      app.many.begin(vary);
      await session.open("many", { vary, ...MANY });
    });
  }
  on("single", () => app.open(app.chosen));

  on("undo", () => app.draw.undo());
  on("clear", () => {
    app.table = null;
    app.draw.clear();
  });
  for (const id of ["log", "last-layer"]) {
    $(id).addEventListener("change", () => {
      session.lastLayer = $("last-layer").checked;
      if (session.opened) session.view();
      app.repaint();
    });
  }

  on("save-picture", async () => {
    if (!session.frame) return app.say("There is nothing to draw yet.");
    download("planar.png", await snapshot(session, app.stage.meaning, $("log").checked), "image/png");
  });
  on("save-costs", async () => {
    const answer = await session.ask("costs");
    if (answer) download(answer.name, answer.csv, "text/csv");
  });
  on("save-network", async () => {
    const answer = await session.ask("save");
    if (answer) download(answer.name, answer.bytes, "application/octet-stream");
  });
  $("keep").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    $("keep").open = false;
    $("keep").querySelector("summary").focus();
  });
  document.addEventListener("click", ({ target }) => {
    if (!target.closest("#keep summary")) $("keep").open = false;
  });

  on("share", async () => {
    const rest = app.table ? " It holds the settings, not the table." : "";
    try {
      await navigator.clipboard.writeText(location.href);
      app.say(`The link is copied: it holds all that you see.${rest}`);
    } catch {
      app.say(`The address of this page holds all that you see: copy it from above.${rest}`);
    }
  });
}
