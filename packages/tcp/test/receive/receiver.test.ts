import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { Receiver } from '../../src/receive/receiver.js';
import { MemoryPool } from '../../src/segment/memoryPool.js';
import { Segment } from '../../src/segment/segment.js';
import { advance, distance } from '../../src/segment/sequence.js';

const START = -50_000;
const LIMIT = 300_000;

const step = fc.oneof(
  fc.record({
    kind: fc.constant('segment' as const),
    ahead: fc.integer({ min: -3_000, max: 70_000 }),
    length: fc.integer({ min: 0, max: 1_500 }),
  }),
  fc.record({ kind: fc.constant('read' as const), length: fc.nat(30_000) }),
  fc.record({ kind: fc.constant('acknowledge' as const) }),
);

test.prop([fc.array(step, { maxLength: 200, size: 'max' }), fc.nat(5), fc.nat(200_000)])(
  'the right edge of the window never moves to the left, whatever memory there is',
  (steps, scale, memory) => {
    const pool = new MemoryPool(memory);
    const highest = Math.min(LIMIT, 65_535 << scale);
    const receiver = new Receiver(START, highest, 1_220, pool);
    receiver.windowScale = scale;
    receiver.offerFirst(65_535);
    const segment = new Segment();
    const data = new Uint8Array(1_500);
    let edge = advance(START, 65_535);
    let now = 0;
    for (const one of steps) {
      now += 10;
      if (one.kind === 'segment') {
        segment.bytes = data;
        segment.dataOffset = 0;
        segment.sequence = advance(receiver.next, one.ahead);
        segment.dataLength = one.length;
        if (receiver.accepts(segment)) receiver.take(segment, now);
      } else if (one.kind === 'read') {
        const count = receiver.queue.read(new Uint8Array(one.length), 0, one.length);
        if (count > 0) receiver.consumed(count, 5, now);
      } else {
        const offered = receiver.offerWindow(true) << scale;
        receiver.acknowledged();
        // The field is rounded down (RFC 7323 §2.4); what was offered before is still taken.
        expect(distance(advance(receiver.next, offered), edge)).toBeLessThan(1 << scale);
      }
      const present = advance(receiver.next, receiver.window);
      expect(distance(edge, present)).toBeGreaterThanOrEqual(0);
      edge = present;
      expect(receiver.queue.readable).toBeLessThanOrEqual(Math.max(highest, 65_535));
      expect(receiver.queue.memory).toBeLessThanOrEqual(Math.max(memory, 4_096));
    }
  },
);
