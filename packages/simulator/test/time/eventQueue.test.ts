import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { EventQueue } from '../../src/index.js';

test.prop([fc.array(fc.oneof(fc.constant('pop' as const), fc.nat(20)), { maxLength: 3000 })])(
  'an event queue orders events by time, and by arrival among equal times',
  (steps) => {
    const queue = new EventQueue();
    const model: { time: number; order: number }[] = [];
    const happened: number[] = [];
    const expected: number[] = [];
    const pop = (): void => {
      if (queue.length === 0) return;
      expect(queue.nextTime).toBe(Math.min(...model.map(({ time }) => time)));
      queue.pop().happen(0);
      model.sort((one, other) => one.time - other.time || one.order - other.order);
      expected.push(model.shift()!.order);
    };
    steps.forEach((step, order) => {
      if (step === 'pop') {
        pop();
        return;
      }
      queue.push(step, { happen: () => happened.push(order) });
      model.push({ time: step, order });
    });
    while (queue.length > 0) pop();
    expect(happened).toEqual(expected);
    expect(queue.nextTime).toBe(Number.POSITIVE_INFINITY);
  },
);
