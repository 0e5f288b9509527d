import { boundOf, soakEvents } from '@6bed4/testing/soak/bounds';
import { recoveryTable } from '@6bed4/testing/soak/report';
import { quantile, slopePerHour } from '@6bed4/testing/soak/statistics';
import { describe, expect, test } from 'vitest';
import { Conversation, type Post } from './conversation.js';
import { Party } from './party.js';
import { planSteps } from './plan.js';
import { shrink } from './shrink.js';
import { Soak } from './soak.js';

const parties = [0, 1].map((index) => new Party(index, undefined, () => 0));
const [a, b] = parties as [Party, Party];

/** A post that loses what is sent from one time to another. */
function losing(from: number, to: number, now: () => number): Post {
  return {
    random: () => 0,
    send: (_from, _to, _asks, arrived) => {
      if (now() < from || now() >= to) arrived();
      return true;
    },
  };
}

function talk(kind: 'stream' | 'later', from: number, to: number): Conversation {
  let now = 0;
  const conversation = new Conversation(
    kind,
    a,
    b,
    losing(from, to, () => now),
  );
  conversation.beginWindow();
  for (; now < 60_000; now += 50) conversation.tick(now);
  return conversation;
}

describe('a conversation of a soak', () => {
  test.each([
    ['nothing is lost', 0, 0, 0, 0],
    ['packets are lost until 5 s after the fault', 10_000, 15_000, 5_000, 20],
    ['packets are lost until the fault ends', 8_000, 10_000, 0, 8],
    ['packets are lost until the end', 10_000, 90_000, Number.POSITIVE_INFINITY, 200],
  ])('measures the silence when %s', (_, from, to, silence, lost) => {
    expect(talk('stream', from, to).recovery(10_000, 60_000)).toEqual({ silence, lost });
  });

  test('measures the time to the answer of a later request', () => {
    const silences = (from: number, to: number): number[] =>
      talk('later', from, to)
        .takeAnswers(60_000)
        .map(({ silence }) => silence);
    expect(silences(30_000, 48_000)).toEqual([8_000]);
    expect(silences(0, 0)).toEqual([0]);
  });

  test('counts a request that nobody answers as never answered', () => {
    const conversation = talk('later', 0, 1_000_000);
    expect(conversation.takeAnswers(60_000)).toEqual([]);
    expect(conversation.takeAnswers(600_000)).toEqual([
      { askedAt: 40_000, silence: Number.POSITIVE_INFINITY },
    ]);
  });
});

describe('the plan of a soak', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(planSteps(7, 1)).toEqual(planSteps(7, 1));
    expect(planSteps(8, 1)).not.toEqual(planSteps(7, 1));
  });

  test('has every kind of fault in an hour', () => {
    const planned = new Set(planSteps(1, 1).map(({ event }) => event));
    const expected = Object.keys(soakEvents).filter((event) => event !== 'interface-address');
    expect([...planned].sort()).toEqual(expected.sort());
  });
});

describe('a soak', () => {
  const steps = [{ wait: 1_000, event: 'nat-ports', lasts: 0, seed: 3 }] as const;

  test('gives the same result for the same seed', () => {
    const result = new Soak(5, steps).run();
    expect(result.samples.length).toBeGreaterThan(0);
    expect(new Soak(5, steps).run()).toEqual(result);
  });
});

describe('a list that fails', () => {
  test.each([
    ['the last alone', [9], 9],
    ['an early one and the last', [2, 9], 9],
    ['an early one, though a later one was blamed', [2], 6],
  ])('is reduced to %s', (_, needed, last) => {
    const list = Array.from({ length: 10 }, (__, index) => index);
    const fails = (part: readonly number[]) => needed.every((each) => part.includes(each));
    const shortest = shrink(list, last, fails);
    expect(fails(shortest)).toBe(true);
    expect(shortest.length).toBeLessThanOrEqual(needed.length + 3);
  });
});

describe('the figures of a soak', () => {
  test('are quantiles of all values', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0.5, 0.95, 1].map((share) => quantile(values, share))).toEqual([50, 95, 100]);
    expect(quantile([], 0.5)).toBe(0);
  });

  test('have the slope of a straight line', () => {
    const readings = [0, 1, 2, 3].map((index) => ({ at: index * 60_000, value: 5 + 2 * index }));
    expect(slopePerHour(readings)).toBeCloseTo(120);
    expect(slopePerHour(readings.slice(0, 1))).toBe(0);
  });

  test('say how many were beyond their bound', () => {
    const sample = { event: 'nat-forgets', usage: 'both send', strategy: 's', lost: 1 } as const;
    const table = recoveryTable([
      { ...sample, silence: 1_000, bound: 2_000 },
      { ...sample, silence: Number.POSITIVE_INFINITY, bound: 2_000 },
    ]);
    expect(table).toMatch(
      /\| both send, s +\| 2 +\| 1\.00 s +\| for ever +\| for ever +\| 2\.00 s +\| 1 /,
    );
  });

  test('have a longer bound for one-way traffic only where Seen flags tell of paths', () => {
    expect(boundOf('nat-forgets', 'one sends', 'probe-and-seen')).toBe(27_000);
    expect(boundOf('router-restarts', 'one sends', 'probe-and-seen')).toBe(0);
    expect(boundOf('nat-forgets', 'one sends', 'neighbor-discovery')).toBe(
      soakEvents['nat-forgets'].bounds['one sends'],
    );
  });
});
