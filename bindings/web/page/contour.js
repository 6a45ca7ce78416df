/**
 * Draws the line on which values on a grid are 0, cell by cell (marching squares, between neighbours linearly).
 * @param {CanvasRenderingContext2D | Path2D} path takes `moveTo` and `lineTo`, in cells from the upper left
 * @param {Float32Array} values row-major, from the upper left
 * @param {number} n points along each side
 */
export function zeroLine(path, values, n) {
  for (let row = 0; row + 1 < n; row++) {
    let upperLeft = values[row * n];
    let lowerLeft = values[(row + 1) * n];
    for (let column = 0; column + 1 < n; column++) {
      const upperRight = values[row * n + column + 1];
      const lowerRight = values[(row + 1) * n + column + 1];
      const signs = (upperLeft > 0) + (upperRight > 0) + (lowerLeft > 0) + (lowerRight > 0);
      if (signs > 0 && signs < 4) cell(path, column, row, upperLeft, upperRight, lowerLeft, lowerRight);
      upperLeft = upperRight;
      lowerLeft = lowerRight;
    }
  }
}

/** The one or two pieces of the line in a cell, from side to side. */
function cell(path, x, y, upperLeft, upperRight, lowerLeft, lowerRight) {
  const between = (from, to) => from / (from - to);
  const ends = [];
  // around the cell, so that a saddle's neighbours are joined
  if (upperLeft > 0 !== upperRight > 0) ends.push(x + between(upperLeft, upperRight), y);
  if (upperRight > 0 !== lowerRight > 0) ends.push(x + 1, y + between(upperRight, lowerRight));
  if (lowerLeft > 0 !== lowerRight > 0) ends.push(x + between(lowerLeft, lowerRight), y + 1);
  if (upperLeft > 0 !== lowerLeft > 0) ends.push(x, y + between(upperLeft, lowerLeft));
  for (let k = 0; k + 3 < ends.length; k += 4) {
    path.moveTo(ends[k], ends[k + 1]);
    path.lineTo(ends[k + 2], ends[k + 3]);
  }
}
