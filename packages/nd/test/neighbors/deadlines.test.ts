import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Deadlines } from '../../src/index.js';

const CAPACITY = 5;
const GROWN = 9;
const DURATIONS = [10, 200, 3000, Number.POSITIVE_INFINITY];

describe('deadlines', () => {
  test('fall due after their duration, one after the other', () => {
    const deadlines = new Deadlines(3, [100]);
    deadlines.set(2, 0, 1000);
    deadlines.set(0, 0, 1050);
    expect(deadlines.next()).toBe(1100);
    expect(deadlines.take(1099)).toBe(-1);
    expect([deadlines.isDue(2, 1099), deadlines.isDue(2, 1100)]).toEqual([false, true]);
    expect(deadlines.take(1100)).toBe(2);
    expect(deadlines.take(1100)).toBe(-1);
    expect(deadlines.next()).toBe(1150);
    expect(deadlines.take(2000)).toBe(0);
    expect(deadlines.next()).toBe(Number.POSITIVE_INFINITY);
  });

  test('of the first duration are taken first, even where another fell due before', () => {
    const deadlines = new Deadlines(2, [100, 10]);
    deadlines.set(0, 1, 0);
    deadlines.set(1, 0, 0);
    expect(deadlines.next()).toBe(10);
    expect([deadlines.take(500), deadlines.take(500)]).toEqual([1, 0]);
  });

  test('run anew when they are set again, also for another duration', () => {
    const deadlines = new Deadlines(2, [100, 10]);
    deadlines.set(0, 1, 0);
    deadlines.set(0, 0, 5);
    expect(deadlines.next()).toBe(105);
    deadlines.set(0, 0, 50);
    expect(deadlines.next()).toBe(150);
  });

  test('are those of an obvious implementation, for any history and growth', () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constantFrom('set' as const, 'set' as const, 'clear' as const),
        slot: fc.nat(GROWN - 1),
        kind: fc.nat(DURATIONS.length - 1),
      }),
      fc.record({ do: fc.constant('take' as const) }),
      fc.record({ do: fc.constant('grow' as const) }),
      fc.record({
        do: fc.constant('wait' as const),
        time: fc.oneof(fc.nat(300), fc.integer({ min: -100, max: 4000 })),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
        const deadlines = new Deadlines(CAPACITY, DURATIONS);
        let model: { slot: number; kind: number; at: number }[] = [];
        let now = 0;
        let capacity = CAPACITY;
        let latest = Number.NEGATIVE_INFINITY;
        for (const one of steps) {
          if (one.do === 'wait') {
            now += one.time;
          } else if (one.do === 'grow') {
            if (capacity < GROWN) deadlines.grow(++capacity);
          } else if (one.do === 'take') {
            latest = Math.max(latest, now);
            const due = model.filter(({ at }) => at <= latest);
            const [first] = due.sort((left, right) => left.kind - right.kind);
            expect(deadlines.take(now)).toBe(first?.slot ?? -1);
            model = model.filter((entry) => entry !== first);
          } else if (one.slot < capacity) {
            model = model.filter(({ slot }) => slot !== one.slot);
            if (one.do === 'clear') {
              deadlines.clear(one.slot);
            } else {
              latest = Math.max(latest, now);
              model.push({ slot: one.slot, kind: one.kind, at: latest + DURATIONS[one.kind]! });
              deadlines.set(one.slot, one.kind, now);
            }
          }
          expect(deadlines.next()).toBe(Math.min(...model.map(({ at }) => at)));
          for (let slot = 0; slot < capacity; slot++) {
            const at = model.find((entry) => entry.slot === slot)?.at;
            expect(deadlines.isDue(slot, now)).toBe(
              at !== undefined && at <= Math.max(now, latest),
            );
          }
        }
      }),
    );
  });
});
