import { download } from "./files.js";
import { snapshot } from "./snapshot.js";

/**
 * Gives the buttons their meaning.
 * @param {(id: string) => HTMLElement} $ finds the parts of the page
 * @param {object} app the page's state and pictures
 */
export function wireButtons($, app) {
  const { session, verdict } = app;
  const on = (id, act) => $(id).addEventListener("click", act);

  document.querySelector(".skip").addEventListener("click", (event) => {
    // what follows # is the state
    event.preventDefault();
    $("stage").focus();
  });

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
      const { opens } = session;
      $(id).disabled = true;
      verdict.wait(waiting);
      const answer = await session.ask(what);
      $(id).disabled = !session.opened;
      // the button lost it as it was disabled, unless one went on meanwhile
      if ([document.body, $(id)].includes(document.activeElement)) $(id).focus();
      if (opens !== session.opens) return;
      if (answer) show(answer);
      else verdict.hide();
    });
  ask("why", "Looking for the reason: trying changes, one after another…", "why", (answer) =>
    verdict.why(answer, session.opened.output === "squares"),
  );
  ask("compare", "Training the same network on both…", "compare", (answer) => verdict.compared(answer));

  for (const [id, vary] of [
    ["many-seeds", "seed"],
    ["many-rates", "rate"],
  ]) {
    on(id, () => {
      session.playing = true;
      app.openMany(vary);
    });
  }
  on("single", async () => {
    verdict.hide();
    $("play").focus();
    await session.open("one", {});
    app.keepLink();
  });

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
      app.keepLink();
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
    const rest = app.table ? ", but for the table: that has to be opened again." : ".";
    try {
      await navigator.clipboard.writeText(location.href);
      app.say(`The link is copied: it begins the same training anew${rest}`);
    } catch {
      app.say(`The address of this page begins the same training anew: copy it from above${rest}`);
    }
  });
}
