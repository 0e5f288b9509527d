import { parseIPv6 } from '@6bed4/codec';
import { buildEcho, buildUdp } from '@6bed4/nd';

export interface Ping {
  readonly from: string;
  readonly to: string;
  readonly sequence?: number;
  readonly hopLimit?: number;
}

/** Builds an echo request. */
export function pingPacket({ from, to, sequence = 1, hopLimit = 64 }: Ping): Uint8Array {
  return buildEcho({
    type: 'echo-request',
    source: parseIPv6(from),
    destination: parseIPv6(to),
    hopLimit,
    identifier: 0x6bed,
    sequence,
    data: Uint8Array.of(1, 2, 3, 4),
  });
}

/** Builds a UDP datagram. */
export function udpPacket(from: string, to: string, payload: Uint8Array): Uint8Array {
  return buildUdp({
    source: parseIPv6(from),
    destination: parseIPv6(to),
    sourcePort: 5000,
    destinationPort: 6000,
    payload,
  });
}
