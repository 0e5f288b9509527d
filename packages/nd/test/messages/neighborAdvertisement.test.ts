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
import { changed, testRefusals } from '../support/refusals.js';

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
    // What is reserved is sent as zero.
    expect(buildNd({ ...message, ...expected })[44]).toBe(flags & 0xe0);
  });
});

describe('RFC 4861 §7.1.2: a Neighbor Advertisement is refused', () => {
  testRefusals({
    section: 'RFC 4861 §7.1.2',
    golden,
    fixed: 24,
    option: 72,
    own: [
      [
        'whose target is multicast',
        (packet) => packet.fill(0xff, 48, 49),
        { code: 'bad-target', offset: 48 },
      ],
      [
        'that is solicited, to multicast',
        (packet) => packet.set(address('ff02::1'), 24),
        { code: 'bad-flags', offset: 44 },
      ],
    ],
  });
});

describe('RFC 4861 §7.1.2: a Neighbor Advertisement is accepted', () => {
  test('that is unsolicited, to multicast', () => {
    const packet = changed(golden, (packet) => {
      packet.set(address('ff02::1'), 24);
      packet[44] = 0x20;
    });
    expect(parseNd(packet, 0, packet.length).ok).toBe(true);
  });

  test('without options, as Java peers send it', () => {
    const packet = golden.slice(0, 64);
    packet[5] = 24;
    expect(parseNd(fixChecksum(packet), 0, packet.length)).toEqual({
      ok: true,
      value: { ...message, options: [] },
    });
  });
});
