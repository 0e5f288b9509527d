// Holds a UDP port on an address until it is ended.
import { createSocket } from 'node:dgram';

const [address, port] = process.argv.slice(2);
createSocket('udp4').bind(Number(port), address, () => console.log('holding'));
