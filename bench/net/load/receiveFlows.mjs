/*
 * Counts datagrams by the UDP port that they come from, until it is terminated; then it prints them as JSON.
 * Arguments: address and UDP port.
 */
import { createSocket } from 'node:dgram';

const BUFFER = 4 << 20;

const [address, port] = process.argv.slice(2);
const counts = {};
const socket = createSocket({
  type: address.includes(':') ? 'udp6' : 'udp4',
  recvBufferSize: BUFFER,
});
socket.on('message', (_, { port: from }) => {
  counts[from] = (counts[from] ?? 0) + 1;
});
process.once('SIGTERM', () => {
  // What waits in the socket counts, too.
  setTimeout(() => {
    socket.close();
    console.log(JSON.stringify({ counts }));
  }, 200);
});
socket.bind(Number(port), address, () => console.log('listening'));
