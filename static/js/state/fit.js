// How to set numbers so that they are as large as the room allows: the number of columns that makes the tiles widest and tallest.

const DIGIT_WIDTH = 0.62;

// `width` and `height` in any one unit; the font size that comes back is in that unit
export function fit(count, digits, width, height) {
  let best = { columns: 1, rows: 1, size: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(Math.max(1, count) / columns);
    const size = Math.min(width / columns / (digits * DIGIT_WIDTH + 0.5), height / rows / 1.3);
    if (size > best.size) best = { columns, rows, size };
  }
  return best;
}
