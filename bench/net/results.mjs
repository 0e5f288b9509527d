import { median, summarise } from './statistics.mjs';

/** Samples by measurement, candidate and metric. */
export class Results {
  /** By key, samples with the number of their round. */
  #samples = new Map();

  /** @param disturbed - whether other programs or machines took part of the time */
  add(measurement, candidate, samples, { round, disturbed }) {
    for (const [metric, value] of Object.entries(samples)) {
      const key = `${measurement} ${candidate} ${metric}`;
      if (!this.#samples.has(key)) this.#samples.set(key, []);
      this.#samples.get(key).push({ round, value, disturbed });
    }
  }

  /**
   * Median, extremes and number of samples, and how many of them were disturbed; null where nothing was
   * measured. Disturbed rounds count only where there are no others.
   */
  of(measurement, candidate, metric) {
    const samples = this.#of(measurement, candidate, metric);
    if (samples.length === 0) return null;
    const quiet = samples.filter(({ disturbed }) => !disturbed);
    const chosen = quiet.length > 0 ? quiet : samples;
    return {
      ...summarise(chosen.map(({ value }) => value)),
      disturbed: samples.length - quiet.length,
      isDisturbed: quiet.length === 0,
    };
  }

  /** The median, or NaN. */
  median(measurement, candidate, metric) {
    return this.of(measurement, candidate, metric)?.median ?? Number.NaN;
  }

  /**
   * The median of the ratios of two metrics within the same round, or NaN. Rounds in which one of both was disturbed
   * count only where there are no others.
   *
   * @param above - `[candidate, metric]`
   */
  ratio(measurement, above, below) {
    const others = new Map(this.#of(measurement, ...below).map((one) => [one.round, one]));
    const pairs = this.#of(measurement, ...above)
      .filter(({ round }) => others.has(round))
      .map(({ round, value, disturbed }) => ({
        ratio: value / others.get(round).value,
        disturbed: disturbed || others.get(round).disturbed,
      }));
    const quiet = pairs.filter(({ disturbed }) => !disturbed);
    return median((quiet.length > 0 ? quiet : pairs).map(({ ratio }) => ratio));
  }

  /** The metrics of a candidate, as pairs of measurement and metric. */
  metricsOf(candidate) {
    return [...this.#samples.keys()]
      .map((key) => key.split(' '))
      .filter(([, whose]) => whose === candidate)
      .map(([measurement, , metric]) => [measurement, metric]);
  }

  toJSON() {
    return Object.fromEntries(this.#samples);
  }

  #of(measurement, candidate, metric) {
    return this.#samples.get(`${measurement} ${candidate} ${metric}`) ?? [];
  }
}
