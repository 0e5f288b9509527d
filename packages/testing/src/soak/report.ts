import { writeFileSync } from 'node:fs';
import { markdownTable } from '../markdown.js';
import { type SoakEventName, soakEvents, type Usage } from './bounds.js';
import { quantile } from './statistics.js';

/** What one event did to one conversation; times in milliseconds. */
export interface Sample {
  readonly event: SoakEventName;
  readonly usage: Usage;
  /** The peering strategy, or whatever else has bounds of its own. */
  readonly strategy: string;
  /** `Infinity` where it did not recover. */
  readonly silence: number;
  readonly lost: number;
  readonly bound: number;
}

/** The result of a soak, as `scripts/soak/main.mjs` reads it. */
export interface SoakReport {
  readonly title: string;
  /** Paragraphs and tables in Markdown. */
  readonly text: string;
  /** What should not have been; empty for a good run. */
  readonly violations: readonly string[];
  readonly samples: readonly Sample[];
}

function seconds(milliseconds: number): string {
  return Number.isFinite(milliseconds) ? `${(milliseconds / 1000).toFixed(2)} s` : 'for ever';
}

/** A table of the samples: a row for each event, usage and strategy. */
export function recoveryTable(samples: readonly Sample[]): string {
  const rows = Object.entries(soakEvents).flatMap(([event, { title }]) => {
    const ofEvent = samples.filter((sample) => sample.event === event);
    const keys = [...new Set(ofEvent.map(keyOf))].sort();
    return keys.map((key) => {
      const group = ofEvent.filter((sample) => keyOf(sample) === key);
      const silences = group.map(({ silence }) => silence);
      return [
        title,
        key,
        String(group.length),
        ...[0.5, 0.95, 1].map((share) => seconds(quantile(silences, share))),
        seconds(Math.max(...group.map(({ bound }) => bound))),
        String(group.filter(({ silence, bound }) => silence > bound).length),
      ];
    });
  });
  const head = ['after', 'traffic', 'n', 'median', 'p95', 'max', 'bound', 'beyond'];
  return markdownTable([head, ...rows]);
}

function keyOf({ usage, strategy }: Sample): string {
  return `${usage}, ${strategy}`;
}

/** Writes a report to the file that `SOAK_REPORT` names, if it does. */
export function writeReport(report: SoakReport): void {
  const file = process.env['SOAK_REPORT'];
  if (file !== undefined) writeFileSync(file, JSON.stringify(report));
}

/** A number of the environment, or another one. @throws RangeError when it is no number, or below 0 */
export function numberFrom(variable: string, otherwise: number): number {
  const text = process.env[variable];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (!(value >= 0)) throw new RangeError(`${variable}: ${text}, expected a number, 0 or more`);
  return value;
}
