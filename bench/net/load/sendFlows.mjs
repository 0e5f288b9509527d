/*
 * Sends datagrams from many UDP ports in turn, as fast as it can, and prints the ports as JSON.
 * Arguments: address, UDP port, number of flows, seconds.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const PAYLOAD = new Uint8Array(1200);
/** Datagrams between looks at the clock. */
const BURST = 64;

const [address, port, count, seconds] = process.argv.slice(2);
const sockets = [];
for (let flow = 0; flow < Number(count); flow++) {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  // A full queue drops them, as on any path.
  socket.on('error', () => {});
  socket.connect(Number(port), address);
  await once(socket, 'connect');
  sockets.push(socket);
}
const end = performance.now() + 1000 * Number(seconds);
let next = 0;
while (performance.now() < end) {
  const sent = Array.from({ length: BURST }, () => {
    const socket = sockets[next++ % sockets.length];
    return new Promise((resolve) => socket.send(PAYLOAD, resolve));
  });
  await Promise.all(sent);
}
console.log(JSON.stringify({ ports: sockets.map((socket) => socket.address().port) }));
for (const socket of sockets) socket.close();
