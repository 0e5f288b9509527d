import { encodeAddress, parseIPv4, parseIPv6, UdpEndpoint } from '@6bed4/codec';
import { buildNd } from '@6bed4/nd';
import { udpPacket } from '@6bed4/testing/packets';

const PREFIX = 'fc64:bed:c000:201::/64';
/** The router that {@link PREFIX} names, and another. */
export const ROUTER = '192.0.2.1:25790';
export const OTHER_ROUTER = '198.51.100.9:25790';
/** A client of the gateway, and a remote elsewhere. */
export const CLIENT = '192.0.2.1:40000';
export const REMOTE = '203.0.113.7:30000';

/** An endpoint as machines take it. */
export function endpoint(text: string): UdpEndpoint {
  const [address = '', port] = text.split(':');
  return new UdpEndpoint(parseIPv4(address), Number(port));
}

/** The 6bed4 address of an endpoint. */
export function addressOf(peer: string, prefix: string = PREFIX): string {
  return encodeAddress({ prefix, peer, lanip: 1 });
}

/** A packet between the 6bed4 addresses of two endpoints. */
export function packet(from: string, to: string, length = 8): Uint8Array {
  return udpPacket(addressOf(from), addressOf(to), new Uint8Array(length));
}

/** A Router Solicitation of a node without an address. */
export function routerSolicitation(): Uint8Array {
  return buildNd({
    type: 'router-solicitation',
    source: parseIPv6('::'),
    destination: parseIPv6('ff02::2'),
    options: [],
  });
}

/** A Neighbor Solicitation for the address of an endpoint. */
export function neighborSolicitation(
  from: string,
  target: string,
  destination = addressOf(target),
): Uint8Array {
  return buildNd({
    type: 'neighbor-solicitation',
    source: parseIPv6(addressOf(from)),
    destination: parseIPv6(destination),
    target: parseIPv6(addressOf(target)),
    options: [],
  });
}
