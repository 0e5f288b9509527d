// Sends UDP payloads, given in hexadecimal, to an address and port.
import { createSocket } from 'node:dgram';

const [address, port, ...payloads] = process.argv.slice(2);
const socket = createSocket('udp4');
let left = payloads.length;
for (const payload of payloads) {
  socket.send(Buffer.from(payload, 'hex'), Number(port), address, () => {
    if (--left === 0) socket.close();
  });
}
