import dns from 'node:dns';
import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { type Connected, connectedIn, listening, places, system } from './support/tcpLab.js';

type Code = { code: string };
type Answer = (error: null, addresses: { address: string; family: number }[]) => void;

/** The code of what a function throws. */
function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    return (error as Code).code;
  }
  return undefined;
}

/** An address without the form that sockets of both families give IPv4 ones. */
const ipv4 = (address: string | undefined): string | undefined => address?.replace('::ffff:', '');

async function errorOf(socket: Socket | Server): Promise<NodeJS.ErrnoException> {
  const [error] = await once(socket, 'error');
  return error as NodeJS.ErrnoException;
}

describe.each(places)('with $title', ({ open }) => {
  const connected = async (options?: Parameters<typeof connectedIn>[1]): Promise<Connected> =>
    connectedIn(await open(), options);

  describe('a socket', () => {
    test('that nobody reads ends when the other side ends', async () => {
      const { client, accepted } = await connected();
      client.write('x');
      accepted.resume();
      accepted.end();
      await once(client, 'close');
      expect(client.readableEnded).toBe(true);
    });

    test('calls the callbacks of all writes when it is destroyed before it connects', async () => {
      const place = await open();
      const socket = place.newSocket();
      socket.on('error', () => {});
      socket.connect({ port: 9, host: place.address });
      const errors: Promise<string>[] = [];
      for (let count = 0; count < 3; count++) {
        errors.push(
          new Promise((resolve) =>
            socket.write('x', (error) => resolve(String(error && (error as unknown as Code).code))),
          ),
        );
      }
      socket.destroy();
      const codes = await Promise.all(errors);
      expect(codes[0]).toBe('ERR_SOCKET_CLOSED_BEFORE_CONNECTION');
      expect(codes.slice(1).every((code) => code.startsWith('ERR_S'))).toBe(true);
    });

    test('calls the callbacks of writes that wait when it is destroyed', async () => {
      const { client, accepted } = await connected();
      accepted.pause();
      client.on('error', () => {});
      const written = new Promise<void>((resolve) => {
        client.write(Buffer.alloc(32_000_000), () => resolve());
      });
      const next = new Promise<void>((resolve) => client.write('x', () => resolve()));
      await nextTurn();
      client.destroy();
      await Promise.all([written, next]);
    });

    test('takes ports that are text', async () => {
      const place = await open();
      const server = place.createServer((socket) => socket.end('hello'));
      const port = await listening(server);
      const socket = place.connect({
        host: place.address,
        port: String(port) as unknown as number,
      });
      expect(String((await once(socket, 'data'))[0])).toBe('hello');
    });

    test('knows both its ends', async () => {
      const { place, client, accepted, port } = await connected();
      expect(client).toMatchObject({ remoteAddress: place.address, remotePort: port });
      expect(client.localAddress).toBe(place.from);
      expect(ipv4(accepted.localAddress)).toBe(place.address);
      expect(accepted.localPort).toBe(port);
      expect(ipv4(accepted.remoteAddress)).toBe(client.localAddress);
      expect(accepted.remotePort).toBe(client.localPort);
      expect(accepted.address()).toMatchObject({ family: 'IPv6', port });
      expect(client.remoteFamily).toBe(place === system ? 'IPv4' : 'IPv6');
    });

    test('has the states and numbers of net.Socket', async () => {
      const place = await open();
      const server = place.createServer({ allowHalfOpen: true }, (socket) => socket.resume());
      const port = await listening(server);
      const socket = place.newSocket({ allowHalfOpen: true } as never);
      expect([socket.pending, socket.connecting, socket.readyState]).toEqual([true, false, 'open']);
      expect(socket.address()).toEqual({});
      socket.connect(port, place.address);
      expect([socket.pending, socket.connecting, socket.readyState]).toEqual([
        true,
        true,
        'opening',
      ]);
      socket.write('abc');
      expect(socket.bytesWritten).toBe(3);
      await once(socket, 'connect');
      expect([socket.pending, socket.connecting, socket.readyState]).toEqual([
        false,
        false,
        'open',
      ]);
      socket.end('de');
      await once(socket, 'finish');
      expect(socket.readyState).toBe('readOnly');
      expect([socket.bytesWritten, socket.bytesRead]).toEqual([5, 0]);
      socket.destroy();
      await once(socket, 'close');
      expect([socket.readyState, socket.destroyed]).toEqual(['closed', true]);
    });

    test('connects again after it has closed', async () => {
      const place = await open();
      const server = place.createServer((socket) => socket.end('hello'));
      const port = await listening(server);
      const socket = place.newSocket();
      for (let round = 0; round < 3; round++) {
        socket.connect(port, place.address);
        const [data] = await once(socket, 'data');
        expect(String(data)).toBe('hello');
        expect(socket.bytesRead).toBe(5);
        await once(socket, 'close');
      }
    });

    test('emits lookup, connect and ready in this order', async () => {
      const place = await open();
      const port = await listening(place.createServer());
      const socket = place.newSocket();
      const events: unknown[] = [];
      socket.on('lookup', (_error, address, _family, host) => events.push(`${host} is ${address}`));
      for (const event of ['connect', 'ready']) socket.on(event, () => events.push(event));
      const family = net.isIPv6(place.address) ? 6 : 4;
      const lookup = ((_host: string, _options: object, callback: Answer) => {
        callback(null, [{ address: place.address, family }]);
      }) as never;
      socket.connect({ port, host: 'example.org', lookup });
      await once(socket, 'ready');
      expect(events).toEqual([`example.org is ${place.address}`, 'connect', 'ready']);
      socket.destroy();
    });

    test('uses the dns.lookup of the moment', async () => {
      const place = await open();
      const port = await listening(place.createServer());
      const family = net.isIPv6(place.address) ? 6 : 4;
      const spy = vi
        .spyOn(dns, 'lookup')
        .mockImplementation(((_host: string, _options: object, callback: Answer) =>
          callback(null, [{ address: place.address, family }])) as never);
      const socket = place.connect(port, 'example.org');
      await once(socket, 'connect');
      spy.mockRestore();
      socket.destroy();
    });

    test('fails when no address of a name is one', async () => {
      const place = await open();
      const lookup = ((_host: string, _options: object, callback: Answer) => {
        callback(null, [{ address: 'nonsense', family: 6 }]);
      }) as never;
      const error = await errorOf(place.connect({ port: 1, host: 'example.org', lookup }));
      expect(error.code).toBe('ERR_INVALID_IP_ADDRESS');
    });

    test('reads into the buffer of onread', async () => {
      const place = await open();
      const port = await listening(place.createServer((socket) => socket.end('hello')));
      const buffer = new Uint8Array(3);
      const pieces: string[] = [];
      const socket = place.connect({
        host: place.address,
        port,
        onread: {
          buffer,
          callback: (count, into) => {
            pieces.push(Buffer.from(into.slice(0, count)).toString());
            return true;
          },
        },
      });
      const data = vi.fn();
      socket.on('data', data);
      await once(socket, 'end');
      expect(pieces.join('')).toBe('hello');
      expect(pieces.every((piece) => piece.length <= 3)).toBe(true);
      expect(data).not.toHaveBeenCalled();
    });

    test('that is reset within its connect listener is noticed by the server', async () => {
      const place = await open();
      const server = place.createServer();
      const port = await listening(server);
      const socket = place.connect(port, place.address, () => socket.resetAndDestroy());
      const [accepted] = (await once(server, 'connection')) as [Socket];
      expect(await errorOf(accepted)).toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
    });

    test('is reset by the other side with ECONNRESET', async () => {
      const { client, accepted } = await connected();
      accepted.resetAndDestroy();
      const error = await errorOf(client);
      expect(error).toMatchObject({ message: 'read ECONNRESET', code: 'ECONNRESET', errno: -104 });
      const [hadError] = await once(client, 'close');
      expect(hadError).toBe(true);
    });

    test('that is not connected cannot be reset', async () => {
      const place = await open();
      const socket = place.newSocket();
      socket.resetAndDestroy();
      expect((await errorOf(socket)).code).toBe('ERR_SOCKET_CLOSED');
    });

    test('fails to write after the other side has ended', async () => {
      const { client, accepted } = await connected();
      const failed = errorOf(client);
      const told = new Promise((resolve) => {
        client.once('end', () => {
          client.end();
          client.write('x', resolve as never);
        });
      });
      client.resume();
      accepted.end();
      expect(await told).toMatchObject({ code: 'EPIPE' });
      expect(await failed).toMatchObject({
        message: 'This socket has been ended by the other party',
      });
    });

    test('stays open for writing with allowHalfOpen', async () => {
      const place = await open();
      const server = place.createServer({ allowHalfOpen: true }, (socket) => {
        socket.resume();
        socket.once('end', () => setTimeout(() => socket.end('after'), 20));
      });
      const port = await listening(server);
      const socket = place.connect(port, place.address);
      socket.end('x');
      expect(String((await once(socket, 'data'))[0])).toBe('after');
      await once(socket, 'close');
    });

    test('emits timeout when nothing passes, and goes on', async () => {
      const { client, accepted } = await connected();
      client.setTimeout(30);
      expect(client.timeout).toBe(30);
      await once(client, 'timeout');
      client.setTimeout(0);
      accepted.end('x');
      await once(client, 'data');
    });

    test('is destroyed by its signal', async () => {
      const place = await open();
      const controller = new AbortController();
      const socket = place.newSocket({ signal: controller.signal } as never);
      controller.abort();
      expect((await errorOf(socket)).name).toBe('AbortError');
    });

    test('is refused with where it wanted to go', async () => {
      const place = await open();
      const error = await errorOf(place.connect(9, place.address));
      const where = { address: place.address, port: 9, syscall: 'connect', errno: -111 };
      expect(error).toMatchObject({ code: 'ECONNREFUSED', ...where });
      expect(error.message).toBe(`connect ECONNREFUSED ${place.address}:9`);
    });

    test('refuses arguments as net does', async () => {
      const place = await open();
      const codes = [
        () => place.connect({} as never),
        () => place.newSocket().connect({} as never),
        () => place.connect(65_536, place.address),
        () => place.connect(-1 as never, place.address),
        () => place.connect('' as never),
        () => place.connect({ port: true } as never),
        () => place.connect({ port: null } as never),
        () => place.connect({ port: 1, host: 'x', lookup: 'no' } as never),
        () => place.connect({ port: 1, localAddress: 'nonsense' } as never),
        () => place.connect({ port: 1, localPort: 'x' } as never),
        () => place.connect({ port: 1, hints: 1_234_567, host: 'x' } as never),
        () => place.connect({ port: 1, autoSelectFamily: 1 } as never),
        () => place.connect({ port: 1, autoSelectFamilyAttemptTimeout: 'x' } as never),
        () => place.newSocket({ objectMode: true } as never),
        () => place.newSocket({ keepAliveInitialDelay: 'x' } as never),
        () => place.newSocket().setTimeout('x' as never),
        () => place.newSocket().setTimeout(-1),
        () => place.newSocket().setTimeout(1, 'x' as never),
      ].map((action) => codeOf(action));
      expect(codes).toEqual([
        ...['ERR_MISSING_ARGS', 'ERR_MISSING_ARGS', 'ERR_SOCKET_BAD_PORT', 'ERR_SOCKET_BAD_PORT'],
        ...['ERR_SOCKET_BAD_PORT', 'ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_TYPE'],
        ...['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_IP_ADDRESS', 'ERR_INVALID_ARG_TYPE'],
        ...['ERR_INVALID_ARG_VALUE', 'ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_TYPE'],
        ...['ERR_INVALID_ARG_VALUE', 'ERR_INVALID_ARG_TYPE'],
        ...['ERR_INVALID_ARG_TYPE', 'ERR_OUT_OF_RANGE', 'ERR_INVALID_ARG_TYPE'],
      ]);
    });
  });

  describe('a server', () => {
    test('has its address at once', async () => {
      const place = await open();
      const server = place.createServer().listen(0);
      expect((server.address() as AddressInfo).port).toBeGreaterThan(0);
      expect(server.listening).toBe(true);
      await once(server, 'listening');
      server.close();
    });

    test('takes ports that are text', async () => {
      const place = await open();
      const port = await listening(place.createServer());
      const server = place.createServer();
      server.listen(String(port));
      expect(await errorOf(server)).toMatchObject({ code: 'EADDRINUSE', port });
    });

    test('cannot listen on a port that is taken, nor twice', async () => {
      const place = await open();
      const port = await listening(place.createServer());
      const server = place.createServer();
      server.listen(port);
      const error = await errorOf(server);
      expect(error.message).toBe(`listen EADDRINUSE: address already in use :::${port}`);
      expect(error).toMatchObject({ syscall: 'listen', errno: -98, address: '::', port });
      server.listen(0);
      expect(codeOf(() => server.listen(0))).toBe('ERR_SERVER_ALREADY_LISTEN');
      server.close();
    });

    test('cannot listen on an address that is not ours', async () => {
      const place = await open();
      const server = place.createServer();
      server.listen(0, '2001:db8::1');
      expect(await errorOf(server)).toMatchObject({ code: 'EADDRNOTAVAIL', syscall: 'listen' });
    });

    test('drops connections above maxConnections, and counts them', async () => {
      const place = await open();
      const server = place.createServer();
      const port = await listening(server);
      server.maxConnections = 1;
      const first = place.connect(port, place.address);
      const [[accepted]] = (await Promise.all([
        once(server, 'connection'),
        once(first, 'connect'),
      ])) as [[Socket], unknown];
      expect((accepted as unknown as { server: Server }).server).toBe(server);
      const second = place.connect(port, place.address).on('error', () => {});
      const [drop] = await once(server, 'drop');
      expect(drop.localPort).toBe(port);
      expect(ipv4(drop.remoteAddress)).toBe(place.from);
      await once(second, 'close');
      const count = await new Promise((resolve) =>
        server.getConnections((_error, n) => resolve(n)),
      );
      expect(count).toBe(1);
      first.destroy();
    });

    test('makes sockets paused with pauseOnConnect', async () => {
      const { client, accepted } = await connected({ pauseOnConnect: true });
      client.write('x');
      expect(accepted.isPaused()).toBe(true);
      accepted.resume();
      await once(accepted, 'data');
    });

    test('tells that it did not listen, and ignores what is no function', async () => {
      const place = await open();
      const server = place.createServer();
      const error = await new Promise<unknown>((resolve) => server.close(resolve));
      expect(error).toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' });
      server.close('x' as never);
      await once(server, 'close');
    });

    test('closes when its connections have ended', async () => {
      const { server, client, accepted } = await connected();
      let isClosed = false;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      void closed.then(() => {
        isClosed = true;
      });
      await nextTurn();
      expect(isClosed).toBe(false);
      accepted.resume();
      client.end();
      client.resume();
      await closed;
    });

    test('closes by its signal', async () => {
      const place = await open();
      const controller = new AbortController();
      const server = place.createServer();
      server.listen({ port: 0, signal: controller.signal });
      await once(server, 'listening');
      controller.abort();
      await once(server, 'close');
    });

    test('refuses arguments as net does', async () => {
      const place = await open();
      const codes = [
        () => place.createServer('x' as never),
        () => place.createServer().listen({} as never),
        () => place.createServer().listen({ port: true } as never),
        () => place.createServer().listen(false as never),
        () => place.createServer().listen(65_536),
        () => place.createServer().listen({ port: 'x' } as never),
        () => place.createServer().listen({ port: 0, signal: 'x' } as never),
        () => place.createServer({ keepAliveInitialDelay: 'x' } as never),
      ].map((action) => codeOf(action));
      expect(codes).toEqual([
        ...['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_VALUE', 'ERR_INVALID_ARG_VALUE'],
        ...['ERR_INVALID_ARG_VALUE', 'ERR_SOCKET_BAD_PORT', 'ERR_SOCKET_BAD_PORT'],
        ...['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_TYPE'],
      ]);
    });
  });
});
