import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { PortPool } from '../../src/gateway/portPool.js';

test('a port that was given back is the last to be used again', () => {
  const pool = new PortPool([1, 2, 3], () => 0.5);
  const first = pool.take()!;
  pool.give(first);
  const [one, other] = [pool.take(), pool.take()];
  expect([one, other]).not.toContain(first);
  expect(pool.take()).toBe(first);
  expect([pool.take(), pool.free]).toEqual([null, 0]);
});

property.prop([fc.array(fc.boolean(), { maxLength: 200 }), fc.integer({ min: 1, max: 20 })])(
  'no port is taken twice, and none is lost',
  (takes, count) => {
    const pool = new PortPool(
      Array.from({ length: count }, (_, index) => index + 1),
      Math.random,
    );
    const held: number[] = [];
    for (const isTake of takes) {
      if (isTake) {
        const port = pool.take();
        expect(port === null).toBe(held.length === count);
        if (port !== null) {
          expect(held).not.toContain(port);
          held.push(port);
        }
      } else if (held.length > 0) pool.give(held.shift()!);
      expect(pool.free + held.length).toBe(count);
    }
  },
);
