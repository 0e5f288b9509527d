import { findUdpHeader, parseUdp } from '@6bed4/nd';
import { demand, type FuzzTarget, InputReader } from '@6bed4/testing/fuzzTarget';
import {
  AddressPair,
  PAYLOAD_OFFSET,
  PacketBuffer,
  refuseUdp,
  writeUdpHeaders,
} from '../../src/socket/udpPacket.js';

const buffer = new PacketBuffer();

/** UDP packets of sockets: what is written can be read, and both readers accept the same. */
export const target: FuzzTarget = {
  longest: 1400,
  seeds: [new Uint8Array(100), Uint8Array.of(1, 0x60, ...new Uint8Array(60))],
  words: [Uint8Array.of(17, 64), Uint8Array.of(0x60, 0, 0, 0)],
  run(input) {
    const reader = new InputReader(input);
    const isWritten = (reader.byte() & 1) === 0;
    const packet = isWritten ? write(reader) : reader.rest();
    const parsed = parseUdp(packet, 0, packet.length);
    demand(!isWritten || parsed.ok, 'what is written can be read');
    const around = new Uint8Array(packet.length + 64).fill(0xa5);
    around.set(packet, 32);
    const udp = findUdpHeader(around, 32, packet.length);
    if (udp < 0) {
      demand(!parsed.ok, 'both find UDP');
      return;
    }
    demand(udp + 8 <= 32 + packet.length, 'the header is within the packet');
    const refused = refuseUdp(around, 32, packet.length, udp);
    demand((refused === null) === parsed.ok, `${refused ?? 'accepted'}, unlike parseUdp`);
  },
};

function write(reader: InputReader): Uint8Array {
  const addresses = [reader.take(16), reader.take(16)].map((bytes) => {
    const address = new Uint8Array(16);
    address.set(bytes);
    return address;
  });
  const pair = new AddressPair(addresses[0]!, addresses[1]!);
  const ports = [reader.word(), reader.word()] as const;
  const payload = reader.rest().subarray(0, buffer.bytes.length - PAYLOAD_OFFSET);
  buffer.bytes.set(payload, PAYLOAD_OFFSET);
  writeUdpHeaders(buffer, pair, ...ports, 64, payload.length);
  return buffer.bytes.slice(0, buffer.length);
}
