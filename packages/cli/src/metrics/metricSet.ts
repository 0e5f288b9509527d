type Prometheus = typeof import('prom-client');

/** The labels of a value, each with a name. */
export type Labels = Readonly<Record<string, string>>;

/** Values of one metric, each with its labels. */
export type Samples = readonly (readonly [labels: Labels, value: number])[];

/** Metrics that are made for one answer. */
export class MetricSet {
  readonly #prometheus: Prometheus;
  readonly #registry: InstanceType<Prometheus['Registry']>;

  private constructor(prometheus: Prometheus) {
    this.#prometheus = prometheus;
    this.#registry = new prometheus.Registry();
  }

  /** Makes an empty one; loads what only those need who ask for metrics. */
  static async open(): Promise<MetricSet> {
    return new MetricSet(await import('prom-client'));
  }

  /** Adds what goes up and down. */
  gauge(name: string, help: string, samples: Samples): void {
    const { Gauge } = this.#prometheus;
    const gauge = new Gauge({ name, help, labelNames: labelsOf(samples), registers: [] });
    this.#registry.registerMetric(gauge);
    for (const [labels, value] of samples) gauge.set(labels, value);
  }

  /** Adds what only grows, from 0. */
  counter(name: string, help: string, samples: Samples): void {
    const { Counter } = this.#prometheus;
    const counter = new Counter({ name, help, labelNames: labelsOf(samples), registers: [] });
    this.#registry.registerMetric(counter);
    for (const [labels, value] of samples) counter.inc(labels, value);
  }

  /** All of them in the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

/** The names of labels; a metric without any would begin with a value of 0, also where there is none. */
function labelsOf(samples: Samples): string[] {
  return Object.keys(samples[0]?.[0] ?? { absent: '' });
}
