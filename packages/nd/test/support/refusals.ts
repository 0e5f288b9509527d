import { expect, test } from 'vitest';
import { type ParseErrorCode, parseNd } from '../../src/index.js';
import { fixChecksum } from './oracle.js';

/** A change that makes a message malformed, and the error that this gives. */
export type Refusal = readonly [
  title: string,
  spoil: (packet: Uint8Array) => void,
  error: { readonly code: ParseErrorCode; readonly offset: number; readonly section?: string },
];

/** The rules of one section of RFC 4861. */
export interface Rules {
  readonly section: string;
  /** A packet that keeps them. */
  readonly golden: Uint8Array;
  /** Bytes of the message before its options. */
  readonly fixed: number;
  /** Offset of one of its options. */
  readonly option: number;
  /** The rules that only this message has. */
  readonly own: readonly Refusal[];
}

/** A copy of a packet with something changed and the checksum put right. */
export function changed(golden: Uint8Array, change: (packet: Uint8Array) => void): Uint8Array {
  const packet = golden.slice();
  change(packet);
  return fixChecksum(packet);
}

/** Adds a test for each rule, those that all messages have among them; to be read after "is refused". */
export function testRefusals({ section, golden, fixed, option, own }: Rules): void {
  const shortest = 40 + fixed;
  const common: readonly Refusal[] = [
    ...[0, 63, 64, 254].map(
      (hops): Refusal => [
        `whose hop limit is ${hops}, not 255`,
        (packet) => packet.fill(hops, 7, 8),
        { code: 'bad-hop-limit', offset: 7 },
      ],
    ),
    ['whose code is not 0', (packet) => packet.fill(1, 41, 42), { code: 'bad-code', offset: 41 }],
    [
      'with an option of length zero',
      (packet) => packet.fill(0, option + 1, option + 2),
      { code: 'bad-option-length', offset: option, section: 'RFC 4861 §4.6' },
    ],
  ];

  test.each([...common, ...own])('%s', (_, spoil, error) => {
    const packet = changed(golden, spoil);
    const refused = { ok: false, error: { section, ...error } };
    expect(parseNd(packet, 0, packet.length)).toEqual(refused);
    // Offsets are from the start of the packet, wherever that is.
    const buffer = new Uint8Array(packet.length + 40).fill(0xa5);
    buffer.set(packet, 13);
    expect(parseNd(buffer, 13, packet.length)).toEqual(refused);
  });

  test('whose checksum is wrong, whichever of its bytes was changed', () => {
    for (let at = 8; at < golden.length; at++) {
      // Another type makes another message of it.
      if (at === 40) continue;
      const packet = golden.slice();
      packet[at]! ^= 1;
      expect(parseNd(packet, 0, packet.length), `byte ${at}`).toEqual({
        ok: false,
        error: { code: 'bad-checksum', offset: 42, section },
      });
    }
  });

  test(`shorter than ${fixed} bytes`, () => {
    const packet = golden.slice(0, shortest - 1);
    packet[5] = fixed - 1;
    expect(parseNd(fixChecksum(packet), 0, packet.length)).toEqual({
      ok: false,
      error: { code: 'too-short', offset: shortest - 1, section },
    });
  });
}
