import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { Internet, natKinds } from '../src/index.js';

/** A small Internet with everything in it that draws random numbers. */
function story(seed: number, trace: boolean): Internet {
  const net = new Internet({ seed, trace });
  net.router('r', { address: '198.51.100.1', link: { jitter: 10, duplication: 0.1 } });
  const nat = net.nat('nat', { ...natKinds.symmetric, link: { loss: 0.1, reordering: 0.1 } });
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

describe('the same seed', () => {
  test.prop([fc.integer()], { numRuns: 10 })(
    'gives the same datagrams at the same times',
    (seed) => {
      expect(story(seed, true).ladder()).toBe(story(seed, true).ladder());
    },
  );

  test.prop([fc.integer()], { numRuns: 10 })('gives the same whether recorded or not', (seed) => {
    expect(story(seed, true).statistics).toEqual(story(seed, false).statistics);
  });
});

test('another seed gives another story', () => {
  expect(story(1, true).ladder()).not.toBe(story(2, true).ladder());
});

test('runUntil stops at the event that fulfils the condition, or at the limit', () => {
  const net = new Internet();
  net.router('r', { link: { delay: 3 } });
  const a = net.peer('a', { link: { delay: 4 } });
  expect(net.runUntil(() => a.address !== null, 1000)).toBe(14);
  expect(net.now).toBe(14);
  expect(net.runUntil(() => false, 50)).toBeNull();
  expect(net.now).toBe(64);
});

test('at: something happens in the middle of a run', () => {
  const net = new Internet();
  const times: number[] = [];
  for (const time of [30, 10, 20]) net.at(time, () => times.push(net.now));
  net.run(25);
  expect(times).toEqual([10, 20]);
});
