import { parseIPv6 } from '@6bed4/codec';
import { buildUdp, parseUdp } from '@6bed4/nd';
import { startPeer, startRouter } from '@6bed4/node';

const router = await startRouter({ listen: '127.0.0.1', port: 0 });
const [alice, bob] = await Promise.all([
  startPeer({ routers: router.endpoint }),
  startPeer({ routers: router.endpoint }),
]);
const [from, to] = await Promise.all([alice.ready, bob.ready]);

bob.once('packet', async (packet) => {
  const { value } = parseUdp(packet, 0, packet.length);
  console.log(`${to.address} got "${Buffer.from(value.payload)}" from ${from.address}`);
  await Promise.all([alice.close(), bob.close(), router.close()]);
});
alice.send(
  buildUdp({
    source: parseIPv6(from.address),
    destination: parseIPv6(to.address),
    sourcePort: 5000,
    destinationPort: 5000,
    payload: Buffer.from('hello, IPv6'),
  }),
);
