// Sends bytes by UDP through the SOCKS proxy at a port of 127.0.0.1, and prints what is answered, both as hexadecimal
// digits: PORT ADDRESS PORT BYTES
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

const [proxyPort, address, port, content] = process.argv.slice(2);
const IPV6 = 4;
const HEADER = 22;
/** The address with its zeros written out, which has no leading ones in a group. */
const [front, back] = address.split('::').map((half) => half.split(':'));
const words = [...front, ...Array(8 - front.length - back.length).fill('0'), ...back];
const bytes = words.flatMap((word) => [
  Number.parseInt(word, 16) >> 8,
  Number.parseInt(word, 16) & 255,
]);
const datagram = Buffer.from([0, 0, 0, IPV6, ...bytes, Number(port) >> 8, Number(port) & 255]);

const control = connect(Number(proxyPort), '127.0.0.1');
control.write(Buffer.from([5, 1, 0, 5, 3, 0, 1, 0, 0, 0, 0, 0, 0]));
let answer = Buffer.alloc(0);
control.on('data', (chunk) => {
  answer = Buffer.concat([answer, chunk]);
  if (answer.length < 12) return;
  const socket = createSocket('udp4');
  const at = answer.readUInt16BE(10);
  const timer = setInterval(() => {
    socket.send(Buffer.concat([datagram, Buffer.from(content, 'hex')]), at, '127.0.0.1');
  }, 500);
  socket.on('message', (message) => {
    clearInterval(timer);
    console.log(message.toString('hex', HEADER));
    socket.close();
    control.destroy();
  });
});
