import { hex } from '@6bed4/testing/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  buildEcho,
  buildUdp,
  fold,
  icmpv6Checksum,
  sumBytes,
  sumView,
  updateChecksum,
  upperLayerChecksum,
  verifyIcmpv6Checksum,
} from '../../src/index.js';
import { echo, udpDatagram } from '../support/arbitraries.js';
import { frame, frames } from '../support/frames.js';
import { slowChecksum, slowSum } from '../support/oracle.js';

describe('the ones-complement sum', () => {
  test('is that of the example in RFC 1071 §3', () => {
    expect(sumBytes(hex('0001 f203 f4f5 f6f7'), 0, 8)).toBe(0xddf2);
  });

  test('takes an odd last byte as the high one of a word', () => {
    expect(sumBytes(hex('0001f2'), 0, 3)).toBe(0xf201);
    expect(sumBytes(hex('ab'), 0, 1)).toBe(0xab00);
  });

  test('of nothing is nothing', () => {
    expect(sumBytes(new Uint8Array(0), 0, 0)).toBe(0);
    expect(sumBytes(hex('ffff'), 1, 0)).toBe(0);
  });

  test('does not lose carries of long inputs', () => {
    expect(sumBytes(new Uint8Array(65_575).fill(0xff), 0, 65_574)).toBe(0xffff);
    expect(sumBytes(new Uint8Array(4_000_000).fill(0xff), 0, 4_000_000)).toBe(0xffff);
  });

  test('is that of an obvious implementation, for every length and place', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300, size: 'max' }),
        fc.nat(20),
        fc.nat(0xffff),
        (bytes, offset, initial) => {
          const buffer = new Uint8Array(bytes.length + 40).fill(0xa5);
          buffer.set(bytes, offset);
          const expected = slowSum([initial >> 8, initial & 0xff, ...bytes]);
          expect(sumBytes(buffer, offset, bytes.length, initial)).toBe(expected);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('can be taken in even parts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100, size: 'max' }), fc.nat(50), (bytes, words) => {
        const cut = Math.min(words * 2, bytes.length & ~1);
        const first = sumBytes(bytes, 0, cut);
        expect(sumBytes(bytes, cut, bytes.length - cut, first)).toBe(
          sumBytes(bytes, 0, bytes.length),
        );
      }),
    );
  });

  test('folds to the remainder by 65535, and to 0 for a sum of 0 only', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (sum) => {
        const rest = Number(BigInt(sum) % 0xffffn);
        expect(fold(sum)).toBe(sum === 0 ? 0 : rest || 0xffff);
      }),
      {
        examples: [
          ...[[0], [0xffff], [0x1_0000], [0xffff_ffff], [Number.MAX_SAFE_INTEGER]],
          // Of these, the carry of a carry makes another one.
          ...[[0x1_ffff_ffff], [0x2_ffff_ffff_ffff]],
        ] as [number][],
      },
    );
  });
});

describe('the ones-complement sum through a DataView', () => {
  test('is that of sumBytes from any offset to any end', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300, size: 'max' }),
        fc.nat(40),
        fc.nat(40),
        fc.nat(0xffff),
        (bytes, start, cut, initial) => {
          const from = Math.min(start, bytes.length);
          const length = Math.max(bytes.length - from - cut, 0);
          const sum = sumView(new DataView(bytes.buffer), from, length, initial);
          expect(sum).toBe(sumBytes(bytes, from, length, initial));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('does not overflow with 65536 bytes of the largest value', () => {
    const bytes = new Uint8Array(65_536).fill(0xff);
    expect(sumView(new DataView(bytes.buffer), 0, bytes.length)).toBe(0xffff);
  });
});

describe('the checksum of a message', () => {
  test('is that of an obvious implementation', () => {
    fc.assert(
      fc.property(echo, (echo) => {
        const packet = buildEcho(echo);
        expect(icmpv6Checksum(packet, 0, packet.length)).toBe(slowChecksum(packet, 58, 2));
      }),
    );
    fc.assert(
      fc.property(udpDatagram, (datagram) => {
        const packet = buildUdp(datagram);
        expect(upperLayerChecksum(packet, 0, packet.length, 17, 6)).toBe(
          slowChecksum(packet, 17, 6),
        );
      }),
    );
  });

  test('does not depend on what stands in its field', () => {
    fc.assert(
      fc.property(echo, fc.nat(0xff), fc.nat(0xff), (echo, high, low) => {
        const packet = buildEcho(echo);
        const before = icmpv6Checksum(packet, 0, packet.length);
        packet[42] = high;
        packet[43] = low;
        expect(icmpv6Checksum(packet, 0, packet.length)).toBe(before);
      }),
    );
  });

  test('is right for exactly one value, where the two zeros are one', () => {
    fc.assert(
      fc.property(echo, fc.nat(0xffff), (echo, guess) => {
        const packet = buildEcho(echo);
        expect(verifyIcmpv6Checksum(packet, 0, packet.length)).toBe(true);
        const right = packet[42]! * 256 + packet[43]!;
        packet[42] = guess >> 8;
        packet[43] = guess & 0xff;
        // Both zeros of ones complement are right.
        expect(verifyIcmpv6Checksum(packet, 0, packet.length)).toBe(
          guess % 0xffff === right % 0xffff,
        );
      }),
    );
  });

  test('finds every single bit that changed', () => {
    const packet = frame('router2020/relay-echo, request');
    for (let bit = 8 * 8; bit < packet.length * 8; bit++) {
      const changed = packet.slice();
      changed[bit >> 3]! ^= 0x80 >> (bit & 7);
      expect(verifyIcmpv6Checksum(changed, 0, changed.length)).toBe(false);
    }
  });

  test.each([
    [40, false],
    [43, false],
    [44, true],
  ])('is there in %i bytes: %s', (length, expected) => {
    const packet = new Uint8Array(length);
    packet[5] = length - 40;
    packet[6] = 58;
    // A word of the source address makes the sum come out right, whatever is there.
    const missing = 0xffff - sumBytes(packet, 8, length - 8, packet[5]! + 58);
    packet.set([missing >> 8, missing & 0xff], 8);
    expect(verifyIcmpv6Checksum(packet, 0, length)).toBe(expected);
  });

  test('is wrong for what is not all there, even where zeros are missing', () => {
    const packet = new Uint8Array(48);
    packet[5] = 8;
    packet[6] = 58;
    const checksum = icmpv6Checksum(packet, 0, 48);
    packet.set([checksum >> 8, checksum & 0xff], 42);
    expect(verifyIcmpv6Checksum(packet, 0, 48)).toBe(true);
    expect(verifyIcmpv6Checksum(packet.subarray(0, 46), 0, 48)).toBe(false);
  });

  test('is wrong for what is too short, or not all there', () => {
    const packet = frame('router2020/rs-even-port, request');
    expect(verifyIcmpv6Checksum(packet, 0, 43)).toBe(false);
    expect(verifyIcmpv6Checksum(packet, 0, 0)).toBe(false);
    expect(verifyIcmpv6Checksum(packet, 0, packet.length + 1)).toBe(false);
    expect(verifyIcmpv6Checksum(packet, 1, packet.length)).toBe(false);
  });

  test.each(frames.filter(({ packet }) => packet.length > 44 && packet[6] === 58))(
    'of the recorded $name is judged as an obvious implementation does',
    ({ name, packet }) => {
      const right = slowChecksum(packet, 58, 2) === packet[42]! * 256 + packet[43]!;
      expect(verifyIcmpv6Checksum(packet, 0, packet.length)).toBe(right);
      expect(right).toBe(!name.includes('bad-checksum'));
    },
  );
});

describe('RFC 1624: a checksum that is updated', () => {
  test('is right in the example of its section 4', () => {
    expect(updateChecksum(0xdd2f, 0x5555, 0x3285)).toBe(0x0000);
  });

  test('stays when the word stays', () => {
    fc.assert(
      fc.property(fc.nat(0xfffe), fc.nat(0xffff), (checksum, word) => {
        expect(updateChecksum(checksum, word, word)).toBe(checksum);
      }),
    );
  });

  test('is the one computed anew, whatever word changes to whatever', () => {
    fc.assert(
      fc.property(
        echo,
        fc.nat(0xffff),
        fc.oneof(fc.constantFrom(0, 0xffff), fc.nat(0xffff)),
        (echo, place, newWord) => {
          const packet = buildEcho(echo);
          // A word of the addresses or of the message behind its checksum.
          const words: number[] = [];
          for (let at = 8; at + 2 <= packet.length; at += 2)
            if (at < 40 || at >= 44) words.push(at);
          const at = words[place % words.length]!;
          const oldWord = packet[at]! * 256 + packet[at + 1]!;
          const checksum = packet[42]! * 256 + packet[43]!;
          packet[at] = newWord >> 8;
          packet[at + 1] = newWord & 0xff;
          expect(updateChecksum(checksum, oldWord, newWord)).toBe(slowChecksum(packet, 58, 2));
        },
      ),
      { numRuns: 2000 },
    );
  });
});
