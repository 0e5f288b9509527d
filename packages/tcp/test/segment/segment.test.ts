import { parseIPv6 } from '@6bed4/codec';
import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { Segment } from '../../src/segment/segment.js';
import { encodeSegment, parseSegment } from '../support/segmentText.js';

const bases = { ours: 0, theirs: 0, timestamp: 0 };
const from = { address: parseIPv6('fc64::2'), port: 500 };
const to = { address: parseIPv6('fc64::1'), port: 80 };

function packetOf(text: string): Uint8Array {
  return encodeSegment(parseSegment(text), from, to, bases);
}

/** Sets bytes of the options, and the checksum right again. */
function withOptions(...options: number[]): Uint8Array {
  const padded = [...options, ...Array.from({ length: (4 - (options.length % 4)) % 4 }, () => 0)];
  const packet = packetOf(`A 0 ack 1 <${Array(Math.ceil(padded.length / 4)).fill('scale 0')}>`);
  let sum = 0;
  for (const [index, byte] of padded.entries()) {
    const before = packet[60 + index]!;
    packet[60 + index] = byte;
    sum += (before - byte) * (index % 2 === 0 ? 256 : 1);
  }
  const checksum = (packet[56]! << 8) | packet[57]!;
  let fixed = (checksum + sum) % 0xffff;
  if (fixed < 0) fixed += 0xffff;
  packet[56] = fixed >> 8;
  packet[57] = fixed & 255;
  return packet;
}

function read(packet: Uint8Array): Segment | null {
  const segment = new Segment();
  return segment.read(packet, 0, packet.length) ? segment : null;
}

describe('a segment', () => {
  test('has a length that counts SYN and FIN (RFC 9293 §3.4)', () => {
    expect(read(packetOf('A 5:10 ack 1'))!.length).toBe(5);
    expect(read(packetOf('S 5'))!.length).toBe(1);
    expect(read(packetOf('SF 5:10'))!.end).toBe(12);
  });

  test.each([
    ['a wrong checksum', (packet: Uint8Array) => (packet[56]! ^= 1)],
    ['a header shorter than 20 bytes', (packet: Uint8Array) => (packet[52] = 0x40)],
    ['a header longer than the packet', (packet: Uint8Array) => (packet[52] = 0xf0)],
    ['another length than the IPv6 header says', (packet: Uint8Array) => (packet[5]! -= 1)],
  ])('with %s is none', (_, change) => {
    const packet = packetOf('A 5:7 ack 1');
    expect(read(packet)).not.toBeNull();
    change(packet);
    expect(read(packet)).toBeNull();
  });

  test('that is cut anywhere is none', () => {
    const packet = packetOf('S 5:20 <mss 1000, sack, ts 1 2, scale 3>');
    for (let length = 0; length < packet.length; length++) {
      expect(new Segment().read(packet.slice(0, length), 0, length)).toBe(false);
    }
  });

  test('has options in any order; unknown ones are skipped (RFC 9293 §3.2, MUST-6)', () => {
    const segment = read(withOptions(3, 3, 7, 253, 4, 1, 2, 2, 4, 4, 0, 4, 2, 1, 1, 1))!;
    expect(segment.windowScale).toBe(7);
    expect(segment.maximumSegmentSize).toBe(1_024);
    expect(segment.isSackPermitted).toBe(true);
  });

  test('with options of a length that cannot be keeps those before (MUST-7)', () => {
    for (const length of [0, 1, 40]) {
      const segment = read(withOptions(4, 2, 3, length, 2, 4, 4, 0))!;
      expect(segment.isSackPermitted).toBe(true);
      expect(segment.maximumSegmentSize).toBe(0);
      expect(segment.windowScale).toBe(-1);
    }
    expect(read(withOptions(1, 1, 1, 2))!.maximumSegmentSize).toBe(0);
  });

  test('with known options of another length does not have them', () => {
    const segment = read(withOptions(2, 3, 9, 3, 4, 9, 9, 4, 3, 9, 8, 3, 9, 5, 3, 9))!;
    expect(segment.maximumSegmentSize).toBe(0);
    expect(segment.windowScale).toBe(-1);
    expect(segment.isSackPermitted).toBe(false);
    expect(segment.hasTimestamps).toBe(false);
    expect(segment.sackCount).toBe(0);
  });

  test('has nothing of the one before, which was read into the same object', () => {
    const segment = new Segment();
    const first = packetOf('S 5 ce <mss 1000, sack, ts 1 2, scale 3>');
    const second = packetOf('A 6 ack 1');
    segment.read(first, 0, first.length);
    expect(segment.isCongestionExperienced).toBe(true);
    segment.read(second, 0, second.length);
    expect({ ...segment, sackEdges: null }).toEqual({ ...read(second)!, sackEdges: null });
  });

  propertyTest.prop([fc.uint8Array({ maxLength: 120 }), fc.nat(20)])(
    'reads any bytes without a throw',
    (bytes, offset) => {
      const segment = new Segment();
      expect(segment.read(bytes, offset, Math.max(0, bytes.length - offset))).toBe(false);
    },
  );

  propertyTest.prop([fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 40 })])(
    'reads any options without a throw, and no more than four ranges',
    (options) => {
      const segment = read(withOptions(...options));
      expect(segment).not.toBeNull();
      expect(segment!.sackCount).toBeLessThanOrEqual(4);
      expect(segment!.windowScale).toBeLessThanOrEqual(14);
    },
  );
});
