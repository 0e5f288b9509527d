import { afterAll, describe, expect, test } from 'vitest';
import { type AccessKind, accessKinds, Internet, showTraceOnFailure } from '../src/index.js';
import { profiles } from './support/dialects.js';
import { faults, outage } from './support/outage.js';

/** Round trips over the longest path here: to the router, back, and once more. */
const ROUND_TRIPS = 250;
/**
 * The bound of docs/direct-paths.md: a peer that received and then receives nothing for 1.25 s, which it
 * checks four times a second, opens its NAT to the remote and the router again; one that goes on sending
 * solicits 1.25 s after the last confirmation, and relays half a second later.
 */
const MAX_SILENCE = 2_000;

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
            const most = MAX_SILENCE + ROUND_TRIPS + interval;
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
