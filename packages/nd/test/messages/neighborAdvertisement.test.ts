import { address, hex } from '@6bed4/testing/bytes';
import { describe, expect, test } from 'vitest';
import {
  buildNd,
  type NeighborAdvertisement,
  neighborAdvertisementView,
  type ParseResult,
  parseNd,
} from '../../src/index.js';
import { writeNd } from '../../src/messages/nd.js';
import { neighborAdvertisement } from '../support/arbitraries.js';
import { describeMessage } from '../support/messageTests.js';
import { fixChecksum } from '../support/oracle.js';

const golden = hex(`
  60000000 0028 3a ff
  fc640bedc6336401c4336403d66a8001
  fc640bedc6336401c4336402d25a8001
  88 00 212a 60 000000
  fc640bedc6336401c4336403d66a8001
  02 01 6ad6c6336403
  0e 01 6e6f6e636521
`);

const message: NeighborAdvertisement = {
  type: 'neighbor-advertisement',
  source: address('fc64:bed:c633:6401:c433:6403:d66a:8001'),
  destination: address('fc64:bed:c633:6401:c433:6402:d25a:8001'),
  router: false,
  solicited: true,
  override: true,
  target: address('fc64:bed:c633:6401:c433:6403:d66a:8001'),
  options: [
    { type: 'target-link-layer', address: hex('6ad6c6336403') },
    { type: 'nonce', nonce: hex('6e6f6e636521') },
  ],
};

describeMessage('a Neighbor Advertisement', {
  golden,
  message,
  parse: (bytes, offset, length) =>
    parseNd(bytes, offset, length) as ParseResult<NeighborAdvertisement>,
  build: buildNd,
  write: writeNd,
  arbitrary: neighborAdvertisement,
});

describe('the view of a Neighbor Advertisement', () => {
  const view = neighborAdvertisementView;

  test('finds its parts', () => {
    const target = view.targetOffset(0);
    expect(golden.subarray(target, target + 16)).toEqual(message.target);
    expect(golden[view.optionsOffset(0)]).toBe(2);
  });

  test.each([
    [0x00, { router: false, solicited: false, override: false }],
    [0x80, { router: true, solicited: false, override: false }],
    [0x40, { router: false, solicited: true, override: false }],
    [0x20, { router: false, solicited: false, override: true }],
    [0x1f, { router: false, solicited: false, override: false }],
  ])('reads the flags of %i', (flags, expected) => {
    const packet = golden.slice();
    packet[44] = flags;
    expect({
      router: view.router(packet, 0),
      solicited: view.solicited(packet, 0),
      override: view.override(packet, 0),
    }).toEqual(expected);
  });
});

describe('RFC 4861 §7.1.2: a Neighbor Advertisement is refused', () => {
  const section = 'RFC 4861 §7.1.2';
  const changed = (change: (packet: Uint8Array) => void): Uint8Array => {
    const packet = golden.slice();
    change(packet);
    return fixChecksum(packet);
  };

  test.each([
    [
      'whose hop limit is not 255',
      changed((packet) => packet.fill(63, 7, 8)),
      { code: 'bad-hop-limit', offset: 7, section },
    ],
    [
      'whose code is not 0',
      changed((packet) => packet.fill(1, 41, 42)),
      { code: 'bad-code', offset: 41, section },
    ],
    [
      'whose target is multicast',
      changed((packet) => packet.fill(0xff, 48, 49)),
      { code: 'bad-target', offset: 48, section },
    ],
    [
      'that is solicited, to multicast',
      changed((packet) => packet.set(address('ff02::1'), 24)),
      { code: 'bad-flags', offset: 44, section },
    ],
    [
      'with an option of length zero',
      changed((packet) => packet.fill(0, 73, 74)),
      { code: 'bad-option-length', offset: 72, section: 'RFC 4861 §4.6' },
    ],
  ])('%s', (_, packet, error) => {
    expect(parseNd(packet, 0, packet.length)).toEqual({ ok: false, error });
  });

  test('whose checksum is wrong', () => {
    const packet = golden.slice();
    packet[8]! ^= 0x80;
    expect(parseNd(packet, 0, packet.length)).toEqual({
      ok: false,
      error: { code: 'bad-checksum', offset: 42, section },
    });
  });

  test('shorter than 24 bytes', () => {
    const packet = golden.slice(0, 60);
    packet[5] = 20;
    expect(parseNd(fixChecksum(packet), 0, packet.length)).toEqual({
      ok: false,
      error: { code: 'too-short', offset: 60, section },
    });
  });

  test('not for being unsolicited, to multicast', () => {
    const packet = changed((packet) => {
      packet.set(address('ff02::1'), 24);
      packet[44] = 0x20;
    });
    expect(parseNd(packet, 0, packet.length).ok).toBe(true);
  });

  test('not for having no option, as Java peers send it', () => {
    const packet = golden.slice(0, 64);
    packet[5] = 24;
    expect(parseNd(fixChecksum(packet), 0, packet.length)).toEqual({
      ok: true,
      value: { ...message, options: [] },
    });
  });
});
