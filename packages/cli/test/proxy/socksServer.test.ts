import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Credentials } from '../../src/proxy/credentials.js';
import { addressBytes } from '../../src/proxy/socksMessages.js';
import { Endings, readAll, until } from '../support/endings.js';
import { FAR, NOWHERE } from '../support/loopbackNetwork.js';
import { startProxy } from '../support/proxySetup.js';

const endings = new Endings();
afterEach(() => endings.run());

function client(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  endings.add(() => socket.destroy());
  return socket;
}

function nameBytes(name: string, port: number): Buffer {
  const bytes = Buffer.concat([Buffer.of(3, name.length), Buffer.from(name), Buffer.alloc(2)]);
  bytes.writeUInt16BE(port, bytes.length - 2);
  return bytes;
}

const connectTo = (address: Buffer): Buffer =>
  Buffer.concat([Buffer.of(5, 1, 0, 5, 1, 0), address]);

/** Reads exactly so many bytes. */
async function read(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(length) as Buffer | null;
    if (bytes !== null) return bytes;
    // Not the event `readable`, which comes again at once while there are too few.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** The code of the reply to a request. */
async function replyTo(port: number, address: Buffer): Promise<number> {
  const socket = client(port);
  socket.write(connectTo(address));
  const { bytes } = await readAll(socket);
  expect([...bytes.subarray(0, 3)]).toEqual([5, 0, 5]);
  return bytes[3]!;
}

describe('the SOCKS proxy', () => {
  test('connects to an address and to a name, and passes on what came early and a half-close', async () => {
    const port = await endings.server((socket) => {
      void readAll(socket).then(({ bytes }) => socket.end(`you said ${bytes}`));
    });
    const { socks, proxy, events } = await startProxy(endings);
    for (const address of [addressBytes(FAR, port), nameBytes('far.example', port)]) {
      const socket = client(socks);
      socket.end(Buffer.concat([connectTo(address), Buffer.from('hello')]));
      const { bytes } = await readAll(socket);
      expect([...bytes.subarray(0, 6)]).toEqual([5, 0, 5, 0, 0, 4]);
      expect(bytes.subarray(2 + 22).toString()).toBe('you said hello');
    }
    await until(() => proxy.counts().socks!.open === 0);
    expect(proxy.counts().socks).toMatchObject({ accepted: 2, failed: {} });
    expect(events.map(({ to, outcome }) => [to, outcome])).toEqual([
      [`[${FAR}]:${port}`, 'connect'],
      [`far.example:${port}`, 'connect'],
    ]);
  });

  test('takes a request whose bytes come one at a time', async () => {
    const port = await endings.server((socket) => socket.end('done'));
    const { socks } = await startProxy(endings);
    const socket = client(socks);
    socket.setNoDelay(true);
    const all = readAll(socket);
    for (const byte of connectTo(addressBytes(FAR, port))) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect((await all).bytes.subarray(24).toString()).toBe('done');
  });

  test('refuses with the codes of RFC 1928 §6', async () => {
    const { socks, proxy } = await startProxy(endings);
    const closed = await endings.server(() => {});
    await endings.run();
    const again = await startProxy(endings);
    expect(socks).not.toBe(again.socks);
    const codes: number[] = [];
    for (const address of [
      addressBytes(FAR, closed),
      addressBytes(NOWHERE, 80),
      addressBytes('192.0.2.1', 80),
      addressBytes('::ffff:192.0.2.1', 80),
      nameBytes('ipv4.example', 80),
      nameBytes('mapped.example', 80),
      nameBytes('none.example', 80),
      nameBytes('127.1', 80),
      addressBytes('::1', 80),
      nameBytes('local.example', 80),
      addressBytes('fc64::1', 80),
      addressBytes('ff02::1', 80),
      addressBytes(FAR, 0),
    ]) {
      codes.push(await replyTo(again.socks, address));
    }
    expect(codes).toEqual([5, 4, 8, 8, 8, 4, 4, 4, 2, 2, 2, 2, 2]);
    expect(proxy.counts().socks!.open).toBe(0);
    expect(again.proxy.counts().socks).toMatchObject({
      failed: { refused: 1, 'host-unreachable': 1, 'ipv4-only': 3, 'not-found': 3, prohibited: 5 },
    });
  });

  test('reaches IPv4 from this computer only if asked to, and never itself', async () => {
    const { socks } = await startProxy(endings, {
      directIPv4: true,
      resolve: (_, family) => Promise.resolve(family === 4 ? ['127.0.0.1'] : []),
    });
    expect(await replyTo(socks, addressBytes('127.0.0.1', socks))).toBe(2);
    expect(await replyTo(socks, addressBytes('::ffff:127.0.0.1', socks))).toBe(2);
    expect(await replyTo(socks, nameBytes('rebound.example', socks))).toBe(2);
  });

  test('admits users only, if there are any', async () => {
    const port = await endings.server((socket) => socket.end('done'));
    const credentials = new Credentials('a:b', 'test');
    const { socks, proxy } = await startProxy(endings, { credentials });
    const login = (password: string) =>
      Buffer.concat([
        Buffer.of(5, 1, 2, 1, 1, 0x61, 1),
        Buffer.from(password),
        Buffer.of(5, 1, 0),
        addressBytes(FAR, port),
      ]);
    const [good, bad, none] = [client(socks), client(socks), client(socks)];
    good.write(login('b'));
    bad.write(login('c'));
    none.write(connectTo(addressBytes(FAR, port)));
    expect((await readAll(good)).bytes.subarray(4 + 22).toString()).toBe('done');
    expect([...(await readAll(bad)).bytes]).toEqual([5, 2, 1, 1]);
    expect([...(await readAll(none)).bytes]).toEqual([5, 0xff]);
    expect(proxy.counts().socks!.failed).toEqual({ authentication: 2 });
  });

  test('closes connections whose handshake takes too long, however slowly bytes come', async () => {
    const { socks, proxy } = await startProxy(endings, { handshakeTimeout: 300 });
    const [silent, slow] = [client(socks), client(socks)];
    slow.write(Buffer.of(5));
    const drip = setInterval(() => slow.write(Buffer.of(1)), 100);
    endings.add(() => clearInterval(drip));
    slow.write(Buffer.of(255));
    await Promise.all([readAll(silent), readAll(slow)]);
    expect(proxy.counts().socks!.failed).toEqual({ 'handshake-timeout': 2 });
    await until(() => proxy.counts().socks!.open === 0);
  });

  test('closes a connection that ends before it has said what it wants', async () => {
    const { socks, proxy } = await startProxy(endings);
    const socket = client(socks);
    socket.end(Buffer.of(5, 1));
    await readAll(socket);
    await until(() => proxy.counts().socks!.open === 0);
  });

  test('takes no more connections than it may, and takes others once some are closed', async () => {
    const { socks, proxy } = await startProxy(endings, {
      limits: { maxConnections: 2, idleTimeout: 10_000 },
    });
    const held = [client(socks), client(socks)];
    await until(() => proxy.counts().socks!.open === 2);
    expect((await readAll(client(socks))).code).toBe('ECONNRESET');
    held[0]!.destroy();
    await until(() => proxy.counts().socks!.open === 1);
    const next = client(socks);
    next.write(Buffer.of(5, 1, 0));
    expect([...(await read(next, 2))]).toEqual([5, 0]);
    expect(proxy.counts().socks!.failed).toEqual({ limit: 1 });
  });

  test('holds no more than a little of a client that sends on before there is a connection', async () => {
    let asked = false;
    const resolve = () => {
      asked = true;
      return new Promise<string[]>(() => {});
    };
    const { socks, proxy } = await startProxy(endings, { resolve });
    const socket = client(socks);
    socket.write(connectTo(nameBytes('slow.example', 80)));
    await until(() => asked);
    const chunk = Buffer.alloc(1 << 16);
    let written = 0;
    while (written < 1 << 27 && socket.writableLength < 1 << 20) {
      socket.write(chunk);
      written += chunk.length;
      await new Promise((done) => setImmediate(done));
    }
    expect(proxy.counts().socks!.bytesReceived).toBeLessThan(1 << 20);
  });

  test('gives up connecting when the client is gone', async () => {
    const resolve = () => new Promise<string[]>(() => {});
    const { socks, proxy, events } = await startProxy(endings, { resolve });
    const socket = client(socks);
    socket.write(Buffer.concat([connectTo(nameBytes('slow.example', 80)), Buffer.from('early')]));
    await read(socket, 2);
    socket.resetAndDestroy();
    await until(() => events.length > 0);
    expect(events).toMatchObject([{ to: 'slow.example:80', outcome: 'abandoned' }]);
    await until(() => proxy.counts().socks!.open === 0);
  });

  test('resets its connections when it is closed', async () => {
    const port = await endings.server(() => {});
    const { socks, proxy } = await startProxy(endings);
    const socket = client(socks);
    socket.write(connectTo(addressBytes(FAR, port)));
    await read(socket, 24);
    proxy.close();
    expect((await readAll(socket)).code).toBe('ECONNRESET');
  });
});
