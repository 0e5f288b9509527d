import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { type Connected, connectedIn, listening, places, system } from './support/tcpLab.js';

const supportsBlockLists = Number(process.versions.node.split('.')[0]) >= 24;

/** The outcome of a connection attempt while the server closes. */
async function outcome(client: Socket): Promise<string> {
  return new Promise((resolve) => {
    client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code!));
    client.on('close', () => resolve('closed'));
    client.resume();
  });
}

describe.each(places)('with $title', ({ open }) => {
  const connected = async (options?: Parameters<typeof connectedIn>[1]): Promise<Connected> =>
    connectedIn(await open(), options);

  describe('a socket', () => {
    test('ends by itself when the other side has ended, without allowHalfOpen', async () => {
      const { client, accepted } = await connected();
      expect([client.allowHalfOpen, accepted.allowHalfOpen]).toEqual([false, false]);
      accepted.resume();
      client.end();
      await once(accepted, 'close');
      expect(accepted.writableFinished).toBe(true);
    });

    test('may write after the other side has ended, with allowHalfOpen', async () => {
      const place = await open();
      const server = place.createServer((socket) => socket.end('x').resume());
      const port = await listening(server);
      const client = place.connect({ allowHalfOpen: true, host: place.address, port });
      client.resume();
      await once(client, 'end');
      expect(client.readyState).toBe('writeOnly');
      const written = await new Promise((resolve) => client.write('late', resolve));
      expect(written ?? null).toBe(null);
      client.end();
      await once(client, 'close');
    });

    test('fails to write after its own end', async () => {
      const { client } = await connected();
      client.end();
      const failed = once(client, 'error');
      const told = await new Promise((resolve) => client.write('x', resolve));
      expect(told).toMatchObject({ code: 'ERR_STREAM_WRITE_AFTER_END' });
      expect((await failed)[0]).toMatchObject({ message: 'write after end' });
    });

    test('fails to write without a connection', async () => {
      const place = await open();
      const socket = place.newSocket();
      socket.write('x');
      expect((await once(socket, 'error'))[0]).toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
    });

    test('calls the callback of a write when the connect listener destroys it', async () => {
      const place = await open();
      const port = await listening(place.createServer());
      const socket = place.connect(port, place.address, () => socket.destroy());
      const error = await new Promise((resolve) => socket.write('x', resolve));
      expect(error).toMatchObject({ code: 'ERR_SOCKET_CLOSED' });
    });

    test('is destroyed by destroySoon after all was written', async () => {
      const { client, accepted } = await connected();
      let received = 0;
      accepted.on('data', (data) => {
        received += data.length;
      });
      client.write(Buffer.alloc(1_000_000));
      client.destroySoon();
      const [hadError] = await once(accepted, 'close');
      expect([received, hadError, client.destroyed]).toEqual([1_000_000, false, true]);
    });

    test('closes by `await using`, which rejects nothing', async () => {
      const { client } = await connected();
      const dispose = client[Symbol.asyncDispose as never] as unknown;
      if (typeof dispose !== 'function') return;
      const disposed = Reflect.apply(dispose, client, []) as Promise<void>;
      await disposed.catch((error: Error) => expect(error.name).toBe('AbortError'));
      expect(client.destroyed).toBe(true);
    });

    test('emits timeout of the option of connect, and not while data passes', async () => {
      const place = await open();
      const server = place.createServer((socket) => socket.pipe(socket));
      const port = await listening(server);
      const socket = place.connect({ host: place.address, port, timeout: 1_500 });
      expect(socket.timeout).toBe(1_500);
      const timeout = vi.fn();
      socket.on('timeout', timeout);
      for (let count = 0; count < 10; count++) {
        socket.write('x');
        await once(socket, 'data');
        await sleep(200);
      }
      expect(timeout).not.toHaveBeenCalled();
      await once(socket, 'timeout');
      expect(socket.destroyed).toBe(false);
      socket.destroy();
    });

    test('calls the listener of setTimeout once, and no more after 0', async () => {
      const { client } = await connected();
      const listener = vi.fn();
      client.setTimeout(20, listener);
      await once(client, 'timeout');
      client.setTimeout(20, listener);
      client.setTimeout(0, listener);
      await sleep(60);
      expect(listener).toHaveBeenCalledTimes(1);
      expect(client.timeout).toBe(0);
    });

    test('pauses by false of the callback of onread, and asks for each buffer', async () => {
      const place = await open();
      const server = place.createServer((socket) => socket.end('abcdef'));
      const port = await listening(server);
      const pieces: string[] = [];
      const buffer = vi.fn(() => Buffer.alloc(2));
      const callback = (count: number, into: Uint8Array): boolean => {
        pieces.push(Buffer.from(into.subarray(0, count)).toString());
        return pieces.length !== 1;
      };
      const socket = place.connect({ host: place.address, port, onread: { buffer, callback } });
      await expect.poll(() => pieces).toEqual(['ab']);
      await sleep(50);
      expect(pieces).toEqual(['ab']);
      socket.resume();
      await once(socket, 'end');
      expect(pieces.join('')).toBe('abcdef');
      expect(buffer.mock.calls.length).toBeGreaterThan(2);
      expect(socket.bytesRead).toBe(6);
    });

    test('is destroyed by a signal that was aborted before, and while it is open', async () => {
      const place = await open();
      const port = await listening(place.createServer());
      const early = place.connect({
        ...{ host: place.address, port },
        signal: AbortSignal.abort(),
      } as net.NetConnectOpts);
      expect((await once(early, 'error'))[0].name).toBe('AbortError');
      const controller = new AbortController();
      const { signal } = controller;
      const socket = place.connect({ host: place.address, port, signal } as net.NetConnectOpts);
      await once(socket, 'connect');
      const failed = once(socket, 'error');
      controller.abort();
      expect((await failed)[0]).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
    });

    test('returns itself from its setters', async () => {
      const { client } = await connected();
      expect(client.setNoDelay()).toBe(client);
      expect(client.setNoDelay(false)).toBe(client);
      expect(client.setKeepAlive(true, 1_000)).toBe(client);
      expect(client.setKeepAlive()).toBe(client);
      expect(client.setTimeout(0)).toBe(client);
      expect(client.ref().unref().ref()).toBe(client);
      expect(client.setEncoding('utf8')).toBe(client);
    });

    test('knows of its addresses what net does after it has closed', async () => {
      const { client, accepted, port } = await connected();
      expect(client.bufferSize).toBe(0);
      expect(client.localFamily).toMatch(/^IPv/);
      expect(client.remotePort).toBe(port);
      const closed = [once(client, 'close'), once(accepted, 'close')];
      client.destroy();
      accepted.destroy();
      await Promise.all(closed);
      expect([client.bufferSize, client.pending]).toEqual([undefined, true]);
      expect([client.address(), client.localPort, client.remotePort]).toEqual([
        {},
        undefined,
        port,
      ]);
      // Nobody has asked before.
      expect(accepted.remotePort).toBe(undefined);
    });

    test('does not connect to an address of its blockList', async ({ skip }) => {
      const place = await open();
      const blockList = new net.BlockList();
      blockList.addAddress(place.address, net.isIPv6(place.address) ? 'ipv6' : 'ipv4');
      skip(!supportsBlockLists && place === system, 'net has block lists from Node.js 24 on');
      const options = { host: place.address, port: 9, blockList };
      const [error] = await once(place.connect(options as net.NetConnectOpts), 'error');
      expect(error).toMatchObject({ code: 'ERR_IP_BLOCKED' });
      const wrong = { ...options, blockList: {} } as unknown as net.NetConnectOpts;
      expect(() => place.connect(wrong)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      );
    });
  });

  describe('a server', () => {
    test('that closes resets connections of which it has not told', async () => {
      for (let turns = 0; turns < 10; turns++) {
        const place = await open();
        const told = vi.fn((socket: Socket) => socket.resume().end());
        const server = place.createServer(told);
        const port = await listening(server);
        const ended = outcome(place.connect(port, place.address));
        for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
        server.close();
        const what = await ended;
        if (told.mock.calls.length > 0) expect(what).toBe('closed');
        else expect(['ECONNREFUSED', 'ECONNRESET']).toContain(what);
      }
    });

    test('ends connections from addresses of its blockList', async ({ skip }) => {
      const place = await open();
      skip(!supportsBlockLists && place === system, 'net has block lists from Node.js 24 on');
      const blockList = new net.BlockList();
      blockList.addAddress(place.from, net.isIPv6(place.from) ? 'ipv6' : 'ipv4');
      const told = vi.fn();
      const server = place.createServer({ blockList } as net.ServerOpts, told);
      const port = await listening(server);
      const socket = place.connect(port, place.address).on('error', () => undefined);
      socket.resume();
      await once(socket, 'close');
      expect(told).not.toHaveBeenCalled();
      expect(() => place.createServer({ blockList: {} } as never)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      );
    });

    test('accepts again below maxConnections, and counts what it has', async () => {
      const place = await open();
      const server = place.createServer((socket) => socket.resume());
      const port = await listening(server);
      server.maxConnections = 1;
      const first = place.connect(port, place.address);
      await once(server, 'connection');
      first.end();
      first.resume();
      await once(first, 'close');
      const count = (): Promise<number> =>
        new Promise((resolve) => server.getConnections((_error, number) => resolve(number)));
      await expect.poll(count).toBe(0);
      const second = place.connect(port, place.address);
      await once(server, 'connection');
      expect(await count()).toBe(1);
      second.destroy();
    });

    test('leaves data in TCP with pauseOnConnect until somebody reads', async () => {
      const { client, accepted } = await connected({ pauseOnConnect: true });
      const data = vi.fn();
      accepted.on('data', data);
      client.write('x');
      await sleep(50);
      expect([accepted.bytesRead, data.mock.calls.length]).toEqual([0, 0]);
      accepted.resume();
      await once(accepted, 'data');
      expect(accepted.bytesRead).toBe(1);
    });

    test('listens again after it has closed', async () => {
      const place = await open();
      const server = place.createServer((socket) => socket.end());
      for (let round = 0; round < 2; round++) {
        server.listen(0);
        await once(server, 'listening');
        server.close();
        await once(server, 'close');
        expect([server.listening, server.address()]).toEqual([false, null]);
      }
    });
  });
});
