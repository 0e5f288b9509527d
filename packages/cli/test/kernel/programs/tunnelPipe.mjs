// Connects its standard input and output with a TCP port, over a tunnel of its own: ROUTER ADDRESS PORT
import { pipeline } from 'node:stream/promises';
import { openTunnel } from '@6bed4/node';

const [router, address, port] = process.argv.slice(2);
const tunnel = await openTunnel({ routers: router });
const socket = tunnel.connect(Number(port), address);
const received = pipeline(socket, process.stdout);
process.stdin.pipe(socket);
await received.catch(() => {});
await tunnel.close();
process.exit();
