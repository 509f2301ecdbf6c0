// Axes: which values a chart shows, and the round numbers beside it.

/**
 * @param {number} low
 * @param {number} high above `low`
 * @param {number} about how many
 * @returns {number[]} round numbers from `low` to `high`
 */
export function ticks(low, high, about) {
  const raw = (high - low) / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= raw * 0.72) ?? raw;
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at += 1) found.push(at * step);
  return found;
}

/** Whole numbers only: epochs. */
export function wholeTicks(high, about) {
  const step = Math.max(1, ...ticks(0, Math.max(1, high), about).slice(1, 2).map(Math.ceil));
  return Array.from({ length: Math.floor(high / step) + 1 }, (_, index) => index * step);
}

/** The value that `share` of the sorted values lie below. */
const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

/**
 * The range that a chart shows. All values of epochs, and of batches all but the outermost hundredth: the
 * first batches of a run would otherwise press the rest of its curve flat. `full` shows those too.
 * @param {{batch: import('./curves.js').Curve|null, lines: import('./curves.js').Curve[], full: boolean, limits: [number, number]}} input
 *   `limits` are the least and the greatest possible value
 * @returns {[number, number]}
 */
export function rangeOf({ batch, lines, full, limits }) {
  const kept = lines.flatMap((curve) => [...curve.min, ...curve.max]).filter(Number.isFinite);
  if (batch !== null) {
    const sorted = [...batch.min, ...batch.max].filter(Number.isFinite).sort((a, b) => a - b);
    if (sorted.length > 0) kept.push(quantile(sorted, full ? 0 : 0.01), quantile(sorted, full ? 1 : 0.99));
  }
  if (kept.length === 0) return Number.isFinite(limits[1]) ? limits : [0, 1];
  let low = Infinity;
  let high = -Infinity;
  for (const value of kept) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const pad = high > low ? (high - low) * 0.06 : Math.max(Math.abs(high) * 0.1, 1e-9);
  return [Math.max(limits[0], low - pad), Math.min(limits[1], high + pad)];
}
