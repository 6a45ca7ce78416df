/** Larger files are not read: a page has no room for them. */
const MOST_BYTES = 32 * 2 ** 20;

/**
 * Takes files that are dropped on the page or chosen.
 * @param {{input: HTMLInputElement, button: HTMLButtonElement, veil: HTMLElement}} where
 * @param {{took: (name: string, bytes: ArrayBuffer) => void, refused: (said: string) => void}} told
 */
export function takeFiles({ input, button, veil }, { took, refused }) {
  const take = async (file) => {
    if (!file) return;
    if (file.size > MOST_BYTES) {
      const size = Math.ceil(file.size / 2 ** 20);
      return refused(`${file.name} has ${size} MB, and this page reads at most 32: the command reads larger tables.`);
    }
    try {
      took(file.name, await file.arrayBuffer());
    } catch {
      refused(`${file.name} cannot be read.`);
    }
  };
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take(input.files[0]);
    input.value = "";
  });
  const holdsFile = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const veiled = (by) => {
    depth = Math.max(0, depth + by);
    veil.hidden = depth === 0;
  };
  addEventListener("dragenter", (event) => holdsFile(event) && veiled(1));
  addEventListener("dragleave", (event) => holdsFile(event) && veiled(-1));
  addEventListener("dragover", (event) => holdsFile(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    veiled(-depth);
    take(event.dataTransfer.files[0]);
  });
}

/**
 * Hands a file to the visitor.
 * @param {string} name
 * @param {BlobPart} content
 * @param {string} type
 */
export function download(name, content, type) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  // a browser may begin to read it only later
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
