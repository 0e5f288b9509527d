import { createHash, randomBytes } from 'node:crypto';
import { captureRejectionSymbol, once } from 'node:events';
import type { Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { TcpSocket, Tunnel } from '../../src/index.js';
import { rawTcp } from './support/rawTcp.js';
import { listening, newLab, twoTunnels } from './support/tcpLab.js';

/** Listens at a tunnel; the server ends with the test. */
async function serve(tunnel: Tunnel, listener: (socket: TcpSocket) => void): Promise<number> {
  return listening(tunnel.createServer(listener) as unknown as Server);
}

/** A socket of one tunnel that is connected to one of another. */
async function connected(
  options: { allowHalfOpen?: boolean } = {},
): Promise<{ left: Tunnel; right: Tunnel; client: TcpSocket; accepted: TcpSocket }> {
  const [left, right] = await twoTunnels();
  const server = right.createServer(options);
  const port = await listening(server as unknown as Server);
  const client = left.connect({ ...options, port, host: right.address! });
  const [[accepted]] = (await Promise.all([
    once(server, 'connection'),
    once(client, 'connect'),
  ])) as [[TcpSocket], unknown];
  return { left, right, client, accepted };
}

async function digestOf(socket: TcpSocket): Promise<string> {
  const hash = createHash('sha256');
  // Not `for await`, which destroys the socket at its end.
  socket.on('data', (chunk) => hash.update(chunk));
  await once(socket, 'end');
  return hash.digest('hex');
}

const digest = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

describe('a connection between two tunnels', () => {
  test('carries megabytes both ways unchanged', async () => {
    const { client, accepted } = await connected({ allowHalfOpen: true });
    const [up, down] = [randomBytes(4_000_000), randomBytes(3_000_000)];
    client.end(up);
    accepted.end(down);
    expect(await Promise.all([digestOf(accepted), digestOf(client)])).toEqual([
      digest(up),
      digest(down),
    ]);
    expect([client.bytesWritten, client.bytesRead]).toEqual([up.length, down.length]);
  });

  test('makes who writes wait for who does not read, and goes on', async () => {
    const { client, accepted } = await connected();
    accepted.pause();
    const chunk = randomBytes(65_536);
    let written = 0;
    let isTaken = true;
    const deadline = Date.now() + 20_000;
    while (isTaken && Date.now() < deadline) {
      isTaken = client.write(chunk);
      written += chunk.length;
      if (isTaken) continue;
      isTaken = await Promise.race([once(client, 'drain').then(() => true), sleep(500, false)]);
    }
    // The receive buffer of one side and the send buffer of the other, and those of the streams.
    expect(written).toBeLessThan(2_000_000);
    let read = 0;
    accepted.on('data', (data) => {
      read += data.length;
    });
    accepted.resume();
    client.end();
    await once(accepted, 'end');
    expect(read).toBe(written);
  });

  test('sends what is written together in one segment', async () => {
    const { client, accepted } = await connected();
    client.setNoDelay();
    const before = [...'abc'];
    client.cork();
    for (const piece of before) client.write(piece);
    client.uncork();
    const [data] = await once(accepted, 'data');
    expect(String(data)).toBe('abc');
  });

  test('stays open one way after the other way has ended', async () => {
    const { client, accepted } = await connected({ allowHalfOpen: true });
    client.end('x');
    accepted.resume();
    await once(accepted, 'end');
    accepted.write('still');
    expect(String((await once(client, 'data'))[0])).toBe('still');
    accepted.end();
    await Promise.all([once(client, 'close'), once(accepted, 'close')]);
  });

  test('gets what was written before the socket was destroyed', async () => {
    const { client, accepted } = await connected();
    client.write('last words');
    client.destroy();
    expect(String((await once(accepted, 'data'))[0])).toBe('last words');
    const [hadError] = await once(accepted, 'close');
    expect(hadError).toBe(false);
  });

  test('is reset by a socket that is destroyed with data that nobody has read', async () => {
    const { client, accepted } = await connected();
    client.pause();
    accepted.write(randomBytes(500_000));
    await sleep(100);
    client.destroy();
    const [error] = await once(accepted, 'error');
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  });
});

test('a thousand connections at a time carry what is theirs', async () => {
  const [left, right] = await twoTunnels();
  const port = await serve(right, (socket) => socket.pipe(socket));
  const answers = Array.from({ length: 1_000 }, async (_, index) => {
    const socket = left.connect(port, right.address!);
    socket.end(`number ${index}`);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return text;
  });
  const texts = await Promise.all(answers);
  expect(texts.every((text, index) => text === `number ${index}`)).toBe(true);
});

describe('within one tunnel', () => {
  test('connections are made by ::1, by its name and by the address', async () => {
    const [tunnel] = await twoTunnels();
    const port = await serve(tunnel, (socket) => socket.end('hi'));
    for (const host of ['::1', 'localhost', tunnel.address!]) {
      const socket = tunnel.connect(port, host);
      expect(String((await once(socket, 'data'))[0])).toBe('hi');
    }
    expect(String((await once(tunnel.connect(port), 'data'))[0])).toBe('hi');
  });

  test('who listens on one address is not reached by another', async () => {
    const [tunnel] = await twoTunnels();
    const server = tunnel.createServer();
    server.listen(0, '::1');
    await once(server, 'listening');
    const { port } = server.address()!;
    await once(tunnel.connect(port, '::1'), 'connect');
    const [error] = await once(tunnel.connect(port, tunnel.address!), 'error');
    expect(error.code).toBe('ECONNREFUSED');
    server.close();
  });
});

describe('connecting', () => {
  test('tries the next address of a name while one does not answer', async () => {
    const lab = await newLab();
    const [left, right] = [await lab.open(), await lab.open()];
    const { raw } = await rawTcp(lab);
    raw.removeAllListeners('packet');
    const port = await serve(right, (socket) => socket.end('hello'));
    const addresses = [raw.address!, right.address!];
    const found = addresses.map((address) => ({ address, family: 6 }));
    const lookup = ((_host: string, _options: object, callback: (...args: unknown[]) => void) =>
      setImmediate(callback, null, found)) as never;
    const socket = left.connect({
      host: 'example.org',
      port,
      lookup,
      autoSelectFamilyAttemptTimeout: 20,
    });
    const events: string[] = [];
    for (const name of [
      'connectionAttempt',
      'connectionAttemptTimeout',
      'connectionAttemptFailed',
    ]) {
      socket.on(name, (address: string) => events.push(`${name} ${addresses.indexOf(address)}`));
    }
    await once(socket, 'connect');
    expect(socket.remoteAddress).toBe(right.address);
    expect(events).toEqual([
      'connectionAttempt 0',
      'connectionAttemptTimeout 0',
      'connectionAttempt 1',
    ]);
    expect(socket.autoSelectFamilyAttemptedAddresses).toEqual(
      addresses.map((address) => `${address}:${port}`),
    );
  });

  test('to an IPv4 address says that a tunnel has none', async () => {
    const [tunnel] = await twoTunnels();
    const [error] = await once(tunnel.connect(80, '192.0.2.1'), 'error');
    expect(error).toMatchObject({ code: 'ENETUNREACH', address: '192.0.2.1' });
    expect(error.message).toContain('a tunnel carries no IPv4');
  });

  test('from an address that is not ours fails as bind does', async () => {
    const [tunnel] = await twoTunnels();
    const socket = tunnel.connect({ port: 80, localAddress: '2001:db8::1' });
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'EADDRNOTAVAIL', syscall: 'bind' });
  });

  test('by a policy that does not exist throws', async () => {
    const [tunnel] = await twoTunnels();
    expect(() => tunnel.connect({ port: 80, policy: 'x' as never })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  test('by a policy of its own works in both roles', async () => {
    const [left, right] = await twoTunnels();
    const server = right.createServer({ policy: 'prohibited' }, (socket) => socket.end('hello'));
    const port = await listening(server as unknown as Server);
    const socket = left.connect({ host: right.address!, port, policy: 'prohibited' });
    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    expect(left.path(right.address!)?.packetsSentDirect ?? 0).toBe(0);
  });
});

describe('the end of a tunnel', () => {
  test('ends its sockets and servers, and what was written arrives', async () => {
    const { left, client, accepted } = await connected();
    const server = left.createServer().listen(0);
    await once(server, 'listening');
    const events = Promise.all([once(client, 'close'), once(server, 'close')]);
    client.write('last words');
    const data = once(accepted, 'data');
    await left.close();
    await events;
    expect(String((await data)[0])).toBe('last words');
  });

  test('lets nobody connect or listen', async () => {
    const [tunnel] = await twoTunnels();
    await tunnel.close();
    const [error] = await once(tunnel.connect(80, '::1'), 'error');
    expect(error.code).toBe('ENETDOWN');
    const server = tunnel.createServer();
    server.listen(0);
    expect((await once(server, 'error'))[0].code).toBe('ENETDOWN');
  });

  test('of an address ends its connections with an error that says so', async () => {
    const lab = await newLab();
    const [left, right] = [await lab.open(), await lab.open()];
    const port = await serve(right, () => {});
    const { address } = left;
    const socket = left.connect(port, right.address!);
    await once(socket, 'connect');
    const failed = once(socket, 'error');
    left.removeRouter(lab.router.endpoint);
    const [error] = await failed;
    expect(error).toMatchObject({ code: 'ECONNABORTED', syscall: 'read' });
    expect(error.message).toContain(`the tunnel has lost its address ${address}`);
  });
});

describe('the process stays alive', () => {
  test('for who listens, connects, reads or writes, and for nobody else', async () => {
    const lab = await newLab();
    let isHeld = true;
    const datagrams = Object.assign(lab.network.bind('203.0.113.99'), {
      ref: () => {
        isHeld = true;
      },
      unref: () => {
        isHeld = false;
      },
    });
    const tunnel = await lab.open({ datagrams });
    const other = await lab.open();
    expect(isHeld).toBe(false);
    const server = tunnel.createServer().unref();
    server.listen(0);
    await once(server, 'listening');
    expect(isHeld).toBe(false);
    server.ref();
    expect(isHeld).toBe(true);
    server.close();
    expect(isHeld).toBe(false);
    const port = await serve(other, () => {});
    const socket = tunnel.connect(port, other.address!);
    await once(socket, 'connect');
    expect(isHeld).toBe(true);
    socket.unref();
    expect(isHeld).toBe(false);
    socket.ref();
    expect(isHeld).toBe(true);
    socket.destroy();
    await once(socket, 'close');
    await expect.poll(() => isHeld).toBe(false);
    const paused = tunnel.connect(port, other.address!).pause();
    await once(paused, 'connect');
    expect(isHeld).toBe(false);
  });
});

describe('a server', () => {
  test('passes its options on to sockets', async () => {
    const [left, right] = await twoTunnels();
    const options = { highWaterMark: 12_345, allowHalfOpen: true, noDelay: true, keepAlive: true };
    const server = right.createServer(options);
    const port = await listening(server as unknown as Server);
    const client = left.connect(port, right.address!);
    const [socket] = (await once(server, 'connection')) as [TcpSocket];
    expect(socket.readableHighWaterMark).toBe(12_345);
    expect(socket.writableHighWaterMark).toBe(12_345);
    expect(socket.allowHalfOpen).toBe(true);
    client.destroy();
  });

  test('destroys the socket of a listener that rejects, with captureRejections', async () => {
    const [left, right] = await twoTunnels();
    const failure = new Error('enough');
    const caught: unknown[] = [];
    const server = right.createServer({ captureRejections: true });
    expect(server[captureRejectionSymbol]).toBeTypeOf('function');
    server.on('connection', async (socket) => {
      socket.on('error', (error) => caught.push(error));
      throw failure;
    });
    const port = await listening(server as unknown as Server);
    const socket = left.connect(port, right.address!);
    socket.resume();
    await once(socket, 'close');
    expect(caught).toEqual([failure]);
  });

  test('goes on counting when the property `server` of a socket is replaced', async () => {
    const [left, right] = await twoTunnels();
    const server = right.createServer((socket) => {
      (socket as { server: unknown }).server = {};
      socket.end();
    });
    server.listen(0);
    await once(server, 'listening');
    const socket = left.connect(server.address()!.port, right.address!);
    socket.resume();
    await once(socket, 'end');
    server.close();
    await once(server, 'close');
  });

  test('ends by `await using`', async () => {
    const [left] = await twoTunnels();
    const server = left.createServer();
    server.listen(0);
    await server[Symbol.asyncDispose]();
    expect(server.listening).toBe(false);
  });
});
