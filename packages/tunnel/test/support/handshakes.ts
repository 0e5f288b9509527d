import { parseIPv6 } from '@6bed4/codec';
import { writeIPv6Header } from '@6bed4/nd';

const TCP = 6;
const SCTP = 132;

function packet(source: string, destination: string, next: number, upper: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(40 + upper.length);
  writeIPv6Header(bytes, 0, {
    trafficClass: 0,
    flowLabel: 0,
    payloadLength: upper.length,
    nextHeader: next,
    hopLimit: 64,
    source: parseIPv6(source),
    destination: parseIPv6(destination),
  });
  bytes.set(upper, 40);
  return bytes;
}

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const ACK = 0x10;

/** A TCP segment without data between ports 1024 and 80; its checksum is left out. */
export function tcp(
  source: string,
  destination: string,
  fields: { readonly flags: number; readonly sequence: number; readonly acknowledges?: number },
): Uint8Array {
  const upper = new Uint8Array(20);
  const view = new DataView(upper.buffer);
  view.setUint16(0, 1024);
  view.setUint16(2, 80);
  view.setUint32(4, fields.sequence);
  view.setUint32(8, fields.acknowledges ?? 0);
  upper[12] = 0x50;
  upper[13] = fields.flags;
  return packet(source, destination, TCP, upper);
}

export const INIT = 1;
export const INIT_ACK = 2;
export const COOKIE_ECHO = 10;
export const COOKIE_ACK = 11;

/** An SCTP packet with one chunk; its checksum is left out. */
export function sctp(
  source: string,
  destination: string,
  fields: { readonly chunk: number; readonly tag: number; readonly own?: number },
): Uint8Array {
  const upper = new Uint8Array(32);
  const view = new DataView(upper.buffer);
  view.setUint16(0, 1024);
  view.setUint16(2, 9899);
  view.setUint32(4, fields.tag);
  upper[12] = fields.chunk;
  view.setUint16(14, 20);
  view.setUint32(16, fields.own ?? 0);
  return packet(source, destination, SCTP, upper);
}
