// The worker behind the page: a loop that answers one request after another, and trains in between. The bundle holds the page
// too, and calls `serve` where there is no document.

import init, { Lab } from "planar";

import { Labs } from "./labs.js";
import { hasSimd } from "./support.js";

/** A file beside the bundle, whose name ends as `build` says. */
const beside = (name, kind) => new URL(`${name}-${HASH}.${kind}`, import.meta.url);

/** The constructor of a lab that can do all that there is. */
async function whole() {
  const script = await import(beside("whole", "js"));
  await script.default({ module_or_path: beside("whole", "wasm") });
  return script.Lab;
}

/** What the browser calls a GPU, if it tells. */
function nameOf({ description, vendor, architecture }) {
  return description || [vendor, architecture].filter(Boolean).join(" ") || undefined;
}

/** Lets the module say which GPU it wants, since the library's own call names none, and tells what the browser calls it. */
function takePreference() {
  let powerPreference = "high-performance";
  let name;
  self.preferPower = (preference) => (powerPreference = preference);
  self.adapterName = () => name;
  if (typeof GPU === "undefined") return;
  const ask = GPU.prototype.requestAdapter;
  GPU.prototype.requestAdapter = async function (options) {
    const adapter = await ask.call(this, { ...options, powerPreference });
    if (adapter) name = nameOf(adapter.info);
    return adapter;
  };
}

/** Buffers that are given away with a message. */
function* buffers(value) {
  if (ArrayBuffer.isView(value)) yield value.buffer;
  else if (value instanceof ArrayBuffer) yield value;
  else if (Array.isArray(value)) for (const one of value) yield* buffers(one);
}

function post(message) {
  self.postMessage(message, Object.values(message).flatMap((value) => {
    // the arrays of networks side by side lie a level deeper
    const below = Array.isArray(value) ? value.flatMap((one) => Object.values(one ?? {})) : [value];
    return below.flatMap((one) => [...buffers(one)]);
  }));
}

/** Lets messages in: as long as this worker computes, none arrives. */
const { port1, port2 } = new MessageChannel();
function breath() {
  return new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(0);
  });
}

const requests = [];
let awake = () => {};

/** Until a message comes, or this many milliseconds are over. */
function sleep(milliseconds) {
  return new Promise((resolve) => {
    const timer = Number.isFinite(milliseconds) ? setTimeout(resolve, Math.min(milliseconds, 1e6)) : undefined;
    awake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

/** The answer of the lab, with points and bytes beside the rest of the request. */
async function answer(lab, { points, table, bytes, ...said }) {
  const file = bytes ?? table?.bytes;
  const named = table && { name: String(table.name), label: table.label ?? null };
  const text = JSON.stringify(named ? { ...said, table: named } : said);
  return lab.answer(text, points, file && new Uint8Array(file));
}

/** Answers and trains for ever. */
export async function serve() {
  self.onmessage = ({ data }) => {
    requests.push(data ?? {});
    awake();
  };
  if (!hasSimd()) {
    post({ is: "failed", fatal: true, said: "This browser’s WebAssembly has no SIMD, which planar computes with: browsers since 2023 have it." });
    return;
  }
  let drawn = true;
  takePreference();
  try {
    await init({ module_or_path: beside("planar", "wasm") });
    const labs = new Labs(Lab, whole, answer);
    post({ is: "ready" });
    for (;;) {
      for (let request; (request = labs.next(requests, () => awake())); ) {
        if (request.do === "drawn") drawn = true;
        else post({ id: request.id, ...(await labs.answer(request)) });
      }
      const rest = labs.current.rest(drawn);
      if (rest > 0) {
        await sleep(rest);
        continue;
      }
      const told = await labs.current.work(drawn);
      if (told) {
        drawn &&= told.is !== "frame";
        post(told);
      }
      await breath();
    }
  } catch (error) {
    // the module has stopped for good: another worker can begin anew
    post({ is: "failed", fatal: true, said: `planar’s module failed in this browser: ${error?.message ?? error}.` });
  }
}
