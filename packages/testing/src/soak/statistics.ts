/** The value that a share of all values, 0..1, does not exceed; 0 without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** A value that was read at a time in milliseconds. */
export interface Reading {
  readonly at: number;
  readonly value: number;
}

/** The slope of the straight line that fits the readings best, in units an hour. */
export function slopePerHour(readings: readonly Reading[]): number {
  const mean = (of: (reading: Reading) => number): number =>
    readings.reduce((sum, reading) => sum + of(reading), 0) / readings.length;
  const [at, value] = [mean((reading) => reading.at), mean((reading) => reading.value)];
  const spread = mean((reading) => (reading.at - at) ** 2);
  if (!(spread > 0)) return 0;
  const common = mean((reading) => (reading.at - at) * (reading.value - value));
  return (common / spread) * 3_600_000;
}
