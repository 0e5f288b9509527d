// Sends a number of UDP payloads of random length and content to an address and port. Half of them
// begin like an IPv6 header whose length field is right.
import { randomBytes, randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';

const [address, port, count] = process.argv.slice(2);
const HEADER = 40;

const socket = createSocket('udp4');
for (let sent = 0; sent < Number(count); sent++) {
  const payload = randomBytes(randomInt(1400));
  if (sent % 2 === 0 && payload.length >= HEADER) {
    payload[0] = 0x60;
    payload.writeUInt16BE(payload.length - HEADER, 4);
    payload[6] = 58;
  }
  await new Promise((resolve) => socket.send(payload, Number(port), address, resolve));
}
socket.close();
