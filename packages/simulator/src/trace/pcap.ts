import { fold, sumBytes } from '@6bed4/nd';
import type { TraceEntry } from './trace.js';

/*
 * draft-ietf-opsawg-pcap §4: the file header, then for each packet a record header and its bytes. All
 * fields are little-endian here, as the magic number says.
 *
 *   | magic | major, minor | 0 | 0 | snap length | link type |
 *   | seconds | microseconds | captured length | original length | bytes
 */
const MAGIC = 0xa1b2_c3d4;
const MAJOR = 2;
const MINOR = 4;
const SNAP_LENGTH = 0xffff;
/** Packets begin with their IPv4 or IPv6 header. */
const LINKTYPE_RAW = 101;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

const IPV4_HEADER = 20;
const UDP_HEADER = 8;
const IPV4_CHECKSUM = 10;
const UDP_CHECKSUM = IPV4_HEADER + 6;
const VERSION_AND_LENGTH = 0x45;
const PROTOCOL_UDP = 17;
const ADDRESSES = 12;
const ADDRESS_BYTES = 8;

/** The bytes of a pcap file with these datagrams, their IPv4 and UDP headers made up. */
export function pcap(entries: readonly TraceEntry[]): Uint8Array {
  const headers = IPV4_HEADER + UDP_HEADER;
  const total = entries.reduce(
    (sum, { payload }) => sum + RECORD_HEADER + headers + payload.length,
    FILE_HEADER,
  );
  const file = new Uint8Array(total);
  const view = new DataView(file.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, MAJOR, true);
  view.setUint16(6, MINOR, true);
  view.setUint32(16, SNAP_LENGTH, true);
  view.setUint32(20, LINKTYPE_RAW, true);
  let at = FILE_HEADER;
  for (const entry of entries) {
    const length = headers + entry.payload.length;
    const microseconds = Math.floor(entry.at * 1000);
    view.setUint32(at, Math.floor(microseconds / 1_000_000), true);
    view.setUint32(at + 4, microseconds % 1_000_000, true);
    view.setUint32(at + 8, length, true);
    view.setUint32(at + 12, length, true);
    at += RECORD_HEADER;
    writePacket(file.subarray(at, at + length), entry);
    at += length;
  }
  return file;
}

function writePacket(out: Uint8Array, entry: TraceEntry): void {
  const view = new DataView(out.buffer, out.byteOffset, out.length);
  const udpLength = UDP_HEADER + entry.payload.length;
  view.setUint8(0, VERSION_AND_LENGTH);
  view.setUint8(1, entry.tos);
  view.setUint16(2, out.length);
  view.setUint16(4, entry.id & 0xffff);
  view.setUint8(8, entry.ttl);
  view.setUint8(9, PROTOCOL_UDP);
  view.setInt32(ADDRESSES, entry.source);
  view.setInt32(ADDRESSES + 4, entry.destination);
  view.setUint16(IPV4_CHECKSUM, ~sumBytes(out, 0, IPV4_HEADER) & 0xffff);
  view.setUint16(IPV4_HEADER, entry.sourcePort);
  view.setUint16(IPV4_HEADER + 2, entry.destinationPort);
  view.setUint16(IPV4_HEADER + 4, udpLength);
  out.set(entry.payload, IPV4_HEADER + UDP_HEADER);
  // The pseudo-header of RFC 768: addresses, protocol, length.
  const pseudo = sumBytes(out, ADDRESSES, ADDRESS_BYTES, PROTOCOL_UDP + udpLength);
  const sum = fold(pseudo + sumBytes(out, IPV4_HEADER, udpLength));
  // A checksum of zero would say "none", so it travels as its other form (RFC 768).
  view.setUint16(UDP_CHECKSUM, ~sum & 0xffff || 0xffff);
}
