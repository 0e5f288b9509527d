import { formatIPv4 } from '@6bed4/codec';

const PORTS = 0x1_0000;

/** An IPv4 address (int32 or uint32) and a UDP port as one number, for keys of maps: 0..2^48 - 1. */
export function endpointKey(address: number, port: number): number {
  return (address >>> 0) * PORTS + port;
}

/** Writes `A.B.C.D:port`. */
export function endpointText(address: number, port: number): string {
  return `${formatIPv4(address)}:${port}`;
}
