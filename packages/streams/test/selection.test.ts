import { once } from 'node:events';
import { connect, createLookup, startRouter } from '@6bed4/node';
import { afterEach, expect, test } from 'vitest';
import { openTunnel, type StreamingTunnel } from '../src/index.js';

const closing: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each.close();
});

/** Two tunnels of one router, on loopback. */
async function tunnels(): Promise<[StreamingTunnel, StreamingTunnel]> {
  const router = await startRouter({ listen: '127.0.0.1', port: 0 });
  const alice = await openTunnel({ routers: router.endpoint });
  const bob = await openTunnel({ routers: router.endpoint });
  closing.push(router, alice, bob);
  return [alice, bob];
}

/** A computer with IPv4 alone. */
const systemSource = async (destination: string) =>
  destination.includes(':') ? null : { address: '169.254.0.1' };

test('connect opens a stream through a tunnel to an address behind it', async () => {
  const [alice, bob] = await tunnels();
  const server = bob.createServer((stream) => stream.end('hello from bob'));
  server.listen(7);
  await once(server, 'listening');
  const stream = await connect({
    host: 'bob.example',
    port: 7,
    tunnel: alice,
    systemSource,
    resolve: async () => [{ address: bob.address!, family: 6 }],
  });
  expect(stream.remoteAddress).toBe(bob.address);
  const chunks = await stream.toArray();
  expect(Buffer.concat(chunks).toString()).toBe('hello from bob');
  // Both sides have ended; the server is closed once its streams are.
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

test('connect fails with the usual code when nothing listens behind the tunnel', async () => {
  const [alice, bob] = await tunnels();
  const refused = connect({ addresses: [bob.address!], port: 9, tunnel: alice, systemSource });
  await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('lookup works for the sockets of a tunnel', async () => {
  const [alice, bob] = await tunnels();
  const resolve = async () =>
    ['192.0.2.1', bob.address!].map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }));
  const lookup = createLookup({
    tunnel: alice,
    systemSource,
    resolve: async (_, { family }) =>
      (await resolve()).filter((each) => family === 0 || each.family === family),
  });
  const receiver = bob.createSocket('udp6');
  receiver.bind(7);
  await once(receiver, 'listening');
  const sender = alice.createSocket({ type: 'udp6', lookup: lookup as never });
  sender.send('hello', 7, 'bob.example');
  expect(String((await once(receiver, 'message'))[0])).toBe('hello');
});
