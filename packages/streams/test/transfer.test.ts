import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { closeEndpoints, wiredEndpoints } from './support/endpoints.js';
import { noise, swallow } from './support/noise.js';

const MB = 1_000_000;

afterEach(closeEndpoints);

describe('a transfer', () => {
  test.each([
    { path: 'a perfect path', options: {}, length: 20 * MB },
    { path: 'a path that loses 2 %', options: { loss: 0.02 }, length: 10 * MB },
    {
      path: 'a path that loses 2 % and takes 40 ms',
      options: { loss: 0.02, delay: 20 },
      length: 5 * MB,
    },
    { path: 'a path that reorders', options: { delay: 3, reordering: 0.1 }, length: 5 * MB },
    { path: 'a path that duplicates', options: { duplicates: 0.2 }, length: 5 * MB },
    {
      path: 'a path that loses, reorders and duplicates',
      options: { loss: 0.05, delay: 3, reordering: 0.1, duplicates: 0.1 },
      length: 2 * MB,
    },
    { path: 'a path that loses a fifth', options: { loss: 0.2 }, length: MB / 2 },
  ])(
    'of $length bytes each way over $path is intact and in order',
    async ({ options, length }) => {
      const { pair, nearSocket, farSocket } = await wiredEndpoints(options, {
        allowHalfOpen: true,
      });
      const [client, server] = await pair({ allowHalfOpen: true });
      const up = noise(length, 1);
      const down = noise(length / 2, 2);
      const [, , atServer, atClient] = await Promise.all([
        pipeline(up.source, client, { end: true }),
        pipeline(down.source, server, { end: true }),
        swallow(server),
        swallow(client),
      ]);
      expect(atServer).toEqual([length, up.digest()]);
      expect(atClient).toEqual([length / 2, down.digest()]);
      expect(Math.max(nearSocket.sent.largest, farSocket.sent.largest)).toBeLessThanOrEqual(1232);
    },
    30_000,
  );
});

test('a stream delivers one write larger than all windows', async () => {
  const { pair } = await wiredEndpoints({}, { receiveWindow: 64 * 1024 });
  const [client, server] = await pair();
  const whole = Buffer.alloc(3 * MB, 'ab');
  client.end(whole);
  const [length] = await swallow(server);
  expect(length).toBe(whole.length);
});

test('many streams of one endpoint carry their own bytes', async () => {
  const { near, far, target } = await wiredEndpoints({ loss: 0.01 });
  far.on('connection', (stream) => stream.pipe(stream));
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const stream = near.connect(target);
      const bytes = noise(50_000 + index, index);
      const [, echo] = await Promise.all([
        pipeline(bytes.source, stream, { end: true }),
        swallow(stream),
      ]);
      return echo[0] === 50_000 + index && echo[1] === bytes.digest();
    }),
  );
  expect(answers).not.toContain(false);
  await sleep(0);
  expect(near.streams.size).toBe(0);
});

test('a client receives data of a server that writes first', async () => {
  const { near, far, target } = await wiredEndpoints();
  far.on('connection', (stream) => stream.end('welcome'));
  const chunks: Buffer[] = [];
  for await (const chunk of near.connect(target)) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString()).toBe('welcome');
});

test('a stream sends writes and end() from before the connection as soon as it is connected', async () => {
  const { near, far, target } = await wiredEndpoints();
  const stream = near.connect(target);
  stream.write('ear');
  stream.end('ly');
  const [server] = await new Promise<[AsyncIterable<Buffer>]>((resolve) =>
    far.once('connection', (stream) => resolve([stream])),
  );
  const chunks: Buffer[] = [];
  for await (const chunk of server) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe('early');
});

describe('a reader that does not read', () => {
  const receiveWindow = 1024 * 1024;

  test('stops the writer once the window is full, and neither side buffers more', async () => {
    const { pair } = await wiredEndpoints({}, { receiveWindow });
    const [client, server] = await pair();
    server.pause();
    const before = process.memoryUsage().rss;
    const piece = Buffer.alloc(64 * 1024, 1);
    let waited = 0;
    while (waited < 20) {
      if (client.writableNeedDrain) {
        await sleep(20);
        waited++;
      } else {
        client.write(piece);
        waited = 0;
      }
    }
    const own = client.writableHighWaterMark + piece.length;
    const theirs = server.readableHighWaterMark + 64 * 1024;
    expect(client.bytesWritten).toBeLessThanOrEqual(receiveWindow + own + theirs);
    expect(process.memoryUsage().rss - before).toBeLessThan(30 * MB);
    expect(server.readableLength).toBeLessThanOrEqual(theirs);

    client.end();
    const written = client.bytesWritten;
    const [length] = await swallow(server);
    expect(length).toBe(written);
  });

  test('does not stop another stream of the endpoint', async () => {
    const { pair } = await wiredEndpoints({}, { receiveWindow });
    const [blocked, idle] = await pair();
    idle.pause();
    blocked.write(Buffer.alloc(3 * MB));
    await sleep(100);
    const [client, server] = await pair();
    client.end(Buffer.alloc(MB));
    const [length] = await swallow(server);
    expect(length).toBe(MB);
    expect(blocked.writableNeedDrain).toBe(true);
  });
});

test('a stream continues after three seconds without a path', async () => {
  const { pair, nearSocket, farSocket } = await wiredEndpoints({ delay: 5 });
  const [client, server] = await pair();
  const bytes = noise(8 * MB);
  let up = true;
  nearSocket.filter = () => up;
  farSocket.filter = () => up;
  setTimeout(() => {
    up = false;
  }, 50);
  setTimeout(() => {
    up = true;
  }, 3_050);
  const [, result] = await Promise.all([pipeline(bytes.source, client), swallow(server)]);
  expect(result).toEqual([8 * MB, bytes.digest()]);
}, 20_000);
