import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { ArenaKind } from '../../../../src/drivers/kernel/arena.js';
import { TunInput, TunRead } from '../../../../src/drivers/linux/tunInput.js';
import { FakeRawLibc } from '../../../support/fakeRawLibc.js';
import { loopMemory, memoryKinds } from '../../../support/loopMemories.js';
import {
  ACK,
  CWR,
  consumerOf,
  FIN,
  hex,
  isChecksumRight,
  NO_VIRTIO,
  PSH,
  segmentPacket,
  tcpPacket,
  udpOverIpv6,
  type Virtio,
  virtioOf,
  withPartialChecksum,
  writeVirtio,
} from '../../../support/segments.js';

const EXTENSION = [6, 0, 1, 4, 0, 0, 0, 0];

interface Read {
  packets: Uint8Array[];
  flushes: number[];
  input: TunInput;
  libc: FakeRawLibc;
}

/** Returns the packets of an interface whose reads yield these buffers. */
function readInto(kind: ArenaKind, ...reads: readonly (Uint8Array | string)[]): Read {
  const libc = new FakeRawLibc();
  const memory = loopMemory(libc, kind);
  const { arena } = memory;
  const input = new TunInput(libc, memory, 5, true);
  libc.toRead.push(...reads);
  const packets: Uint8Array[] = [];
  const flushes: number[] = [];
  let waiting: [number, number][] = [];
  const consumer = consumerOf(
    (at, length) => waiting.push([at, length]),
    // Only now are they looked at: nothing may have been written over them.
    () => {
      flushes.push(waiting.length);
      for (const [at, length] of waiting) packets.push(arena.bytes.slice(at, at + length));
      waiting = [];
    },
  );
  while (libc.toRead.length > 0) input.read(consumer);
  return { packets, flushes, input, libc };
}

function framed(virtio: Virtio, packet: Uint8Array): Uint8Array {
  return Uint8Array.of(...writeVirtio(virtio), ...packet);
}

function changed(packet: Uint8Array, at: number, value: number): Uint8Array {
  const copy = packet.slice();
  copy[at] = value;
  return copy;
}

const payloads = fc
  .tuple(fc.integer({ min: 2, max: 20_000 }), fc.integer())
  .map(([length, seed]) =>
    Uint8Array.from(
      { length },
      (_, index) => (Math.imul(index + seed, 2_654_435_761) >>> 13) & 0xff,
    ),
  );

describe.each(memoryKinds)('TunInput in %s memory, with packets before segmentation', (kind) => {
  const readAll = (...reads: readonly (Uint8Array | string)[]): Read => readInto(kind, ...reads);

  test.prop(
    [
      payloads,
      fc.integer({ min: 36, max: 1440 }),
      fc.constantFrom(ACK, ACK | PSH, ACK | FIN, ACK | PSH | FIN, ACK | CWR, ACK | CWR | PSH),
      fc.integer({ min: 0, max: 0xffff_ffff }),
      fc.boolean(),
      fc.boolean(),
    ],
    { numRuns: 40 },
  )(
    'segments TCP as a network card does',
    (payload, size, flags, sequence, hasOptions, hasExtension) => {
      const options = hasOptions ? [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2] : [];
      const extension = hasExtension ? EXTENSION : [];
      const whole = tcpPacket({ payload, flags, sequence, options, extension, hopLimit: 64 });
      const virtio = virtioOf(whole, size);
      const { packets } = readAll(framed(virtio, withPartialChecksum(whole)));
      const expected = segmentPacket(virtio, whole);
      expect(packets.map(hex)).toEqual(expected.map(hex));
      expect(packets.every(isChecksumRight)).toBe(true);
    },
  );

  test.prop([payloads, fc.integer({ min: 1000, max: 1232 })], { numRuns: 20 })(
    'segments UDP as a network card does',
    (payload, size) => {
      const whole = udpOverIpv6({ payload });
      const virtio = virtioOf(whole, size);
      const { packets } = readAll(framed(virtio, withPartialChecksum(whole)));
      expect(packets.map(hex)).toEqual(segmentPacket(virtio, whole).map(hex));
      expect(packets.every(isChecksumRight)).toBe(true);
    },
  );

  test.prop([fc.uint8Array({ minLength: 1, maxLength: 1220, size: 'max' })])(
    'completes the checksum of a packet without GSO',
    (payload) => {
      const whole = tcpPacket({ payload });
      const virtio = { ...virtioOf(whole, 0), gsoType: 0 };
      expect(readAll(framed(virtio, withPartialChecksum(whole))).packets).toEqual([whole]);
    },
  );

  test('writes a UDP checksum of zero as 65535, since zero means none', () => {
    const payload = new Uint8Array(2);
    const plain = udpOverIpv6({ payload });
    // One's complement: adding the checksum itself as payload brings the sum to zero.
    const checksum = (plain[46]! << 8) | plain[47]!;
    payload.set([checksum >>> 8, checksum & 0xff]);
    const whole = udpOverIpv6({ payload });
    expect([whole[46], whole[47]]).toEqual([0xff, 0xff]);
    const virtio = { ...virtioOf(whole, 0), gsoType: 0 };
    expect(readAll(framed(virtio, withPartialChecksum(whole))).packets).toEqual([whole]);
  });

  test('writes a UDP checksum of zero as 65535 in each segment, too', () => {
    const plain = udpOverIpv6({ payload: new Uint8Array(2) });
    const whole = udpOverIpv6({ payload: Uint8Array.of(1, 2, plain[46]!, plain[47]!) });
    const { packets } = readAll(framed(virtioOf(whole, 2), withPartialChecksum(whole)));
    expect(packets.map((packet) => hex(packet.subarray(48)))).toEqual([
      '0102',
      hex(plain.subarray(46, 48)),
    ]);
    expect([...packets[1]!.subarray(46, 48)]).toEqual([0xff, 0xff]);
    expect(packets.every(isChecksumRight)).toBe(true);
  });

  test('does not change a packet with a checksum, not even a wrong one', () => {
    const packet = tcpPacket({ payload: Uint8Array.of(1) });
    packet[57]! ^= 1;
    expect(readAll(framed(NO_VIRTIO, packet)).packets).toEqual([packet]);
  });

  test('flushes after packets of 32 kB before segmentation, and after all that there are', () => {
    const packet = (length: number): Uint8Array => {
      const whole = tcpPacket({ payload: new Uint8Array(length) });
      return framed(virtioOf(whole, 1000), withPartialChecksum(whole));
    };
    const short = framed(NO_VIRTIO, tcpPacket({ payload: Uint8Array.of(1) }));
    const [few, half, all] = [packet(5_000), packet(16_384), packet(32_768)];
    const { flushes } = readAll(short, short, few, short, half, half, few, all, all, short);
    expect(flushes).toEqual([2 + 5 + 1 + 17 + 17, 5 + 33, 33, 1]);
  });

  const reads = fc.record({
    payload: fc.oneof(fc.integer({ min: 2, max: 3_000 }), fc.integer({ min: 2, max: 40_000 })),
    size: fc.oneof(fc.constant(0), fc.integer({ min: 36, max: 1440 })),
    seed: fc.integer({ min: 0, max: 255 }),
  });
  test.prop([fc.array(reads, { minLength: 1, maxLength: 8 })], { numRuns: 20 })(
    'changes none of the packets of one read, whichever are segmented',
    (plans) => {
      const planned = plans.map(({ payload, size, seed }) => {
        const content = new Uint8Array(payload).map((_, index) => index * 7 + seed);
        const whole = tcpPacket({ payload: content });
        const virtio = virtioOf(whole, size);
        return size === 0
          ? { read: framed(NO_VIRTIO, whole), expected: [whole] }
          : {
              read: framed(virtio, withPartialChecksum(whole)),
              expected: segmentPacket(virtio, whole),
            };
      });
      const { packets } = readAll(...planned.map(({ read }) => read));
      expect(packets.map(hex)).toEqual(planned.flatMap(({ expected }) => expected.map(hex)));
    },
  );

  const WHOLE = tcpPacket({ payload: new Uint8Array(3000) });
  const VIRTIO = virtioOf(WHOLE, 1000);
  test.each<[string, Virtio, Uint8Array]>([
    ['a segment size of 0', { ...VIRTIO, gsoSize: 0 }, WHOLE],
    ['TCP in IPv4', { ...VIRTIO, gsoType: 1 }, WHOLE],
    ['an unknown kind', { ...VIRTIO, gsoType: 0x7f }, WHOLE],
    ['a checksum that is complete', { ...VIRTIO, flags: 0 }, WHOLE],
    ['a checksum in the IPv6 header', { ...VIRTIO, checksumStart: 39 }, WHOLE],
    ['a checksum at another place', { ...VIRTIO, checksumOffset: 6 }, WHOLE],
    ['a header beyond the end', { ...VIRTIO, checksumStart: WHOLE.length - 19 }, WHOLE],
    ['no payload', VIRTIO, tcpPacket({ payload: new Uint8Array(0) })],
    ['a TCP header that is too short', VIRTIO, changed(WHOLE, 52, 0x40)],
    ['IPv4', VIRTIO, changed(WHOLE, 0, 0x45)],
    ['no packet', VIRTIO, new Uint8Array(1)],
  ])('drops and counts %s', (_, virtio, packet) => {
    const { packets, input } = readAll(framed(virtio, packet));
    expect(packets).toEqual([]);
    expect(input.malformed).toBe(1);
  });

  test.prop([
    fc.uint8Array({ minLength: 10, maxLength: 10 }),
    fc.uint8Array({ minLength: 1, maxLength: 300, size: 'max' }),
  ])('accepts any virtio header without an exception', (header, packet) => {
    const { packets, input } = readAll(Uint8Array.of(...header, ...packet));
    expect(packets.length + input.malformed).toBeGreaterThan(0);
  });

  test.each([
    ['EAGAIN', TunRead.empty],
    ['EIO', TunRead.failed],
    ['EBADFD', TunRead.gone],
  ] as const)('returns the result for %s, after the packets before it', (failure, result) => {
    const libc = new FakeRawLibc();
    const input = new TunInput(libc, loopMemory(libc, kind), 5, true);
    const packet = tcpPacket({ payload: Uint8Array.of(1) });
    libc.toRead.push('EINTR', framed(NO_VIRTIO, packet), failure);
    const calls: string[] = [];
    const code = input.read(
      consumerOf(
        () => calls.push('packet'),
        () => calls.push('flush'),
      ),
    );
    expect(code).toBe(result);
    expect(calls).toEqual(['packet', 'flush']);
  });
});

describe.each(memoryKinds)('TunInput in %s memory, with a packet of the largest size', (kind) => {
  test('segments it, with as many flushes as its segments need', () => {
    const whole = tcpPacket({ payload: new Uint8Array(65_000).fill(7), flags: ACK | PSH });
    const virtio = virtioOf(whole, 36);
    const { packets } = readInto(kind, framed(virtio, withPartialChecksum(whole)));
    expect(packets.map(hex)).toEqual(segmentPacket(virtio, whole).map(hex));
  });

  test.prop(
    [
      fc.array(fc.integer({ min: 48, max: 65_521 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 65_535 }),
    ],
    {
      numRuns: 15,
      examples: [
        [[65_521, 65_521, 65_521], 64_000],
        [[65_521, 65_521, 65_520], 65_475],
        [[65_521, 65_521, 1], 65_535],
      ],
    },
  )(
    'stays within its area, with plain packets of these lengths before one to segment',
    (lengths, gsoSize) => {
      const libc = new FakeRawLibc();
      const memory = loopMemory(libc, kind);
      const { arena } = memory;
      const input = new TunInput(libc, memory, 5, true);
      const behind = arena.reserve(65_536);
      arena.bytes.fill(0xaa, behind, behind + 65_536);
      const plain = lengths.map((length) => new Uint8Array(length).fill(0x60));
      const large = udpOverIpv6({ payload: new Uint8Array(65_527).map((_, index) => index * 7) });
      const virtio = virtioOf(large, gsoSize);
      libc.toRead.push(
        ...plain.map((packet) => framed(NO_VIRTIO, packet)),
        framed(virtio, withPartialChecksum(large)),
      );
      const packets: string[] = [];
      let waiting: [number, number][] = [];
      const consumer = consumerOf(
        (at, length) => waiting.push([at, length]),
        () => {
          for (const [at, length] of waiting)
            packets.push(hex(arena.bytes.subarray(at, at + length)));
          waiting = [];
        },
      );
      while (libc.toRead.length > 0) input.read(consumer);
      const segments = gsoSize < 600 ? [] : segmentPacket(virtio, large);
      expect(packets.slice(0, plain.length)).toEqual(plain.map(hex));
      if (segments.length > 0) expect(packets.slice(plain.length)).toEqual(segments.map(hex));
      expect(arena.bytes.subarray(behind, behind + 65_536).every((byte) => byte === 0xaa)).toBe(
        true,
      );
    },
  );
});
