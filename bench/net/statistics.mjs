/** The value in the middle; the mean of the two there for an even number. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  return Number.isInteger(middle)
    ? (sorted[middle - 1] + sorted[middle]) / 2
    : sorted[Math.floor(middle)];
}

/** Median and extremes of samples. */
export function summarise(samples) {
  return {
    median: median(samples),
    least: Math.min(...samples),
    most: Math.max(...samples),
    count: samples.length,
  };
}
