import { parseIPv4 } from '@6bed4/codec';

/** Link type of packets that begin with their IP header (draft-ietf-opsawg-pcaplinktype). */
const LINKTYPE_RAW = 101;
const MAGIC = 0xa1b2_c3d4;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const IPV4_HEADER = 20;
const UDP_HEADER = 8;
const PROTOCOL_UDP = 17;

/** A recorded datagram; its payload is in hexadecimal. */
export interface RecordedDatagram {
  /** `A.B.C.D:port` */
  readonly from: string;
  readonly to: string;
  readonly ip_ttl: number;
  readonly payload: string;
}

/**
 * The bytes of a pcap file (draft-ietf-opsawg-pcap §4) with these datagrams, a millisecond apart, without checksums.
 *
 * @param snapLength - bytes of each packet that are kept, its IPv4 header among them
 */
export function pcapOf(datagrams: readonly RecordedDatagram[], snapLength = 0xffff): Uint8Array {
  const header = Buffer.alloc(FILE_HEADER);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(snapLength, 16);
  header.writeUInt32LE(LINKTYPE_RAW, 20);
  const records = datagrams.flatMap((datagram, index) => {
    const packet = packetOf(datagram);
    const record = Buffer.alloc(RECORD_HEADER);
    record.writeUInt32LE(index * 1_000, 4);
    const kept = packet.subarray(0, snapLength);
    record.writeUInt32LE(kept.length, 8);
    record.writeUInt32LE(packet.length, 12);
    return [record, kept];
  });
  return Buffer.concat([header, ...records]);
}

function packetOf({ from, to, ip_ttl, payload }: RecordedDatagram): Buffer {
  const data = Buffer.from(payload, 'hex');
  const packet = Buffer.alloc(IPV4_HEADER + UDP_HEADER + data.length);
  packet[0] = 0x45;
  packet.writeUInt16BE(packet.length, 2);
  packet[8] = ip_ttl;
  packet[9] = PROTOCOL_UDP;
  for (const [index, endpoint] of [from, to].entries()) {
    const [address, port] = endpoint.split(':');
    packet.writeUInt32BE(parseIPv4(address!), 12 + 4 * index);
    packet.writeUInt16BE(Number(port), IPV4_HEADER + 2 * index);
  }
  packet.writeUInt16BE(UDP_HEADER + data.length, IPV4_HEADER + 4);
  packet.set(data, IPV4_HEADER + UDP_HEADER);
  return packet;
}
