import { parseIPv6 } from '@6bed4/codec';
import { buildEcho, buildUdp } from '@6bed4/nd';

/** An echo request between two addresses in text form. */
export function ping(
  source: string,
  destination: string,
  options: { hopLimit?: number; size?: number; sequence?: number } = {},
): Uint8Array {
  return buildEcho({
    type: 'echo-request',
    source: parseIPv6(source),
    destination: parseIPv6(destination),
    hopLimit: options.hopLimit ?? 64,
    identifier: 7,
    sequence: options.sequence ?? 1,
    data: new Uint8Array(options.size ?? 8).fill(0x61),
  });
}

/** A UDP packet between two addresses in text form. */
export function udp(source: string, destination: string, payload: Uint8Array): Uint8Array {
  return buildUdp({
    source: parseIPv6(source),
    destination: parseIPv6(destination),
    sourcePort: 5060,
    destinationPort: 5060,
    payload,
    hopLimit: 64,
  });
}
