/* Prints the first datagram that comes to an endpoint, in base64. Arguments: address and UDP port. */
import { createSocket } from 'node:dgram';

const [address, port] = process.argv.slice(2);
const socket = createSocket('udp4');
socket.once('message', (message) => {
  console.log(message.toString('base64'));
  socket.close();
});
socket.bind(Number(port), address, () => console.log('listening'));
