import { serve } from "./worker.js";
if (typeof document === "undefined") serve();
else globalThis.newWorker = () => new Worker(import.meta.url, { type: "module" });
