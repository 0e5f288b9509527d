import type { Profile } from '@6bed4/codec';
import { afterAll, describe, expect, test } from 'vitest';
import { Internet, showTraceOnFailure } from '../src/index.js';
import { type AccessKind, accessKinds } from './support/accessKinds.js';
import { profiles } from './support/dialects.js';
import { faults, outage, type Traffic } from './support/outage.js';

/** Round trips over the longest path here: to the router, back, and once more. */
const ROUND_TRIPS = 250;
/**
 * A peer from which something came in each quarter of a second solicits its router, which opens its NAT again
 * and leases it another address, when nothing came for a second; it looks four times a second.
 */
const STEADY_SILENCE_NOTICED = 1_000 + 250;
/** The same where packets came less often. */
const SILENCE_NOTICED = 3_000 + 250;
/** With Probe and Seen, a direct path is used for 27 s after the last Seen flag (draft-04 §7.3). */
const SEEN_LIFETIME = 27_000;

/** Longest outage after a fault, in milliseconds. */
function bound(traffic: Traffic, profile: Profile): number {
  if (traffic === 'both') return STEADY_SILENCE_NOTICED + ROUND_TRIPS;
  return profile.dialect.peering === 'probe-and-seen'
    ? SEEN_LIFETIME + ROUND_TRIPS
    : SILENCE_NOTICED + ROUND_TRIPS;
}

const named = (...names: string[]): AccessKind[] =>
  names.map((name) => accessKinds.find((kind) => kind.name === name)!);
const firsts = named('none', 'firewall', 'EI/EI', 'EI/APD', 'AD/EI', 'APD/APD');
const seconds = named('none', 'EI/APD', 'APD/APD');

const modes = [
  { traffic: 'both', interval: 250, phases: [0, 1_250, 2_750, 4_000], limit: 15_000 },
  { traffic: 'other', interval: 1_000, phases: [0, 33_000, 95_000], limit: 45_000 },
] as const;

const worst = new Map<string, number>();
afterAll(() => {
  for (const [name, milliseconds] of worst) console.log(`${name}: ${milliseconds} ms at most`);
});

describe.each(profiles)('%s: connectivity returns in time', (_, profile) => {
  describe.each(modes)('$traffic send', ({ traffic, interval, phases, limit }) => {
    test.each(faults)('after $name', (fault) => {
      for (const first of firsts) {
        for (const second of seconds) {
          for (const phase of phases) {
            const trial = { first, second, profile, fault, traffic, interval, phase, limit };
            const title = `a behind ${first.name}, b behind ${second.name}, phase ${phase}`;
            const most = bound(traffic, profile) + interval;
            const time = outage(trial, new Internet());
            const name = `${profile.dialect.name}, ${fault.name}, ${traffic} send`;
            worst.set(name, Math.max(time, worst.get(name) ?? 0));
            if (time <= most) continue;
            // Again with a trace, for the message.
            showTraceOnFailure(new Internet({ trace: true }), (net) => {
              expect(outage(trial, net), title).toBeLessThanOrEqual(most);
            });
          }
        }
      }
    });
  });
});
