import { describe, expect, test } from 'vitest';
import { createReception } from '../reception.mjs';

const SAMPLES = 160;
const FRAME_MS = 20;

/** Receives packets, each of which arrives `delay(n)` after it was due. */
function receive(numbers: readonly number[], delay = (_: number): number => 0) {
  const reception = createReception();
  for (const n of numbers) {
    reception.add(n & 0xffff, (n * SAMPLES) >>> 0, n * FRAME_MS + delay(n));
  }
  return reception.report();
}

const count = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe('the report of a receiver (RFC 3550 §6.4.1)', () => {
  test('has no loss when nothing was received', () => {
    expect(createReception().report()).toEqual({ received: 0, lost: 0, jitter: 0 });
  });

  test('has no loss and no jitter when all packets arrive in time', () => {
    expect(receive(count(7, 107))).toEqual({ received: 100, lost: 0, jitter: 0 });
  });

  test('counts the missing packets between the first and the last as lost', () => {
    const numbers = count(0, 100).filter((n) => n % 10 !== 3);
    expect(receive(numbers)).toMatchObject({ received: 90, lost: 10 });
  });

  test('has no loss when packets overtake others', () => {
    expect(receive([0, 1, 3, 2, 4, 6, 5])).toMatchObject({ received: 7, lost: 0 });
  });

  test('has a negative loss after a duplicate (RFC 3550 §6.4.1)', () => {
    expect(receive([0, 1, 1, 2])).toMatchObject({ received: 4, lost: -1 });
  });

  test('counts on when sequence numbers wrap, more than once', () => {
    const numbers = count(65_500, 200_000).filter((n) => n !== 65_536 && n !== 131_071);
    expect(receive(numbers)).toMatchObject({ received: numbers.length, lost: 2 });
  });

  test('has no jitter with a constant delay, nor when timestamps wrap', () => {
    const wrap = 2 ** 32 / SAMPLES;
    const numbers = count(Math.floor(wrap) - 5, Math.floor(wrap) + 5);
    expect(receive(numbers, () => 250).jitter).toBeLessThan(0.01);
  });

  test('has a jitter that tends to 4 ms when every second packet is 4 ms late (RFC 3550 A.8)', () => {
    const late = (n: number): number => (n % 2) * 4;
    // J += (|D| - J) / 16 with |D| = 4 ms, from 0: 4 (1 - (15/16)^n).
    expect(receive(count(0, 17), late).jitter).toBeCloseTo(4 * (1 - (15 / 16) ** 16), 6);
    expect(receive(count(0, 500), late).jitter).toBeCloseTo(4, 6);
  });
});
