import { address, hex } from '@6bed4/testing/bytes';
import { describe, expect, test } from 'vitest';
import {
  buildNd,
  type NeighborSolicitation,
  neighborSolicitationView,
  type ParseResult,
  parseNd,
} from '../../src/index.js';
import { writeNd } from '../../src/messages/nd.js';
import { neighborSolicitation } from '../support/arbitraries.js';
import { describeMessage } from '../support/messageTests.js';
import { changed, testRefusals } from '../support/refusals.js';

const golden = hex(`
  60000000 0028 3a ff
  fc640bedc6336401c4336402d25a8001
  fc640bedc6336401c4336403d66a8001
  87 00 932f 00000000
  fc640bedc6336401c4336403d66a8001
  01 01 5ad2c6336402
  0e 01 6e6f6e636521
`);

const message: NeighborSolicitation = {
  type: 'neighbor-solicitation',
  source: address('fc64:bed:c633:6401:c433:6402:d25a:8001'),
  destination: address('fc64:bed:c633:6401:c433:6403:d66a:8001'),
  target: address('fc64:bed:c633:6401:c433:6403:d66a:8001'),
  options: [
    { type: 'source-link-layer', address: hex('5ad2c6336402') },
    { type: 'nonce', nonce: hex('6e6f6e636521') },
  ],
};

describeMessage('a Neighbor Solicitation', {
  golden,
  message,
  parse: (bytes, offset, length) =>
    parseNd(bytes, offset, length) as ParseResult<NeighborSolicitation>,
  build: buildNd,
  write: writeNd,
  arbitrary: neighborSolicitation,
});

describe('the view of a Neighbor Solicitation', () => {
  test('finds its parts', () => {
    const target = neighborSolicitationView.targetOffset(0);
    expect(golden.subarray(target, target + 16)).toEqual(message.target);
    expect(golden[neighborSolicitationView.optionsOffset(0)]).toBe(1);
  });
});

/** Makes `::` the source of a packet. */
const fromNobody = (destination: string) => (packet: Uint8Array) => {
  packet.fill(0, 8, 24);
  packet.set(address(destination), 24);
};

describe('RFC 4861 §7.1.1: a Neighbor Solicitation is refused', () => {
  testRefusals({
    section: 'RFC 4861 §7.1.1',
    golden,
    fixed: 24,
    option: 64,
    own: [
      [
        'whose target is multicast',
        (packet) => packet.set(address('ff02::1'), 48),
        { code: 'bad-target', offset: 48 },
      ],
      [
        'from :: to something else than a solicited-node address',
        fromNobody('ff02::1'),
        { code: 'bad-destination', offset: 24 },
      ],
      [
        'from :: with a source link-layer option',
        fromNobody('ff02::1:ff6a:8001'),
        { code: 'forbidden-option', offset: 64 },
      ],
      [
        'from :: with a source link-layer option behind another',
        (packet) => {
          fromNobody('ff02::1:ff6a:8001')(packet);
          packet[64] = 14;
          packet[72] = 1;
        },
        { code: 'forbidden-option', offset: 72 },
      ],
    ],
  });

  test('from :: with a source link-layer option, even where Router Solicitations are forgiven it', () => {
    const packet = changed(golden, fromNobody('ff02::1:ff6a:8001'));
    expect(parseNd(packet, 0, packet.length, { lenientSolicitation: true }).ok).toBe(false);
  });
});

describe('RFC 4861 §7.1.1: a Neighbor Solicitation is accepted', () => {
  test('from :: to a solicited-node address without a source link-layer option', () => {
    const packet = changed(golden, (packet) => {
      fromNobody('ff02::1:ff6a:8001')(packet);
      packet[64] = 14;
    });
    expect(parseNd(packet, 0, packet.length).ok).toBe(true);
  });
});
