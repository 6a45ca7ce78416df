/**
 * A canvas as sharp as the screen, in CSS pixels; cleared.
 * @param {HTMLCanvasElement} canvas
 * @returns {{context: CanvasRenderingContext2D, width: number, height: number}}
 */
export function cleared(canvas) {
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const { clientWidth: width, clientHeight: height } = canvas;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  const context = canvas.getContext("2d");
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** The page's own letters on a canvas. */
export const font = (size, weight = 400) => `${weight} ${size}px system-ui, sans-serif`;

/**
 * Writes a short text.
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {{size?: number, align?: CanvasTextAlign, base?: CanvasTextBaseline, fill: string, weight?: number}} how
 */
export function write(context, text, x, y, { size = 11, align = "left", base = "middle", fill, weight }) {
  context.font = font(size, weight);
  context.textAlign = align;
  context.textBaseline = base;
  context.fillStyle = fill;
  context.fillText(text, x, y);
}
