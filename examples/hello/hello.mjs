import { openTunnel, startRouter } from '@6bed4/node';

const router = await startRouter({ listen: '127.0.0.1', port: 0 });
const alice = await openTunnel({ routers: router.endpoint });
const bob = await openTunnel({ routers: router.endpoint });

const echo = bob.createSocket('udp6', (message, from) => {
  echo.send(message, from.port, from.address);
});
echo.bind(7);

const socket = alice.createSocket('udp6', async (message, from) => {
  console.log(`${from.address} says "${message}"`);
  await Promise.all([alice.close(), bob.close(), router.close()]);
});
socket.send('hello, IPv6', 7, bob.address);
