import { numberFrom, recoveryTable, type Sample, writeReport } from '@6bed4/testing/soak/report';
import { expect, test } from 'vitest';
import { planSteps, type Step } from './plan.js';
import { shrink } from './shrink.js';
import { Soak, type SoakResult } from './soak.js';

const HOURS = numberFrom('HOURS', 1);
const SEED = numberFrom('SEED', 1);
/** Steps as a failure prints them, to run these only. */
const FAULTS = process.env['FAULTS'];
/** Whether to search for fewer faults that fail as well, which takes minutes. */
const SHRINKS = process.env['SHRINK'] !== '0' && FAULTS === undefined;
/** Milliseconds of real time for each hour, on slow computers; and for the search of what failed. */
const SLOWEST_HOUR = 600_000;

/** The runs of a soak: each hour has a seed, and so a network, of its own. */
function plans(): { readonly seed: number; readonly steps: readonly Step[] }[] {
  if (FAULTS !== undefined) return [{ seed: SEED, steps: JSON.parse(FAULTS) as Step[] }];
  return Array.from({ length: Math.max(1, Math.ceil(HOURS)) }, (_, hour) => ({
    seed: SEED + hour,
    steps: planSteps(SEED + hour, Math.min(1, HOURS - hour)),
  }));
}

/** What failed, and the faults that suffice for it, where they are to be sought. */
function explain(
  seed: number,
  steps: readonly Step[],
  { violations }: SoakResult,
  shrinks: boolean,
): string[] {
  const first = violations[0]!;
  const fails = (list: readonly Step[]) => new Soak(seed, list).run().violations.length > 0;
  const shortest = shrinks ? shrink(steps, first.step, fails) : steps;
  return [
    ...violations.map(({ step, text }) => `seed ${seed}, fault ${step}: ${text}`),
    `again: SEED=${seed} FAULTS='${JSON.stringify(shortest)}' npx vitest run --project simulator soak`,
  ];
}

test(`peers recover from random faults in time, seed ${SEED}`, {
  timeout: SLOWEST_HOUR * (Math.ceil(HOURS) + 1),
}, () => {
  const samples: Sample[] = [];
  const failures: string[] = [];
  const control = { second: 0, minute: 0 };
  let [faults, packets, duration] = [0, 0, 0];
  for (const { seed, steps } of plans()) {
    const result = new Soak(seed, steps).run();
    samples.push(...result.samples);
    for (const span of ['second', 'minute'] as const) {
      control[span] = Math.max(control[span], result.control[span]);
    }
    faults += steps.length;
    packets += result.packets;
    duration += result.duration;
    if (result.violations.length > 0) {
      failures.push(...explain(seed, steps, result, SHRINKS && failures.length === 0));
    }
  }
  const text = [
    `${faults} faults in ${(duration / 3_600_000).toFixed(1)} hours of virtual time, from seed ${SEED}; ` +
      `${packets} packets of applications. Control packets of a peer to one endpoint: at most ` +
      `${control.second} in a second, ${control.minute} in a minute.`,
    recoveryTable(samples),
  ].join('\n\n');
  writeReport({ title: 'In virtual time', text, violations: failures, samples });
  console.log(text);
  expect(failures).toEqual([]);
});
