// Microseconds an iteration, in the page and of the command: the notebook's network and wider ones, on the CPU and on
// SwiftShader. Each is the best of three, since a browser shares the machine with its own drawing.

import { execFileSync } from "node:child_process";

import { COMMAND, Lab, launch, serve } from "../tests/lab.mjs";

const SWIFTSHADER = process.env.SWIFTSHADER ?? "/usr/lib/chromium/vk_swiftshader_icd.json";
const SECONDS = 3;

/** The command's microseconds an iteration. */
function ofCommand(hidden, device, plan) {
  const words = ["train", "--hidden", String(hidden), "--iterations", "20000", "--json", "--quiet", "--device", device];
  if (device === "gpu") words.push("--plan", plan);
  else words.push("--threads", "1");
  const environment = { ...process.env, VK_DRIVER_FILES: SWIFTSHADER, XDG_RUNTIME_DIR: "/tmp" };
  const { seconds, device: used } = JSON.parse(execFileSync(COMMAND, words, { env: environment, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  return { time: (1e6 * seconds.training) / 20000, name: used.name };
}

/** The page's. */
async function ofPage(page, hidden, device, plan) {
  const opened = await page.ask({ do: "open", settings: { hidden: String(hidden), device, plan, iterations: 1e9 } });
  await page.ask({ do: "view", grid: 0, units: 0 });
  await page.ask({ do: "play" });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await page.frames();
  await new Promise((resolve) => setTimeout(resolve, 1000 * SECONDS));
  const frames = await page.frames();
  await page.ask({ do: "pause" });
  return { time: 1e6 / Math.max(...frames.map((frame) => frame.perSecond)), name: opened.device.name, frames: frames.length / SECONDS };
}

const site = await serve();
const browsers = { gpu: await launch({ gpu: true }), cpu: await launch({ gpu: false }) };
const pages = { gpu: await Lab.open(browsers.gpu, site.origin), cpu: await Lab.open(browsers.cpu, site.origin) };
console.log("| network | page | µs | command | µs | ratio |\n|---|---|---|---|---|---|");
for (const [hidden, device, plan] of [[4, "cpu", "auto"], [20, "cpu", "auto"], [256, "cpu", "auto"], [4, "gpu", "resident"], [256, "gpu", "split"]]) {
  const best = (found) => found.reduce((a, b) => (b.time < a.time ? b : a));
  const page = best([await ofPage(pages[device], hidden, device, plan), await ofPage(pages[device], hidden, device, plan), await ofPage(pages[device], hidden, device, plan)]);
  const command = best([1, 2, 3].map(() => ofCommand(hidden, device, plan)));
  console.log(`| ${hidden} | ${page.name}, ${plan}, ${page.frames.toFixed(0)} frames a second | ${page.time.toFixed(1)} | ${command.name} | ${command.time.toFixed(1)} | ${(page.time / command.time).toFixed(1)} |`);
}
await Promise.all(Object.values(browsers).map((browser) => browser.close()));
site.close();
