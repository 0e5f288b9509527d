import { summarise } from './statistics.mjs';

/** Samples by measurement, candidate and metric. */
export class Results {
  #samples = new Map();

  add(measurement, candidate, samples) {
    for (const [metric, value] of Object.entries(samples)) {
      const key = `${measurement} ${candidate} ${metric}`;
      if (!this.#samples.has(key)) this.#samples.set(key, []);
      this.#samples.get(key).push(value);
    }
  }

  /** Median, extremes and number of samples; null where nothing was measured. */
  of(measurement, candidate, metric) {
    const samples = this.#samples.get(`${measurement} ${candidate} ${metric}`);
    return samples === undefined ? null : summarise(samples);
  }

  /** The median, or NaN. */
  median(measurement, candidate, metric) {
    return this.of(measurement, candidate, metric)?.median ?? Number.NaN;
  }

  /** The highest sample of all metrics of a candidate whose name starts so, or NaN. */
  highest(candidate, start) {
    const wanted = [...this.#samples].filter(([key]) => {
      const [, whose, metric] = key.split(' ');
      return whose === candidate && metric.startsWith(start);
    });
    return wanted.length === 0 ? Number.NaN : Math.max(...wanted.flatMap(([, samples]) => samples));
  }

  toJSON() {
    return Object.fromEntries(this.#samples);
  }
}
