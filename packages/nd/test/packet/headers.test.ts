import { describe, expect, test } from 'vitest';
import * as nd from '../../src/index.js';

/** Fields of a header from its first byte on: name, bytes, and what we say its offset is. */
type Field = readonly [name: string, bytes: number, offset?: number];

const ports: readonly Field[] = [
  ['source port', 2, nd.SOURCE_PORT_OFFSET],
  ['destination port', 2, nd.DESTINATION_PORT_OFFSET],
];

describe.each<[header: string, length: number | undefined, fields: readonly Field[]]>([
  [
    'IPv6 (RFC 8200 §3)',
    nd.IPV6_HEADER_LENGTH,
    [
      ['version, traffic class, flow label', 4],
      ['payload length', 2, nd.PAYLOAD_LENGTH_OFFSET],
      ['next header', 1, nd.NEXT_HEADER_OFFSET],
      ['hop limit', 1, nd.HOP_LIMIT_OFFSET],
      ['source address', 16, nd.SOURCE_OFFSET],
      ['destination address', 16, nd.DESTINATION_OFFSET],
    ],
  ],
  [
    'UDP (RFC 768)',
    nd.UDP_HEADER_LENGTH,
    [...ports, ['length', 2, nd.UDP_LENGTH_OFFSET], ['checksum', 2, nd.UDP_CHECKSUM_OFFSET]],
  ],
  [
    'UDP-Lite (RFC 3828 §3.1)',
    undefined,
    [...ports, ['checksum coverage', 2], ['checksum', 2, nd.UDP_LITE_CHECKSUM_OFFSET]],
  ],
  [
    'DCCP (RFC 4340 §5.1)',
    undefined,
    [
      ...ports,
      ['data offset', 1],
      ['CCVal, checksum coverage', 1],
      ['checksum', 2, nd.DCCP_CHECKSUM_OFFSET],
    ],
  ],
  [
    'TCP (RFC 9293 §3.1)',
    nd.TCP_HEADER_LENGTH,
    [
      ...ports,
      ['sequence number', 4, nd.TCP_SEQUENCE_OFFSET],
      ['acknowledgment number', 4, nd.TCP_ACKNOWLEDGMENT_OFFSET],
      ['data offset', 1, nd.TCP_DATA_OFFSET_OFFSET],
      ['control bits', 1, nd.TCP_FLAGS_OFFSET],
      ['window', 2, nd.TCP_WINDOW_OFFSET],
      ['checksum', 2, nd.TCP_CHECKSUM_OFFSET],
      ['urgent pointer', 2, nd.TCP_URGENT_POINTER_OFFSET],
    ],
  ],
  [
    'SCTP (RFC 9260 §3.1)',
    nd.SCTP_HEADER_LENGTH,
    [...ports, ['verification tag', 4, nd.SCTP_VERIFICATION_TAG_OFFSET], ['checksum', 4]],
  ],
  [
    'SCTP with an INIT chunk (RFC 9260 §3.3.2)',
    undefined,
    [
      ...ports,
      ['verification tag, checksum', 8],
      ['chunk type', 1, nd.SCTP_CHUNK_OFFSET],
      ['chunk flags, chunk length', 3],
      ['initiate tag', 4, nd.SCTP_INITIATE_TAG_OFFSET],
    ],
  ],
])('the header of %s', (_header, length, fields) => {
  test('has its fields one behind the other', () => {
    let at = 0;
    for (const [name, bytes, offset] of fields) {
      if (offset !== undefined) expect(offset, name).toBe(at);
      at += bytes;
    }
    if (length !== undefined) expect(length).toBe(at);
  });
});

test('the control bits of TCP are single bits, FIN being the lowest (RFC 9293 §3.1)', () => {
  const { TCP_FIN, TCP_SYN, TCP_RST, TCP_PSH, TCP_ACK, TCP_URG, TCP_ECE, TCP_CWR } = nd;
  const flags = [TCP_FIN, TCP_SYN, TCP_RST, TCP_PSH, TCP_ACK, TCP_URG, TCP_ECE, TCP_CWR];
  expect(flags).toEqual(flags.map((_, bit) => 1 << bit));
});

test.each([
  ['hop-by-hop options', nd.NEXT_HEADER_HOP_BY_HOP, 0],
  ['TCP', nd.NEXT_HEADER_TCP, 6],
  ['UDP', nd.NEXT_HEADER_UDP, 17],
  ['DCCP', nd.NEXT_HEADER_DCCP, 33],
  ['a routing header', nd.NEXT_HEADER_ROUTING, 43],
  ['a fragment header', nd.NEXT_HEADER_FRAGMENT, 44],
  ['an authentication header', nd.NEXT_HEADER_AUTHENTICATION, 51],
  ['ICMPv6', nd.NEXT_HEADER_ICMPV6, 58],
  ['nothing', nd.NEXT_HEADER_NONE, 59],
  ['destination options', nd.NEXT_HEADER_DESTINATION_OPTIONS, 60],
  ['SCTP', nd.NEXT_HEADER_SCTP, 132],
  ['UDP-Lite', nd.NEXT_HEADER_UDP_LITE, 136],
])('the protocol number of %s is the one that IANA assigned', (_name, number, assigned) => {
  expect(number).toBe(assigned);
});
