import { describe, expect, it } from 'vitest';
import { createReception } from '../reception.mjs';

const SAMPLES = 160;
const FRAME_MS = 20;

/** A stream in which packet n arrives at `delay(n)` after it was due; null for never. */
function receive(numbers: readonly number[], delay = (_: number): number => 0) {
  const reception = createReception();
  for (const n of numbers) {
    reception.take(n & 0xffff, (n * SAMPLES) >>> 0, n * FRAME_MS + delay(n));
  }
  return reception.report();
}

const count = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe('what a receiver reports (RFC 3550 §6.4.1)', () => {
  it('given nothing came, then nothing was lost either', () => {
    expect(createReception().report()).toEqual({ received: 0, lost: 0, jitter: 0 });
  });

  it('given all came in time, then nothing is lost and there is no jitter', () => {
    expect(receive(count(7, 107))).toEqual({ received: 100, lost: 0, jitter: 0 });
  });

  it('given gaps, then what is missing between first and last is lost', () => {
    const numbers = count(0, 100).filter((n) => n % 10 !== 3);
    expect(receive(numbers)).toMatchObject({ received: 90, lost: 10 });
  });

  it('given packets that overtake others, then nothing is lost', () => {
    expect(receive([0, 1, 3, 2, 4, 6, 5])).toMatchObject({ received: 7, lost: 0 });
  });

  it('given a duplicate, then the loss may be negative (RFC 3550 §6.4.1)', () => {
    expect(receive([0, 1, 1, 2])).toMatchObject({ received: 4, lost: -1 });
  });

  it('given sequence numbers that begin again at 0, then they go on counting, time and again', () => {
    const numbers = count(65_500, 200_000).filter((n) => n !== 65_536 && n !== 131_071);
    expect(receive(numbers)).toMatchObject({ received: numbers.length, lost: 2 });
  });

  it('given a constant delay, then there is no jitter; given timestamps that wrap, neither', () => {
    const wrap = 2 ** 32 / SAMPLES;
    const numbers = count(Math.floor(wrap) - 5, Math.floor(wrap) + 5);
    expect(receive(numbers, () => 250).jitter).toBeLessThan(0.01);
  });

  it('given every second packet 4 ms late, then the jitter tends to 4 ms (RFC 3550 A.8)', () => {
    const late = (n: number): number => (n % 2) * 4;
    // J += (|D| - J) / 16 with |D| = 4 ms, from 0: 4 (1 - (15/16)^n).
    expect(receive(count(0, 17), late).jitter).toBeCloseTo(4 * (1 - (15 / 16) ** 16), 6);
    expect(receive(count(0, 500), late).jitter).toBeCloseTo(4, 6);
  });
});
