import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { closeEndpoints, wiredEndpoints } from './support/endpoints.js';
import { noise, swallow } from './support/noise.js';

const MB = 1_000_000;
const STRANGER = { address: '2001:db8::bad', family: 'IPv6', port: 666 };

afterEach(closeEndpoints);

/** A datagram as it was sent at the beginning of a connection: an Initial packet without a token. */
async function firstInitial(): Promise<Buffer> {
  const { near, nearSocket, target } = await wiredEndpoints();
  const first = new Promise<Buffer>((resolve) => {
    nearSocket.filter = (bytes) => {
      resolve(Buffer.from(bytes));
      return false;
    };
  });
  const stream = near.connect(target).on('error', () => {});
  const packet = await first;
  stream.destroy();
  return packet;
}

describe('a busy stream', () => {
  test('delivers its data intact while others send anything, who get fewer bytes than they sent', async () => {
    const { pair, nearSocket, farSocket } = await wiredEndpoints();
    const initial = await firstInitial();
    const [client, server] = await pair();
    const genuine: Buffer[] = [];
    nearSocket.filter = (bytes) => {
      if (genuine.length < 200) genuine.push(Buffer.from(bytes));
      return true;
    };
    let toStranger = 0;
    let fromStranger = 0;
    const send = farSocket.send.bind(farSocket);
    farSocket.send = ((message: Uint8Array, port: number, ...rest: [string, () => void]) => {
      if (port === STRANGER.port) toStranger += message.length;
      send(message, port, ...rest);
    }) as typeof farSocket.send;
    const say = (bytes: Uint8Array): void => {
      fromStranger += bytes.length;
      farSocket.arrive(Buffer.from(bytes), STRANGER);
    };
    const flood = setInterval(() => {
      for (let i = 0; i < 20; i++) {
        say(randomBytes(Math.floor(Math.random() * 1_400)));
        const altered = Buffer.from(i % 2 === 0 ? initial : (genuine[i] ?? initial));
        altered[Math.floor(Math.random() * altered.length)]! ^= 1 << (i % 8);
        say(altered);
        say(initial);
        say(initial.subarray(0, Math.floor(Math.random() * initial.length)));
        if (genuine[i] !== undefined) say(genuine[i]!);
      }
    }, 2);
    const bytes = noise(5 * MB);
    const [, result] = await Promise.all([pipeline(bytes.source, client), swallow(server)]);
    clearInterval(flood);
    expect(result).toEqual([5 * MB, bytes.digest()]);
    expect(fromStranger).toBeGreaterThan(MB / 4);
    expect(toStranger).toBeLessThan(fromStranger);
  }, 20_000);

  test('ignores its own packets that arrive altered or from another address', async () => {
    const { pair, nearSocket, farSocket } = await wiredEndpoints();
    const [client, server] = await pair();
    nearSocket.filter = (bytes) => {
      const altered = Buffer.from(bytes);
      const index = 9 + Math.floor(Math.random() * (altered.length - 9));
      altered[index]! ^= 0x10;
      farSocket.arrive(altered);
      farSocket.arrive(Buffer.from(bytes), STRANGER);
      return true;
    };
    const bytes = noise(2 * MB);
    const [, result] = await Promise.all([pipeline(bytes.source, client), swallow(server)]);
    expect(result).toEqual([2 * MB, bytes.digest()]);
  }, 20_000);
});

test('an endpoint neither throws nor keeps state for any bytes from any address', async () => {
  const { far, farSocket } = await wiredEndpoints();
  const initial = await firstInitial();
  far.on('connection', () => expect.unreachable());
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 1_500, size: 'max' }),
    fc.uint8Array({ minLength: 1_200, maxLength: 1_232, size: 'max' }),
    fc
      .array(fc.tuple(fc.nat(initial.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
      .map((changes) => {
        const altered = Buffer.from(initial);
        for (const [index, value] of changes) altered[index] = value;
        return altered;
      }),
  );
  fc.assert(
    fc.property(anything, (bytes) => {
      farSocket.arrive(Buffer.from(bytes), STRANGER);
    }),
    { numRuns: 2_000 },
  );
  expect(far.streams.size).toBe(0);
});

test('an endpoint keeps no memory for ten thousand Initial packets from addresses that do not answer', async () => {
  const { near, far, farSocket, target } = await wiredEndpoints();
  const initial = await firstInitial();
  far.on('connection', (stream) => stream.end('still here'));
  globalThis.gc?.();
  const before = process.memoryUsage();
  for (let i = 0; i < 10_000; i++) {
    const from = { ...STRANGER, address: `2001:db8::${i.toString(16)}` };
    farSocket.arrive(Buffer.from(initial), from);
    if (i % 500 === 0) await sleep(0);
  }
  await sleep(10);
  expect(process.memoryUsage().rss - before.rss).toBeLessThan(40 * MB);
  // Each got one answer, shorter than what it sent, that requests a validation of its address.
  expect(farSocket.sent.datagrams).toBe(10_000);
  expect(farSocket.sent.largest).toBeLessThan(200);
  const [length] = await swallow(near.connect(target));
  expect(length).toBe(10);
}, 20_000);

test('an endpoint ignores the Retry token of another client', async () => {
  const { near, far, nearSocket, farSocket, target } = await wiredEndpoints();
  const accepted: unknown[] = [];
  far.on('connection', (stream) => accepted.push(stream));
  let count = 0;
  const withToken = new Promise<Buffer>((resolve) => {
    nearSocket.filter = (bytes) => {
      count++;
      if (count === 1) return true;
      resolve(Buffer.from(bytes));
      return false;
    };
  });
  const stream = near.connect({ ...target, timeout: 300 }).on('error', () => {});
  const packet = await withToken;
  const { datagrams } = farSocket.sent;
  farSocket.arrive(Buffer.from(packet), STRANGER);
  await sleep(50);
  expect(farSocket.sent.datagrams).toBe(datagrams);
  expect(accepted).toEqual([]);
  stream.destroy();
});

test('an endpoint answers an unknown version with one shorter Version Negotiation packet', async () => {
  const { farSocket } = await wiredEndpoints();
  const packet = Buffer.alloc(1_200);
  packet[0] = 0xc0;
  packet.writeUInt32BE(0x1a2a3a4a, 1);
  packet[5] = 8;
  packet[14] = 8;
  farSocket.arrive(packet, STRANGER);
  expect(farSocket.sent.datagrams).toBe(1);
  expect(farSocket.sent.bytes).toBeLessThan(60);
  farSocket.arrive(packet.subarray(0, 1_199), STRANGER);
  expect(farSocket.sent.datagrams).toBe(1);
});
