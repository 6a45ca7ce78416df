/** The smallest module that uses WebAssembly's SIMD: `v128.const 0` and `drop` in a function. */
const PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0, 253, 12],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 26, 11],
);

/** Whether WebAssembly here has the vectors that the engine computes with. */
export const hasSimd = () => typeof WebAssembly === "object" && WebAssembly.validate(PROBE);

/**
 * What this browser lacks, in one sentence; null if it has all that the page needs.
 * @returns {string | null}
 */
export function missing() {
  if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
    return "This browser cannot run WebAssembly, which does the training here: a newer one can.";
  }
  if (!hasSimd()) {
    return "This browser lacks WebAssembly’s SIMD, which the training here needs: browsers since 2023 have it.";
  }
  return null;
}
