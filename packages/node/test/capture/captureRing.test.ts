import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CaptureRingReader,
  CaptureRingWriter,
  CaptureSide,
  ringMemory,
} from '../../src/capture/captureRing.js';

const SIZE = 256;
const TYPE = 6;

class Ring {
  readonly memory = ringMemory(SIZE);
  readonly writer = new CaptureRingWriter(this.memory);
  readonly reader = new CaptureRingReader(this.memory);

  /** Writes a block whose bytes behind the length are `fill`; whether there was room. */
  write(length: number, fill: number, side: 0 | 1 = CaptureSide.outer): boolean {
    const at = this.writer.reserve(side, length);
    if (at < 0) return false;
    this.writer.view.setUint32(at, TYPE, true);
    this.writer.view.setUint32(at + 4, length, true);
    this.writer.bytes.fill(fill, at + 8, at + length);
    this.writer.commit();
    return true;
  }

  /** Everything there is, as lengths and fills of blocks. */
  read(most = Number.POSITIVE_INFINITY): [number, number][] {
    const blocks: [number, number][] = [];
    let left = most;
    for (let taken = this.reader.take(left); taken !== null; taken = this.reader.take(left)) {
      left -= taken.blocks;
      let at = 0;
      while (at < taken.bytes.length) {
        const length = taken.bytes.readUInt32LE(at + 4);
        const body = taken.bytes.subarray(at + 8, at + length);
        expect(new Set(body).size).toBeLessThanOrEqual(1);
        blocks.push([length, body[0] ?? 0]);
        at += length;
      }
      if (left === 0) break;
    }
    return blocks;
  }
}

const aStep = fc.oneof(
  fc.record({ write: fc.integer({ min: 3, max: 40 }).map((words) => 4 * words) }),
  fc.record({ read: fc.integer({ min: 1, max: 5 }) }),
);

describe('a ring of blocks', () => {
  test('hands over each block once, whole and in order, and counts those without room', () => {
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 200 }), (steps) => {
        const ring = new Ring();
        const expected: [number, number][] = [];
        let written = 0;
        let refused = 0;
        for (const step of steps) {
          if ('read' in step) {
            expect(ring.read(step.read)).toEqual(expected.splice(0, step.read));
            continue;
          }
          const fill = ++written % 251;
          if (ring.write(step.write, fill)) expected.push([step.write, fill]);
          else refused++;
        }
        expect(ring.read()).toEqual(expected);
        const counts = ring.reader.counts(CaptureSide.outer);
        expect(counts).toEqual({ received: written, dropped: refused });
      }),
      { numRuns: 500 },
    );
  });

  test('is full before its end meets its beginning, and takes blocks again once it was read', () => {
    const ring = new Ring();
    const count = (): number => {
      let blocks = 0;
      while (ring.write(64, 1)) blocks++;
      return blocks;
    };
    expect(count()).toBe(SIZE / 64);
    expect(ring.read(1)).toHaveLength(1);
    // A block in the place of the one that was read would make a full ring look empty.
    expect(count()).toBe(0);
    ring.read();
    expect(count()).toBeGreaterThanOrEqual(SIZE / 64 - 1);
  });

  test('refuses a block that is longer than all of it', () => {
    expect(new Ring().write(SIZE + 4, 1)).toBe(false);
  });

  test('counts each side of its own', () => {
    const ring = new Ring();
    ring.write(200, 1, CaptureSide.inner);
    ring.write(200, 1, CaptureSide.outer);
    expect(ring.reader.counts(CaptureSide.inner)).toEqual({ received: 1, dropped: 0 });
    expect(ring.reader.counts(CaptureSide.outer)).toEqual({ received: 1, dropped: 1 });
  });
});
