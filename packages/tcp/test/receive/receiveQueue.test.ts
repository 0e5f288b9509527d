import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReceiveQueue } from '../../src/receive/receiveQueue.js';

const START = 0x7fff_ff80 | 0;

/** The byte that belongs at an offset from the start. */
const byteAt = (offset: number): number => (offset * 7 + (offset >> 8)) & 255;
const bytesAt = (offset: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => byteAt(offset + index));

function take(queue: ReceiveQueue, offset: number, length: number): boolean {
  return queue.take((START + offset) | 0, bytesAt(offset, length), 0, length);
}

function blocks(queue: ReceiveQueue, most = 4): [number, number][] {
  const edges = new Int32Array(8);
  const count = queue.sackBlocks(edges, 0, most);
  return Array.from({ length: count }, (_, index) => [
    (edges[2 * index]! - START) | 0,
    (edges[2 * index + 1]! - START) | 0,
  ]);
}

describe('received data', () => {
  test('is read in order, each byte once', () => {
    const queue = new ReceiveQueue(START);
    expect(take(queue, 0, 10)).toBe(true);
    expect(take(queue, 5, 10)).toBe(true);
    expect(take(queue, 3, 4)).toBe(false);
    expect(queue.readable).toBe(15);
    const out = new Uint8Array(20);
    expect(queue.read(out, 2, 10)).toBe(10);
    expect(queue.read(out, 12, 100)).toBe(5);
    expect(out.subarray(2, 17)).toEqual(bytesAt(0, 15));
    expect(queue.memory).toBe(0);
  });

  test('waits behind gaps, of which the latest is reported first (RFC 2018 §4)', () => {
    const queue = new ReceiveQueue(START);
    expect(take(queue, 10, 5)).toBe(false);
    take(queue, 30, 5);
    take(queue, 20, 5);
    expect(blocks(queue)).toEqual([
      [20, 25],
      [30, 35],
      [10, 15],
    ]);
    expect(blocks(queue, 1)).toEqual([[20, 25]]);
    take(queue, 15, 5);
    expect(blocks(queue)).toEqual([
      [10, 25],
      [30, 35],
    ]);
    expect(take(queue, 0, 10)).toBe(true);
    expect(queue.readable).toBe(25);
    expect(blocks(queue)).toEqual([[30, 35]]);
    expect(take(queue, 24, 8)).toBe(true);
    expect(queue.hasGaps).toBe(false);
    expect(blocks(queue)).toEqual([]);
  });

  test('keeps the first copy', () => {
    const queue = new ReceiveQueue(START);
    take(queue, 5, 5);
    queue.take(START, new Uint8Array(20), 0, 20);
    const out = new Uint8Array(20);
    queue.read(out, 0, 20);
    expect(out.subarray(5, 10)).toEqual(bytesAt(5, 5));
    expect(out.subarray(0, 5)).toEqual(new Uint8Array(5));
  });

  test('has a limit of ranges, but the next byte is always taken', () => {
    const queue = new ReceiveQueue(START);
    for (let range = 1; range <= 100; range++) take(queue, 10 * range, 1);
    take(queue, 641, 1);
    expect(take(queue, 0, 5)).toBe(true);
    take(queue, 5, 1000);
    expect(queue.readable).toBe(1005);
  });

  test('equals a plain model, in any order and with any overlap', () => {
    const piece = fc.record({ offset: fc.nat(3_000), length: fc.integer({ min: 1, max: 600 }) });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60, size: 'max' }), fc.nat(50), (pieces, rhythm) => {
        const queue = new ReceiveQueue(START);
        const known = new Uint8Array(3_601);
        const read: number[] = [];
        pieces.forEach(({ offset, length }, index) => {
          const before = queue.readable;
          const grew = take(queue, offset, length);
          known.fill(1, offset, offset + length);
          const next = known.indexOf(0);
          expect((queue.next - START) | 0).toBe(next);
          expect(grew).toBe(queue.readable > before);
          for (const [left, right] of blocks(queue)) {
            expect(known.subarray(left, right).every((one) => one === 1)).toBe(true);
            expect([known[left - 1], known[right]]).toEqual([0, 0]);
          }
          if (index % (rhythm + 1) === 0) {
            const out = new Uint8Array(700);
            read.push(...out.subarray(0, queue.read(out, 0, 700)));
          }
        });
        expect(read).toEqual([...bytesAt(0, read.length)]);
      }),
    );
  });
});
