// Prints the address that the system sends from to a destination; arguments: destination, own address.
import { createSocket } from 'node:dgram';

const [destination, own = '::'] = process.argv.slice(2);
const socket = createSocket('udp6');
socket.bind(0, own, () => {
  socket.connect(9, destination, () => {
    console.log(socket.address().address);
    socket.close();
  });
});
