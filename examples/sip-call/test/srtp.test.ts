import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createProtection, createReceiver, crypt, deriveKeys } from '../srtp.mjs';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
/** Master key and salt of RFC 3711 B.3. */
const MASTER = hex('E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6');

function rtp(sequence: number, ssrc = 7): Buffer {
  const packet = Buffer.alloc(172, 0xd5);
  packet[0] = 0x80;
  packet[1] = 0;
  packet.writeUInt16BE(sequence & 0xffff, 2);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}

describe('the cipher', () => {
  test('derives the session keys of RFC 3711 B.3', () => {
    expect(deriveKeys(MASTER)).toEqual({
      cipher: hex('C61E7A93744F39EE10734AFE3FF7A087'),
      salt: hex('30CBBC08863D8C85D49DB34A9AE1'),
      auth: hex('CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4'),
    });
  });

  test('makes the key stream of RFC 3711 B.2', () => {
    const keys = {
      cipher: hex('2B7E151628AED2A6ABF7158809CF4F3C'),
      salt: hex('F0F1F2F3F4F5F6F7F8F9FAFBFCFD'),
    };
    expect(crypt(keys, 0, 0, Buffer.alloc(48))).toEqual(
      hex(
        'E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0',
      ),
    );
  });

  test('protects and opens the reference packet of libsrtp', () => {
    const header = '800f1234 decafbad cafebabe';
    const plain = hex(header + 'ab'.repeat(16));
    const secured = hex(`${header} 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb`);
    expect(createProtection(MASTER)(plain)).toEqual(secured);
    expect(createReceiver(MASTER).open(secured)).toEqual(plain);
  });

  test('leaves sources and extension of the header in the clear', () => {
    const packet = rtp(1);
    packet[0] = 0x92;
    packet.writeUInt16BE(1, 12 + 8 + 2);
    const secured = createProtection(MASTER)(packet);
    expect(secured.subarray(0, 28)).toEqual(packet.subarray(0, 28));
    expect(secured.subarray(28, 60)).not.toEqual(packet.subarray(28, 60));
    expect(createReceiver(MASTER).open(secured)).toEqual(packet);
  });
});

describe('the receiver', () => {
  test('opens a stream over two rollovers of the sequence number, with loss and reordering', () => {
    const protect = createProtection(MASTER);
    const receiver = createReceiver(MASTER);
    const secured = Array.from({ length: 140_000 }, (_, i) => i)
      .filter((i) => i % 997 < 6 || i % 65_536 < 40 || i % 65_536 > 65_500)
      .map((i) => ({ i, packet: protect(rtp(i)) }));
    for (let i = 0; i + 1 < secured.length; i += 2) {
      expect(receiver.open(secured[i + 1]!.packet)).toEqual(rtp(secured[i + 1]!.i));
      // Neighbors in the list may be farther apart than the window.
      const isWithin = secured[i + 1]!.i - secured[i]!.i < 64;
      expect(receiver.open(secured[i]!.packet)).toEqual(isWithin ? rtp(secured[i]!.i) : undefined);
    }
    expect(receiver.dropped.unauthenticated).toBe(0);
  });

  test('opens each packet once, and none below its window of 64', () => {
    const protect = createProtection(MASTER);
    const packets = Array.from({ length: 66 }, (_, i) => protect(rtp(i)));
    const receiver = createReceiver(MASTER);
    const open = (i: number): boolean => receiver.open(packets[i]!) !== undefined;
    expect([open(2), open(2), open(65), open(2), open(1), open(3), open(3)]).toEqual([
      ...[true, false, true, false, false, true, false],
    ]);
    expect(receiver.dropped).toEqual({ unauthenticated: 0, replayed: 4 });
  });

  test('drops a packet with any bit changed, and then opens the true one', () => {
    const secured = createProtection(MASTER)(rtp(40_000));
    const receiver = createReceiver(MASTER);
    for (let bit = 0; bit < secured.length * 8; bit++) {
      const changed = Buffer.from(secured);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(receiver.open(changed)).toBeUndefined();
    }
    expect(receiver.dropped).toEqual({ unauthenticated: secured.length * 8, replayed: 0 });
    expect(receiver.open(secured)).toEqual(rtp(40_000));
  });

  test('drops plain RTP, the packets of another key, another source, and anything else', () => {
    const receiver = createReceiver(MASTER);
    expect(receiver.open(createProtection(MASTER)(rtp(1)))).toEqual(rtp(1));
    const other = createProtection(Buffer.alloc(30, 1));
    for (const packet of [rtp(2), other(rtp(2)), createProtection(MASTER)(rtp(2, 8))])
      expect(receiver.open(packet)).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(receiver.open(Buffer.from(bytes))).toBeUndefined();
        expect(receiver.open(Buffer.from([0x9f, ...bytes]))).toBeUndefined();
      }),
    );
    expect(receiver.open(createProtection(MASTER)(rtp(3)))).toEqual(rtp(3));
  });
});
