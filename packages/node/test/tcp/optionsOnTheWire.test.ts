import { once } from 'node:events';
import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseIPv6 } from '@6bed4/codec';
import type { TcpConnection } from '@6bed4/tcp';
import { describe, expect, test } from 'vitest';
import type { TcpSocket, Tunnel } from '../../src/index.js';
import { rawTcp } from './support/rawTcp.js';
import { listening, newLab } from './support/tcpLab.js';

const TCP = 40;

/** Who counts what a socket sends, and answers nothing from some time on. */
interface Watch {
  readonly tunnel: Tunnel;
  readonly stack: Awaited<ReturnType<typeof rawTcp>>['stack'];
  readonly from: Uint8Array;
  readonly address: string;
  /** Bytes of data in each segment that has arrived. */
  readonly sizes: number[];
  /** Makes the watcher silent. */
  hush(): void;
}

async function watch(): Promise<Watch> {
  const lab = await newLab();
  const tunnel = await lab.open();
  let isSilent = false;
  const { raw, stack, from } = await rawTcp(lab, (packet) => (isSilent ? [] : [packet]));
  const sizes: number[] = [];
  raw.on('packet', (packet) => sizes.push(packet.length - TCP - 4 * (packet[TCP + 12]! >>> 4)));
  return {
    ...{ tunnel, stack, from, sizes, address: raw.address! },
    hush: () => {
      isSilent = true;
    },
  };
}

type Options = { noDelay?: boolean; keepAlive?: boolean; keepAliveInitialDelay?: number };

async function accepted({ tunnel, stack, from }: Watch, options: Options): Promise<TcpSocket> {
  const server = tunnel.createServer(options);
  const port = await listening(server as unknown as Server);
  const remote = { address: parseIPv6(tunnel.address!), port };
  const connection: TcpConnection = stack.connect(
    { address: from, port: 0 },
    remote,
    performance.now(),
  );
  expect(connection.error).toBe(null);
  const [socket] = (await once(server, 'connection')) as [TcpSocket];
  return socket;
}

async function made({ tunnel, stack, from, address }: Watch, options: Options): Promise<TcpSocket> {
  stack.listen(from, 80);
  const socket = tunnel.connect({ port: 80, host: address, ...options });
  await once(socket, 'connect');
  return socket;
}

describe.each([
  ['accepts', accepted],
  ['connects', made],
])('a socket that %s', (_, open) => {
  /** The segments of two small writes of which none is acknowledged. */
  async function twoWrites(options: Options, set?: (socket: TcpSocket) => void): Promise<number[]> {
    const place = await watch();
    const socket = await open(place, options);
    set?.(socket);
    await sleep(20);
    place.hush();
    place.sizes.length = 0;
    socket.write('one');
    await sleep(5);
    socket.write('four');
    await sleep(50);
    // Not the end, for which the tunnel would wait.
    socket.resetAndDestroy();
    return place.sizes.filter((size) => size > 0);
  }

  test('holds small segments back until the last is acknowledged (RFC 9293 §3.7.4)', async () => {
    expect(await twoWrites({})).not.toContain(4);
  });

  test('sends them at once with noDelay, and after setNoDelay', async () => {
    expect(await twoWrites({ noDelay: true })).toContain(4);
    expect(await twoWrites({}, (socket) => socket.setNoDelay())).toContain(4);
    expect(await twoWrites({ noDelay: true }, (socket) => socket.setNoDelay(false))).not.toContain(
      4,
    );
  });

  /** The segments in a time without data, longer than the least delay. */
  async function quiet(options: Options, set?: (socket: TcpSocket) => void): Promise<number> {
    const place = await watch();
    const socket = await open(place, options);
    set?.(socket);
    await sleep(20);
    place.sizes.length = 0;
    await sleep(1_500);
    const count = place.sizes.length;
    socket.resetAndDestroy();
    return count;
  }

  test('probes with keepAlive after its delay, and not without', async () => {
    const keepAlive = { keepAlive: true, keepAliveInitialDelay: 1_000 };
    const probes = await Promise.all([
      quiet(keepAlive),
      quiet({}, (socket) => socket.setKeepAlive(true, 1_000)),
      quiet({}),
      quiet(keepAlive, (socket) => socket.setKeepAlive(false)),
      quiet({ keepAlive: true, keepAliveInitialDelay: 100_000 }),
    ]);
    expect(probes.map((count) => count > 0)).toEqual([true, true, false, false, false]);
  });
});
