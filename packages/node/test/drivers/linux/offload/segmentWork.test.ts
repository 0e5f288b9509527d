import { fc, test } from '@fast-check/vitest';
import { afterEach, describe, expect, vi } from 'vitest';
import { allocateLoopMemory } from '../../../../src/drivers/linux/loopMemory.js';
import { ScriptSegmentWork } from '../../../../src/drivers/linux/offload/scriptSegmentWork.js';
import { SimdSegmentWork } from '../../../../src/drivers/linux/offload/simdSegmentWork.js';
import { FakeRawLibc } from '../../../support/fakeRawLibc.js';
import { loopMemory, memoryKinds } from '../../../support/loopMemories.js';
import { isChecksumRight, slowSum, tcpPacket, udpOverIpv6 } from '../../../support/segments.js';

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
