// SCTP in UDP, both at port 9899 (RFC 6951). `answer PORT`: answers each packet to this port of SCTP whose CRC is
// right. `ask ADDRESS PORT`: sends one there, and prints the source port and whether the CRC of the answer is right.
import { createSocket } from 'node:dgram';

const TUNNELING_PORT = 9899;
const OWN_PORT = 5000;
const [role, ...rest] = process.argv.slice(2);

function crcOf(packet) {
  let crc = -1;
  for (const [index, byte] of packet.entries()) {
    crc ^= index >= 8 && index < 12 ? 0 : byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

function packetOf(source, destination) {
  // A COOKIE ACK chunk.
  const packet = Buffer.from([...new Array(12).fill(0), 11, 0, 0, 4]);
  packet.writeUInt16BE(source, 0);
  packet.writeUInt16BE(destination, 2);
  packet.writeUInt32BE(0xcafef00d, 4);
  packet.writeUInt32LE(crcOf(packet), 8);
  return packet;
}

const isRight = (packet) => packet.readUInt32LE(8) === crcOf(packet);
const socket = createSocket('udp6');
socket.bind(TUNNELING_PORT, () => {
  if (role === 'answer') {
    console.log('listening');
    return;
  }
  const [address, port] = rest;
  setInterval(() => socket.send(packetOf(OWN_PORT, Number(port)), TUNNELING_PORT, address), 300);
  setTimeout(() => {
    console.log('silence');
    process.exit();
  }, 8_000);
});
socket.on('message', (packet, from) => {
  if (role === 'ask') {
    console.log(`${from.address} ${packet.readUInt16BE(0)} ${isRight(packet)}`);
    process.exit();
  }
  const port = packet.readUInt16BE(2);
  if (port !== Number(rest[0]) || !isRight(packet)) return;
  socket.send(packetOf(port, packet.readUInt16BE(0)), from.port, from.address);
});
