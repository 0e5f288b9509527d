import { fc, test } from '@fast-check/vitest';
import { afterEach, describe, expect, vi } from 'vitest';
import { allocateLoopMemory } from '../../../../src/drivers/linux/loopMemory.js';
import { ScriptSegmentWork } from '../../../../src/drivers/linux/offload/scriptSegmentWork.js';
import { SimdSegmentWork } from '../../../../src/drivers/linux/offload/simdSegmentWork.js';
import { FakeRawLibc } from '../../../support/fakeRawLibc.js';
import { loopMemory, memoryKinds } from '../../../support/loopMemories.js';
import {
  ACK,
  FIN,
  isChecksumRight,
  PSH,
  slowSum,
  tcpPacket,
  udpOverIpv6,
} from '../../../support/segments.js';

const SIZE = 100_000;

describe.each(memoryKinds)('the work on segments in %s memory', (kind) => {
  test.prop([
    fc.uint8Array({ maxLength: 400, size: 'max' }),
    fc.nat(70),
    fc.integer({ min: 0, max: 0x7fff_ffff }),
  ])('sums any bytes from any place on', (bytes, at, initial) => {
    const { arena, work } = loopMemory(new FakeRawLibc(), kind);
    arena.bytes.set(bytes, at);
    const expected = slowSum(bytes, 0, bytes.length, initial % 0xffff);
    const sum = work.sum(at, bytes.length, initial);
    expect(sum % 0xffff).toBe(expected % 0xffff);
    expect(sum === 0).toBe(initial === 0 && bytes.every((byte) => byte === 0));
  });

  test.each([0xff, 0x00, 0x80])('sums as many bytes %i as there may be', (byte) => {
    const { arena, work } = loopMemory(new FakeRawLibc(), kind);
    for (const length of [131_072, 131_071]) {
      arena.bytes.fill(byte, 1, 1 + length);
      const expected = slowSum(arena.bytes, 1, 1 + length, 5);
      expect(work.sum(1, length, 5) % 0xffff).toBe(expected % 0xffff);
    }
  });

  test.prop([
    fc.uint8Array({ minLength: 1, maxLength: 1300, size: 'max' }),
    fc.boolean(),
    fc.nat(40),
    fc.option(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }))),
  ])('knows a right checksum from a wrong one', (payload, isTcp, at, damage) => {
    const { arena, work } = loopMemory(new FakeRawLibc(), kind);
    const packet = isTcp ? tcpPacket({ payload }) : udpOverIpv6({ payload });
    if (damage !== null) packet[8 + (damage[0] % (packet.length - 8))]! ^= damage[1];
    arena.bytes.set(packet, at);
    expect(work.isValid(at, packet.length)).toBe(isChecksumRight(packet));
  });
});

/** What may differ between packets that lie one behind the other. */
const packetFields = fc.record({
  isTcp: fc.constantFrom(true, true, true, false),
  sourcePort: fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 2),
  trafficClass: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 3),
  hopLimit: fc.constantFrom(63, 63, 63, 63, 63, 63, 62),
  flags: fc.constantFrom(ACK, ACK, ACK, ACK, ACK, ACK, ACK | PSH, ACK | FIN, 0x12, 0x14, 0x30),
  gap: fc.constantFrom(0, 0, 0, 0, 0, 0, 1),
  window: fc.constantFrom(500, 500, 500, 500, 500, 501),
  acknowledgement: fc.constantFrom(7, 7, 7, 7, 7, 8),
  urgent: fc.constantFrom(0, 0, 0, 0, 0, 1),
  timestamp: fc.constantFrom(1, 1, 1, 1, 1, 2),
  damage: fc.constantFrom(null, null, null, null, [4, 1], [5, 1], [0, 0x10], [70, 1], [90, 1]),
});
const packetsOf = fc.record({
  payload: fc.constantFrom(0, 1, 20, 61, 64, 100),
  lastPayload: fc.constantFrom(0, 1, 20, 61, 100),
  hasOptions: fc.boolean(),
  packets: fc.array(packetFields, { minLength: 1, maxLength: 12, size: 'max' }),
});
type Packets = typeof packetsOf extends fc.Arbitrary<infer T> ? T : never;

function packetsFrom({ payload, lastPayload, hasOptions, packets }: Packets): Uint8Array[] {
  let sequence = 0xffff_ff80;
  const made = packets.map(({ isTcp, gap, timestamp, damage, ...fields }, index) => {
    const length = index === packets.length - 1 ? Math.min(payload, lastPayload) : payload;
    const options = hasOptions ? [1, 1, 8, 10, 0, 0, 0, timestamp, 0, 0, 0, 1] : [];
    const bytes = new Uint8Array(length).fill(index);
    sequence = (sequence + gap) >>> 0;
    const packet = isTcp
      ? tcpPacket({ ...fields, payload: bytes, options, sequence })
      : udpOverIpv6({ ...fields, payload: bytes });
    sequence = (sequence + length) >>> 0;
    if (damage !== null && damage[0]! < packet.length) packet[damage[0]!]! ^= damage[1]!;
    return packet;
  });
  // All but the last have one length.
  const size = made[0]!.length;
  const end = made.findIndex((packet) => packet.length !== size);
  return end < 0 ? made : made.slice(0, end + (made[end]!.length < size ? 1 : 0));
}

/** What a run must have in common, and what a packet of it must be by itself. */
function mayJoin(first: Uint8Array, packet: Uint8Array): boolean {
  const [one, other] = [first, packet].map((bytes) => [...bytes.subarray(0, 44)]);
  one!.splice(4, 2);
  other!.splice(4, 2);
  return String(one) === String(other) && isUsual(first) && isUsual(packet);
}

function isUsual(packet: Uint8Array): boolean {
  const fits = packet[0]! >> 4 === 6 && packet[4]! * 256 + packet[5]! === packet.length - 40;
  return fits && (packet[6] === 17 || (packet[6] === 6 && (packet[53]! & 6) === 0));
}

describe('packets that lie one behind the other', () => {
  test.prop([packetsOf, fc.nat(15)], { numRuns: 300 })(
    'are found to be alike and to follow each other, by both forms',
    (fields, at) => {
      const packets = packetsFrom(fields);
      const size = packets[0]!.length;
      const bytes = Buffer.concat(packets);
      const expected = packets.findIndex((packet) => !mayJoin(packets[0]!, packet));
      const count = expected < 0 ? packets.length : Math.max(1, expected);
      const found = memoryKinds.map((kind) => {
        const { arena, work } = loopMemory(new FakeRawLibc(), kind);
        arena.bytes.set(bytes, at);
        const alike = work.alike(at, bytes.length, size);
        expect(alike).toBe(packets.slice(0, count).reduce((sum, one) => sum + one.length, 0));
        return alike > size ? work.following(at, alike - size, size) : 0;
      });
      expect(found[0]).toBe(found[1]);
    },
  );
});

describe('the memory of a loop', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test('is worked on by WebAssembly where that has SIMD', () => {
    expect(loopMemory(new FakeRawLibc(), 'webassembly').work).toBeInstanceOf(SimdSegmentWork);
    expect(loopMemory(new FakeRawLibc(), 'plain').work).toBeInstanceOf(ScriptSegmentWork);
  });

  test.each<[string, object | undefined]>([
    ['WebAssembly', undefined],
    ['address space', { Memory: refusing(), Module: WebAssembly.Module }],
    ['SIMD', { ...{ Memory: WebAssembly.Memory }, Module: refusing() }],
  ])('is worked on by TypeScript where there is no %s', (_, replacement) => {
    vi.stubGlobal('WebAssembly', replacement);
    const { arena, work } = allocateLoopMemory(new FakeRawLibc(), SIZE);
    expect(work).toBeInstanceOf(ScriptSegmentWork);
    expect(arena.bytes.length).toBeGreaterThanOrEqual(SIZE);
    arena.bytes.fill(1, 0, 4);
    expect(work.sum(0, 4, 0)).toBe(0x0202);
  });
});

/** A class whose constructor throws. */
function refusing(): new () => object {
  return class {
    constructor() {
      throw new RangeError('refused');
    }
  };
}
