import { parseIPv4, UdpEndpoint } from '@6bed4/codec';
import { OPENING_TTL } from '@6bed4/tunnel';
import { fc, test } from '@fast-check/vitest';
import { beforeEach, describe, expect } from 'vitest';
import { Arena } from '../../../src/drivers/kernel/arena.js';
import {
  Flushed,
  SEND_BATCH_SIZE,
  SEND_SLOTS,
  SendBatch,
} from '../../../src/drivers/linux/sendBatch.js';
import { FakeRawLibc } from '../../support/fakeRawLibc.js';

const SOCKET = 7;
const ALICE = new UdpEndpoint(parseIPv4('192.0.2.1'), 5000);
const BOB = new UdpEndpoint(parseIPv4('198.51.100.255'), 65_535);

describe.each([8, 4] as const)('SendBatch, with pointers of %i bytes', (longSize) => {
  let libc: FakeRawLibc;
  let arena: Arena;
  let batch: SendBatch;
  let packets: number;

  /** Adds a datagram of these bytes that lies in the arena. */
  function add(to: UdpEndpoint, bytes: readonly number[], tos = 0, ttl = 0): boolean {
    const at = packets;
    arena.bytes.set(bytes, at);
    packets += bytes.length;
    return batch.add(arena.bytes, at, bytes.length, to, tos, ttl);
  }

  function sent(): { to: string; bytes: number[]; gsoSize: number }[] {
    return libc.sent.map(({ to, bytes, gsoSize }) => ({ to, bytes, gsoSize }));
  }

  beforeEach(() => {
    libc = new FakeRawLibc(longSize);
    arena = new Arena(libc, SEND_BATCH_SIZE + (1 << 20));
    batch = new SendBatch(libc, arena, true);
    packets = arena.reserve(1 << 19);
  });

  describe('when the kernel accepts all', () => {
    test('sends to all endpoints by one sendmmsg', () => {
      add(ALICE, [1, 2, 3]);
      add(BOB, [4]);
      expect(batch.flush(SOCKET)).toBe(Flushed.all);
      expect(libc.sendCalls).toBe(1);
      expect(libc.sent).toEqual([
        {
          fd: 7,
          bytes: [1, 2, 3],
          to: '192.0.2.1:5000',
          tos: 0,
          ttl: 0,
          gsoSize: 0,
          pieces: 1,
        },
        {
          fd: 7,
          bytes: [4],
          to: '198.51.100.255:65535',
          tos: 0,
          ttl: 0,
          gsoSize: 0,
          pieces: 1,
        },
      ]);
      expect(batch.isEmpty).toBe(true);
    });

    test('coalesces datagrams of one length to one endpoint, although others come between them', () => {
      add(ALICE, [1, 1]);
      add(BOB, [9, 9]);
      add(ALICE, [2, 2]);
      add(BOB, [8, 8]);
      batch.flush(SOCKET);
      expect(sent()).toEqual([
        { to: '192.0.2.1:5000', bytes: [1, 1, 2, 2], gsoSize: 2 },
        { to: '198.51.100.255:65535', bytes: [9, 9, 8, 8], gsoSize: 2 },
      ]);
      expect(batch.datagrams).toBe(4);
    });

    test('describes adjacent datagrams by one iovec', () => {
      add(ALICE, [1, 1]);
      add(ALICE, [2, 2]);
      packets += 5;
      add(ALICE, [3, 3]);
      batch.flush(SOCKET);
      expect(libc.sent).toMatchObject([{ bytes: [1, 1, 2, 2, 3, 3], pieces: 2, gsoSize: 2 }]);
    });

    test.prop(
      [
        fc.array(
          fc.record({
            isAlice: fc.boolean(),
            size: fc.constantFrom(1, 7, 40, 1280),
            count: fc.integer({ min: 1, max: 70 }),
            last: fc.constantFrom(1, 5, 1280),
          }),
          { minLength: 1, maxLength: 3 },
        ),
        fc.boolean(),
      ],
      { numRuns: 12 },
    )(
      'sends datagrams that are added at once as if they were added one by one',
      (runs, offload) => {
        const [together, apart] = [true, false].map((atOnce) => {
          const fake = new FakeRawLibc(longSize);
          const memory = new Arena(fake, SEND_BATCH_SIZE + (1 << 20));
          const one = new SendBatch(fake, memory, offload);
          let at = memory.reserve(1 << 19);
          for (const { isAlice, size, count, last } of runs) {
            const length = (count - 1) * size + Math.min(last, size);
            memory.bytes.subarray(at, at + length).forEach((_, index, all) => {
              all[index] = index * 3;
            });
            let done = 0;
            while (done < length) {
              const to = isAlice ? ALICE : BOB;
              const rest = length - done;
              const took = atOnce
                ? one.addRun(at + done, rest, size, to, 0, 0)
                : Number(one.add(memory.bytes, at + done, Math.min(size, rest), to, 0, 0)) *
                  Math.min(size, rest);
              done += took;
              if (took === 0 || (atOnce && done < length)) one.flush(SOCKET);
            }
            at += length;
          }
          one.flush(SOCKET);
          return [fake.sent, one.datagrams, one.messages];
        });
        expect(together).toEqual(apart);
      },
    );

    test('ends a message with a shorter datagram, and starts the next one with a longer one', () => {
      add(ALICE, [1, 1]);
      add(ALICE, [2]);
      add(ALICE, [3]);
      add(ALICE, [4, 4, 4]);
      batch.flush(SOCKET);
      expect(sent()).toEqual([
        { to: '192.0.2.1:5000', bytes: [1, 1, 2], gsoSize: 2 },
        { to: '192.0.2.1:5000', bytes: [3], gsoSize: 0 },
        { to: '192.0.2.1:5000', bytes: [4, 4, 4], gsoSize: 0 },
      ]);
    });

    test('coalesces at most 64 datagrams, and at most 65507 bytes', () => {
      for (let count = 0; count < 65; count++) add(ALICE, [count]);
      for (let count = 0; count < 60; count++) add(BOB, new Array(1280).fill(count));
      batch.flush(SOCKET);
      expect(libc.sent.map(({ bytes }) => bytes.length)).toEqual([64, 1, 51 * 1280, 9 * 1280]);
    });

    test('sends datagrams of another TOS or TTL in a message of their own, with both as control messages', () => {
      add(ALICE, [1], 0xb8);
      add(ALICE, [2], 0xb8);
      add(ALICE, [3], 0, 3);
      add(ALICE, [4], 0xb8, 255);
      batch.flush(SOCKET);
      expect(libc.sent).toMatchObject([
        { bytes: [1, 2], tos: 0xb8, ttl: 0, gsoSize: 1 },
        { bytes: [3], tos: 0, ttl: 3, gsoSize: 0 },
        { bytes: [4], tos: 0xb8, ttl: 255, gsoSize: 0 },
      ]);
    });

    test('adds the IPv4 option that ends a datagram at the second hop, to what only opens a NAT', () => {
      const group = new UdpEndpoint(parseIPv4('224.0.0.1'), 5000);
      add(ALICE, [1], 0xb8, OPENING_TTL);
      add(ALICE, [2], 0xb8, OPENING_TTL + 1);
      add(ALICE, [3]);
      add(group, [4], 0, OPENING_TTL);
      add(BOB, [], 0, OPENING_TTL);
      batch.flush(SOCKET);
      // A timestamp option without room, and a counter that our own NAT makes full: RFC 791 §3.1.
      const options = [68, 4, 5, 0xe0];
      expect(libc.sent.map((one) => [one.bytes, one.ttl, one.tos, one.options])).toEqual([
        [[1], 2, 0xb8, options],
        [[2], 3, 0xb8, undefined],
        [[3], 0, 0, undefined],
        [[4], 2, 0, undefined],
        [[], 2, 0, options],
      ]);
    });

    test('sends each empty datagram as a message of its own', () => {
      add(ALICE, [], 0, 3);
      add(ALICE, [], 0, 3);
      batch.flush(SOCKET);
      expect(libc.sent).toMatchObject([
        { bytes: [], ttl: 3 },
        { bytes: [], ttl: 3 },
      ]);
    });

    test('copies datagrams that are not in the arena', () => {
      const own = Uint8Array.of(0, 1, 2, 3);
      batch.add(own, 1, 2, ALICE, 0, 0);
      own.fill(9);
      batch.flush(SOCKET);
      expect(sent()).toEqual([{ to: '192.0.2.1:5000', bytes: [1, 2], gsoSize: 0 }]);
    });

    test('returns false when it is full, and accepts datagrams again after a flush', () => {
      batch = new SendBatch(libc, new Arena(libc, SEND_BATCH_SIZE), false);
      const own = Uint8Array.of(1);
      for (let count = 0; count < SEND_SLOTS; count++) {
        expect(batch.add(own, 0, 1, ALICE, 0, 0)).toBe(true);
      }
      expect(batch.add(own, 0, 1, ALICE, 0, 0)).toBe(false);
      expect(batch.flush(SOCKET)).toBe(Flushed.all);
      expect(batch.add(own, 0, 1, ALICE, 0, 0)).toBe(true);
    });

    test('coalesces nothing without UDP_SEGMENT', () => {
      batch = new SendBatch(libc, arena, false);
      add(ALICE, [1]);
      add(ALICE, [2]);
      batch.flush(SOCKET);
      expect(libc.sent).toMatchObject([
        { bytes: [1], gsoSize: 0 },
        { bytes: [2], gsoSize: 0 },
      ]);
    });
  });

  describe('when the kernel refuses messages', () => {
    test('continues behind the part of a batch that was sent', () => {
      libc.mostMessages = 2;
      for (let port = 1; port <= 5; port++) add(new UdpEndpoint(1, port), [port]);
      expect(batch.flush(SOCKET)).toBe(Flushed.all);
      expect(libc.sent.map(({ bytes }) => bytes[0])).toEqual([1, 2, 3, 4, 5]);
      expect(libc.sendCalls).toBe(3);
    });

    test('tries again after EINTR', () => {
      const failures = ['EINTR', 'EINTR'];
      libc.onSend = () => failures.shift() ?? null;
      add(ALICE, [1]);
      expect(batch.flush(SOCKET)).toBe(Flushed.all);
      expect(libc.sent).toHaveLength(1);
      expect(batch.errors.snapshot()).toEqual({});
    });

    test('keeps for the next flush what did not fit into the send buffer', () => {
      let isFull = true;
      libc.onSend = ({ to }) => (isFull && to.startsWith('198') ? 'EAGAIN' : null);
      add(ALICE, [1]);
      add(BOB, [2]);
      expect(batch.flush(SOCKET)).toBe(Flushed.blocked);
      expect(sent()).toHaveLength(1);
      isFull = false;
      expect(batch.flush(SOCKET)).toBe(Flushed.all);
      expect(sent().map(({ bytes }) => bytes)).toEqual([[1], [2]]);
    });

    test('discards what waits, and returns the number of datagrams', () => {
      libc.onSend = () => 'EAGAIN';
      add(ALICE, [1]);
      add(ALICE, [2]);
      add(BOB, [3]);
      expect(batch.flush(SOCKET)).toBe(Flushed.blocked);
      expect(batch.discard()).toBe(3);
      expect(batch.isEmpty).toBe(true);
    });

    test.each(['ENOBUFS', 'ENETUNREACH', 'EPERM', 'ECONNREFUSED', 'EINVAL'])(
      'counts %s of one datagram, and sends the others',
      (failure) => {
        libc.onSend = ({ to }) => (to.startsWith('192') ? failure : null);
        add(BOB, [1]);
        add(ALICE, [2]);
        add(new UdpEndpoint(3, 3), [3]);
        expect(batch.flush(SOCKET)).toBe(Flushed.all);
        expect(sent().map(({ bytes }) => bytes)).toEqual([[1], [3]]);
        expect(batch.errors.snapshot()).toEqual({ [failure]: 1 });
      },
    );

    test.each(['EINVAL', 'EMSGSIZE'])(
      'sends the datagrams of a message singly after %s, and coalesces the next ones',
      (failure) => {
        libc.onSend = ({ gsoSize }) => (gsoSize === 2 ? failure : null);
        add(ALICE, [1, 1], 0xb8, 9);
        packets += 3;
        add(ALICE, [2, 2], 0xb8, 9);
        add(ALICE, [3], 0xb8, 9);
        add(BOB, [4]);
        add(BOB, [5]);
        expect(batch.flush(SOCKET)).toBe(Flushed.all);
        expect(libc.sent).toMatchObject([
          { bytes: [1, 1], to: '192.0.2.1:5000', tos: 0xb8, ttl: 9, gsoSize: 0 },
          { bytes: [2, 2], to: '192.0.2.1:5000', tos: 0xb8, ttl: 9, gsoSize: 0 },
          { bytes: [3], to: '192.0.2.1:5000', tos: 0xb8, ttl: 9, gsoSize: 0 },
          { bytes: [4, 5], to: '198.51.100.255:65535', tos: 0, ttl: 0, gsoSize: 1 },
        ]);
        expect(batch.segmentation).toBe(true);
        expect(batch.datagrams).toBe(5);
      },
    );

    test('stops using UDP_SEGMENT when the network device does not support it (EIO)', () => {
      libc.onSend = ({ gsoSize }) => (gsoSize > 0 ? 'EIO' : null);
      for (let round = 0; round < 2; round++) {
        add(ALICE, [1]);
        add(ALICE, [2]);
        expect(batch.flush(SOCKET)).toBe(Flushed.all);
      }
      expect(libc.sent.map(({ bytes }) => bytes)).toEqual([[1], [2], [1], [2]]);
      expect(batch.segmentation).toBe(false);
    });
  });
});
