import type { Profile } from '@6bed4/codec';
import { afterAll, describe, expect, test } from 'vitest';
import { Internet, isStable, withTrace } from '../src/index.js';
import { profiles } from './support/dialects.js';
import { type Kind, kinds } from './support/natKinds.js';
import { type Fault, faults, outage, type Traffic } from './support/recovery.js';

/** Packets over the longest way here: to the router, back, and once more. */
const ROUND_TRIPS = 250;
/**
 * A direct path that died is used until a question on it stays without answer: the next one is due 5 s
 * after the last proof, and is given up half a second later. Then packets take the router, which
 * corrects a peer whose address no longer fits.
 */
const DIRECT_PATH_NOTICED = 5_000 + 500;
/** With Probe and Seen, a direct path is used for 27 s after the last Seen flag (draft-04 §7.3). */
const SEEN_LIFETIME = 27_000;
/** A keepalive of a peer that does not send opens its NAT for the router again. */
const KEEPALIVE = 30_000;
/** A peer that only listens learns of another outside endpoint when it refreshes its address. */
const REFRESH = 120_000;

/** How long connectivity may be missed after a fault. */
function bound(fault: Fault, traffic: Traffic, first: Kind, profile: Profile): number {
  const noticed = profile.dialect === 'draft04' ? SEEN_LIFETIME : DIRECT_PATH_NOTICED;
  if (traffic === 'both' || fault.isNoticed) return noticed + ROUND_TRIPS;
  const keepsEndpoint = fault.name === 'NAT forgets' && isStable(first.side);
  return (keepsEndpoint ? KEEPALIVE : REFRESH) + ROUND_TRIPS;
}

const named = (...names: string[]): Kind[] =>
  names.map((name) => kinds.find((kind) => kind.name === name)!);
const firsts = named('none', 'firewall', 'EI/EI', 'EI/APD', 'AD/EI', 'APD/APD');
const seconds = named('none', 'EI/APD', 'APD/APD');

const modes = [
  { traffic: 'both', interval: 250, phases: [0, 1_250, 2_750, 4_000], limit: 40_000 },
  { traffic: 'other', interval: 1_000, phases: [0, 33_000, 95_000], limit: 130_000 },
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
            const most = bound(fault, traffic, first, profile) + interval;
            const time = outage(trial, new Internet());
            const name = `${profile.dialect}, ${fault.name}, ${traffic} send`;
            worst.set(name, Math.max(time, worst.get(name) ?? 0));
            if (time <= most) continue;
            // Once more, to see what happened.
            withTrace(new Internet({ trace: true }), (net) => {
              expect(outage(trial, net), title).toBeLessThanOrEqual(most);
            });
          }
        }
      }
    });
  });
});
