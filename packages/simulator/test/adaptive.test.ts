import { draft04Profile } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { accessKinds, Internet, predictPath, showTraceOnFailure } from '../src/index.js';

/** Traffic class: presumptuous, and the source may be adapted (draft-04 §7.1). */
const PRESUMPTUOUS_ADAPTIVE = 0xa0;
/** More than the Router Advertisement that corrects its source. */
const SIZE = 300;
const INTERVAL = 100;
/** A presumptuous packet is lost where there is no direct path, for as long as INIT lasts. */
const TRIAL = 2_000;

describe('draft04, with packets that are presumptuous and allow an adapted source', () => {
  describe.each(accessKinds)('a sender behind $name', (first) => {
    test.each(accessKinds)('takes the predicted path to a receiver behind $name', (second) => {
      showTraceOnFailure(new Internet({ trace: true }), (net) => {
        const profile = draft04Profile;
        net.router('r', { address: '198.51.100.1', profile });
        const [a, b] = [first, second].map((kind, index) => {
          const behind = kind.build(net, `nat ${index}`);
          const trafficClass = index === 0 ? PRESUMPTUOUS_ADAPTIVE : 0;
          return net.peer('ab'[index]!, {
            ...{ profile, trafficClass },
            ...(behind === undefined ? {} : { behind }),
          });
        });
        net.run(5_000);
        const pings = [];
        for (const start = net.now; net.now < start + 10_000; net.run(INTERVAL)) {
          pings.push({ after: net.now - start, number: a!.ping(b!.address!, SIZE) });
        }
        net.run(1_000);
        const scenario = {
          strategy: 'probe-and-seen',
          receiverSends: true,
          adaptsSource: true,
        } as const;
        const prediction = predictPath(first.access, second.access, scenario);
        expect(a!.remotes[0]?.path, prediction.reason).toBe(prediction.path);
        const lost = pings.filter(({ number }) => !a!.wasAnswered(number));
        expect(lost.filter(({ after }) => after >= TRIAL)).toEqual([]);
      });
    });
  });
});
