// Receives UDP on a port until a second without a datagram; prints their number and the SHA-256 of
// their contents in the order of arrival.
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';

const [port] = process.argv.slice(2);
const hash = createHash('sha256');
let datagrams = 0;
let timer;

const socket = createSocket({ type: 'udp6', recvBufferSize: 8 << 20 });
socket.on('message', (message) => {
  datagrams++;
  hash.update(message);
  clearTimeout(timer);
  timer = setTimeout(() => {
    console.log(JSON.stringify({ datagrams, sha256: hash.digest('hex') }));
    socket.close();
  }, 1000);
});
socket.bind(Number(port), '::', () => console.log('listening'));
