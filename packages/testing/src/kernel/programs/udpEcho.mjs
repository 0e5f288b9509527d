// Sends all datagrams to a UDP port back over IPv6, until it is ended.
import { createSocket } from 'node:dgram';

const [port] = process.argv.slice(2);
const socket = createSocket('udp6');
socket.on('message', (data, from) => socket.send(data, from.port, from.address));
socket.bind(Number(port), () => console.log('listening'));
