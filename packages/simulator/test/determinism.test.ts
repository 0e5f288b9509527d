import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { Internet, natTypes } from '../src/index.js';

/** A small Internet with everything in it that draws random numbers. */
function simulate(seed: number, trace: boolean): Internet {
  const net = new Internet({ seed, trace });
  net.router('r', { address: '198.51.100.1', link: { jitter: 10, duplication: 0.1 } });
  const nat = net.nat('nat', { ...natTypes.symmetric, link: { loss: 0.1, reordering: 0.1 } });
  const a = net.peer('a', { behind: nat, link: { jitter: 3 } });
  const b = net.peer('b', { link: { up: { loss: 0.2 }, down: { delay: 1 } } });
  for (let round = 0; round < 20; round++) {
    net.run(5000);
    if (b.address !== null) a.ping(b.address);
    if (a.address !== null) b.sendUdp(a.address);
  }
  net.run(1000);
  return net;
}

describe('an Internet with the same seed', () => {
  test.prop([fc.integer()], { numRuns: 10 })(
    'carries the same datagrams at the same times',
    (seed) => {
      expect(simulate(seed, true).ladder()).toBe(simulate(seed, true).ladder());
    },
  );

  test.prop([fc.integer()], { numRuns: 10 })(
    'has the same statistics with and without a trace',
    (seed) => {
      expect(simulate(seed, true).statistics).toEqual(simulate(seed, false).statistics);
    },
  );
});

test('an Internet with another seed carries other datagrams', () => {
  expect(simulate(1, true).ladder()).not.toBe(simulate(2, true).ladder());
});

test('runUntil stops at the event that fulfills the condition, or at the limit', () => {
  const net = new Internet();
  net.router('r', { link: { delay: 3 } });
  const a = net.peer('a', { link: { delay: 4 } });
  expect(net.runUntil(() => a.address !== null, 1000)).toBe(14);
  expect(net.now).toBe(14);
  expect(net.runUntil(() => false, 50)).toBeNull();
  expect(net.now).toBe(64);
});

test('at runs an action in the middle of a run', () => {
  const net = new Internet();
  const times: number[] = [];
  for (const time of [30, 10, 20]) net.at(time, () => times.push(net.now));
  net.run(25);
  expect(times).toEqual([10, 20]);
});
