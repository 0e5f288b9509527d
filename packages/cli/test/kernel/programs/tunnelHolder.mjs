// Opens a tunnel with a socket, and keeps it until it is ended: ROUTER
import { openTunnel } from '@6bed4/node';

const [router] = process.argv.slice(2);
const tunnel = await openTunnel({ routers: router });
tunnel.createSocket('udp6').bind(() => console.log(`address ${tunnel.address}`));
