import { formatIPv6 } from '@6bed4/codec';
import {
  DESTINATION_OFFSET,
  findUpperLayer,
  ICMPV6_DESTINATION_UNREACHABLE,
  ICMPV6_ECHO_REPLY,
  ICMPV6_ECHO_REQUEST,
  ICMPV6_NEIGHBOR_ADVERTISEMENT,
  ICMPV6_NEIGHBOR_SOLICITATION,
  ICMPV6_PACKET_TOO_BIG,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_REDIRECT,
  ICMPV6_ROUTER_ADVERTISEMENT,
  ICMPV6_ROUTER_SOLICITATION,
  ICMPV6_TIME_EXCEEDED,
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_ICMPV6,
  NEXT_HEADER_TCP,
  NEXT_HEADER_UDP,
  SOURCE_OFFSET,
  TCP_ACK,
  TCP_DATA_OFFSET_OFFSET,
  TCP_FIN,
  TCP_FLAGS_OFFSET,
  TCP_RST,
  TCP_SYN,
  version,
} from '@6bed4/nd';
import { parseApplicationPacket } from '../application/applicationPacket.js';

/** A TTL below this is meant to die on the way (draft-03 §5). */
const SHORT_TTL = 16;
const LOWEST_ROHC_NIBBLE = 14;

const neighborDiscovery = new Map<number, string>([
  [ICMPV6_ROUTER_SOLICITATION, 'RS'],
  [ICMPV6_ROUTER_ADVERTISEMENT, 'RA'],
  [ICMPV6_NEIGHBOR_SOLICITATION, 'NS'],
  [ICMPV6_NEIGHBOR_ADVERTISEMENT, 'NA'],
  [ICMPV6_REDIRECT, 'Redirect'],
]);

const neighborDiscoveryNames = new Set(neighborDiscovery.values());

const messages = new Map<number, string>([
  [ICMPV6_DESTINATION_UNREACHABLE, 'unreachable'],
  [ICMPV6_PACKET_TOO_BIG, 'too big'],
  [ICMPV6_TIME_EXCEEDED, 'time exceeded'],
  [ICMPV6_PARAMETER_PROBLEM, 'parameter problem'],
  [ICMPV6_ECHO_REQUEST, 'echo request'],
  [ICMPV6_ECHO_REPLY, 'echo reply'],
]);

const tcpFlags = [
  [TCP_SYN, 'SYN'],
  [TCP_ACK, 'ACK'],
  [TCP_FIN, 'FIN'],
  [TCP_RST, 'RST'],
] as const;

/**
 * Describes a datagram of 6bed4 in a few words: `RS`, `NA`, `keepalive`, `probe`,
 * `echo request a → b`, `UDP 7 a → b`.
 *
 * @param payload - of the UDP/IPv4 datagram
 * @param ttl - IPv4 TTL that it was sent with
 * @param names - names of nodes by IPv6 address (RFC 5952)
 */
export function describeDatagram(
  payload: Uint8Array,
  ttl: number,
  names: ReadonlyMap<string, string>,
): string {
  if (payload.length === 0) return ttl < SHORT_TTL ? 'keepalive' : 'probe';
  if (payload[0]! >>> 4 >= LOWEST_ROHC_NIBBLE) return 'RoHC';
  if (payload.length < IPV6_HEADER_LENGTH || version(payload, 0) !== 6) {
    return `${payload.length} bytes`;
  }
  const text = describePacket(payload);
  if (neighborDiscoveryNames.has(text)) return text;
  const name = (offset: number): string => {
    const address = formatIPv6(payload, offset);
    return names.get(address) ?? address;
  };
  return `${text} ${name(SOURCE_OFFSET)} → ${name(DESTINATION_OFFSET)}`;
}

function describePacket(packet: Uint8Array): string {
  const upper = findUpperLayer(packet, 0, packet.length);
  if (upper === null || upper.offset >= packet.length) return 'IPv6';
  const { nextHeader, offset } = upper;
  const first = packet[offset]!;
  switch (nextHeader) {
    case NEXT_HEADER_ICMPV6:
      return neighborDiscovery.get(first) ?? messages.get(first) ?? `ICMPv6 type ${first}`;
    case NEXT_HEADER_TCP:
      return describeSegment(packet, offset);
    case NEXT_HEADER_UDP: {
      const { kind, sequence } = parseApplicationPacket(packet);
      return kind === 'udp' ? `UDP ${sequence}` : 'UDP';
    }
    default:
      return `protocol ${nextHeader}`;
  }
}

/** The flags of a TCP segment, and how many bytes of data it has. */
function describeSegment(packet: Uint8Array, offset: number): string {
  const flags = packet[offset + TCP_FLAGS_OFFSET] ?? 0;
  const set = tcpFlags.filter(([bit]) => (flags & bit) !== 0).map(([, text]) => text);
  const header = ((packet[offset + TCP_DATA_OFFSET_OFFSET] ?? 0) >>> 4) * 4;
  const data = packet.length - offset - header;
  const words = ['TCP', set.join('+'), data > 0 && header > 0 ? `${data} bytes` : ''];
  return words.filter((word) => word !== '').join(' ');
}
