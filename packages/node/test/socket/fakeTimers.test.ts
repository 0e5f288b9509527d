import type { RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Tunnel, TunnelSocket } from '../../src/index.js';
import { type TunnelLab, tunnelLab } from '../support/datagramPlaces.js';

/*
 * A test framework has replaced timers and clock of the global object by ones that stand still, as programs do
 * that test what they do after an hour. Sockets go on, as those of Node.js.
 */

let lab: TunnelLab;
let [alice, bob]: Tunnel[] = [];

beforeEach(async () => {
  vi.useFakeTimers({
    toFake: [
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'setImmediate',
      'clearImmediate',
      'Date',
      'performance',
    ],
  });
  lab = await tunnelLab();
  [alice, bob] = [await lab.open(), await lab.open()];
});

afterEach(async () => {
  await lab.close();
  vi.useRealTimers();
});

async function bound(tunnel: Tunnel): Promise<TunnelSocket> {
  const socket = tunnel.createSocket('udp6');
  socket.bind();
  await once(socket, 'listening');
  return socket;
}

test.each([
  ['of the same tunnel', () => bob!],
  ['of another tunnel', () => alice!],
])('fake timers do not stop datagrams %s', async (_title, from) => {
  const receiver = await bound(bob!);
  const sender = await bound(from());
  const messages: string[] = [];
  const all = new Promise<void>((resolve) => {
    receiver.on('message', (message: Buffer, { port }: RemoteInfo) => {
      messages.push(message.toString('latin1', 0, 3));
      if (messages.length === 3) receiver.send('end', port, from().address!, () => resolve());
    });
  });
  for (const text of ['one', 'two', 'tre']) {
    sender.send(text.padEnd(3000), receiver.address().port, bob!.address!);
  }
  await all;
  expect(messages).toEqual(['one', 'two', 'tre']);
});

test('fake timers do not stop the search for a direct path, nor its limit', async () => {
  expect(await alice!.waitForDirect(bob!.address!)).toMatchObject({ path: 'direct' });
  const gone = await lab.open();
  const address = gone.address!;
  await gone.close();
  await expect(alice!.waitForDirect(address, { timeout: 50 })).rejects.toMatchObject({
    code: 'ETIMEDOUT',
  });
});

test('fake timers do not stop the limit of openTunnel', async () => {
  const datagrams = lab.network.bind('203.0.113.99');
  const { openTunnel } = await import('../../src/index.js');
  const opening = openTunnel({ routers: '198.51.100.99', datagrams, timeout: 50 });
  await expect(opening).rejects.toMatchObject({ code: 'ETIMEDOUT' });
});
