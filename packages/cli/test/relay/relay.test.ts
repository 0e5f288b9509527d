import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Connection } from '../../src/relay/network.js';
import { relay } from '../../src/relay/relay.js';
import { Endings, readAll, until } from '../support/endings.js';

const endings = new Endings();
afterEach(() => endings.run());

interface Ends {
  /** A client, and the server that it reaches through the relay. */
  readonly client: Socket;
  readonly server: Socket;
}

/** A client and a server with a relay between them. */
async function relayed(idleTimeout = 10_000): Promise<Ends> {
  const servers: Socket[] = [];
  const target = await endings.server((socket) => servers.push(socket));
  const middle = await endings.server((socket) => {
    const onward = connect({ port: target, host: '::1', allowHalfOpen: true });
    onward.once('connect', () => relay(socket, onward, idleTimeout));
    endings.add(() => onward.destroy());
  });
  const client = connect({ port: middle, host: '::1', allowHalfOpen: true });
  endings.add(() => client.destroy());
  client.on('error', () => {});
  await once(client, 'connect');
  await until(() => servers.length > 0);
  return { client, server: servers[0]! };
}

/** A connection whose remote has sent some bytes and a FIN, and takes everything or nothing. */
class EndedConnection extends Duplex implements Connection {
  readonly bytesRead = 0;
  readonly bytesWritten = 0;
  readonly timeouts: number[] = [];
  isReset = false;

  constructor(content: string, takes: boolean) {
    super({
      allowHalfOpen: true,
      read() {
        this.push(content);
        this.push(null);
      },
      write(_chunk, _encoding, done) {
        if (takes) done();
      },
    });
  }

  setTimeout(milliseconds: number, listener?: () => void): void {
    this.timeouts.push(milliseconds);
    if (listener !== undefined) this.on('timeout', listener);
  }

  setNoDelay(): void {}

  resetAndDestroy(): void {
    this.isReset = true;
    this.destroy();
  }
}

describe('a relay', () => {
  test('passes bytes in both directions', async () => {
    const { client, server } = await relayed();
    client.write('question');
    expect(String((await once(server, 'data'))[0])).toBe('question');
    server.write('answer');
    expect(String((await once(client, 'data'))[0])).toBe('answer');
  });

  test('ends only the direction that has ended', async () => {
    const { client, server } = await relayed();
    client.end('question');
    const question = await readAll(server);
    expect(question).toEqual({ bytes: Buffer.from('question'), code: null });
    server.write('a long ');
    await new Promise((resolve) => setTimeout(resolve, 100));
    server.end('answer');
    expect(await readAll(client)).toEqual({ bytes: Buffer.from('a long answer'), code: null });
  });

  test.each(['client', 'server'] as const)('passes on a reset by the %s', async (side) => {
    const ends = await relayed();
    const other = side === 'client' ? ends.server : ends.client;
    const outcome = readAll(other);
    ends[side].resetAndDestroy();
    expect(await outcome).toMatchObject({ code: 'ECONNRESET' });
  });

  test('resets a side that has bytes to come from one that is gone', async () => {
    const { client, server } = await relayed();
    const outcome = readAll(server);
    client.write('half');
    await until(() => server.bytesRead === 4);
    server.write('more');
    await until(() => client.bytesRead === 4);
    client.destroy();
    await outcome;
    const timer = setInterval(() => server.write('on'), 10);
    endings.add(() => clearInterval(timer));
    await until(() => server.destroyed);
  });

  test('reads only as fast as the other side takes it', async () => {
    const { client, server } = await relayed();
    server.pause();
    const chunk = Buffer.alloc(1 << 16);
    let written = 0;
    while (written < 1 << 28 && client.writableLength < 1 << 20) {
      client.write(chunk);
      written += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // Buffers of the kernel and of streams are full long before.
    expect(written).toBeLessThan(1 << 27);
    client.end();
    server.resume();
    expect((await readAll(server)).bytes.length).toBe(written);
  });

  test('resets both sides after a time without a byte', async () => {
    const { client, server } = await relayed(300);
    const outcomes = Promise.all([readAll(client), readAll(server)]);
    const start = performance.now();
    for (let index = 0; index < 4; index++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      (index % 2 === 0 ? client : server).write('x');
    }
    expect((await outcomes).map(({ code }) => code)).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(performance.now() - start).toBeGreaterThan(600);
  });

  test.each([
    [7_440_000, 240_000],
    [1_000, 1_000],
  ])(
    'with %i ms of idleness waits %i for a side that does not take what is left',
    async (idleTimeout, expected) => {
      const [client, server] = [
        new EndedConnection('request', true),
        new EndedConnection('', false),
      ];
      relay(client, server, idleTimeout);
      await vi.waitFor(() => expect(client.destroyed).toBe(true));
      await sleep(10);
      expect([server.destroyed, server.timeouts]).toEqual([false, [expected]]);
      server.emit('timeout');
      expect(server.isReset).toBe(true);
    },
  );

  test('resets a side whose other was closed before it began', async () => {
    const { client, server } = await relayed();
    client.destroy();
    const outcome = readAll(server);
    relay(client, server, 1_000);
    await outcome;
    expect(server.destroyed).toBe(true);
  });
});
