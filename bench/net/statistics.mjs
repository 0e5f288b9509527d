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

/** Jain's index of fairness: 1 where all have the same, 1 / n where one of n has everything. */
export function fairness(values) {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? Number.NaN : (sum * sum) / (values.length * squares);
}
