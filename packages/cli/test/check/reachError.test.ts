import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { reachError } from '../../src/check/reachError.js';

async function boundSocket() {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

test('an endpoint at which nothing listens refuses', async () => {
  const socket = await boundSocket();
  const { address, port } = socket.address();
  socket.close();
  await once(socket, 'close');
  expect(await reachError({ address, port }, 1000)).toBe('ECONNREFUSED');
});

test('one that is silent reports nothing', async () => {
  const socket = await boundSocket();
  const { address, port } = socket.address();
  expect(await reachError({ address, port }, 1000)).toBeNull();
  socket.close();
});
