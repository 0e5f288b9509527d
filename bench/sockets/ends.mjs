/** A process with both ends of each path, by one driver: measures when it is told to. */
import { register } from 'node:module';
import { plainPair, relayedPair, transfer, tunnelPair } from './pairs.mjs';

const { dist, driver, isNative, router, relay } = JSON.parse(process.argv[2]);
if (!isNative) register('./withoutKoffi.mjs', import.meta.url);
const { openTunnel } = await import(dist);
const pairs = {
  plain: await plainPair(),
  relay: await relayedPair(relay),
  direct: await tunnelPair(openTunnel, { router, driver, policy: 'proper' }),
  router: await tunnelPair(openTunnel, { router, driver, policy: 'prohibited' }),
};

process.on('message', async ({ path, duration }) => {
  process.send(await transfer(pairs[path], duration));
});
process.send('ready');
