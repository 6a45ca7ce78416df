// One script is both: the page where there is a document, and its worker where there is none.
import { page } from "./main.js";
import { serve } from "./worker.js";

if (typeof document === "undefined") serve();
else page(import.meta.url);
