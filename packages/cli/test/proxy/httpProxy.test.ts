import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Credentials } from '../../src/proxy/credentials.js';
import { Endings, readAll, until } from '../support/endings.js';
import { FAR } from '../support/loopbackNetwork.js';
import { startProxy } from '../support/proxySetup.js';

const endings = new Endings();
afterEach(() => endings.run());

/** A web server of ::1; its port. */
async function webServer(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  server.listen(0, '::1');
  await once(server, 'listening');
  endings.add(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

function client(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  endings.add(() => socket.destroy());
  return socket;
}

/** Everything that comes for some bytes. */
async function ask(port: number, text: string): Promise<string> {
  const socket = client(port);
  socket.write(text, 'latin1');
  return (await readAll(socket)).bytes.toString('latin1');
}

describe('CONNECT', () => {
  test('opens a connection, and passes on what came early and a half-close', async () => {
    const port = await endings.server((socket) => {
      void readAll(socket).then(({ bytes }) => socket.end(`you said ${bytes}`));
    });
    const { http, proxy, events } = await startProxy(endings);
    for (const authority of [`[${FAR}]:${port}`, `far.example:${port}`]) {
      const socket = client(http);
      socket.end(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\nhello`);
      const { bytes } = await readAll(socket);
      expect(String(bytes)).toBe('HTTP/1.1 200 Connection established\r\n\r\nyou said hello');
    }
    await until(() => proxy.counts().http!.open === 0);
    expect(proxy.counts().http).toMatchObject({ accepted: 2, failed: {} });
    expect(events.at(-1)).toMatchObject({ to: `far.example:${port}`, outcome: 'connect' });
  });

  test.each([
    ['192.0.2.1:80', 502, 'destination_ip_unroutable'],
    ['ipv4.example:80', 502, 'destination_ip_unroutable'],
    ['none.example:80', 502, 'dns_error'],
    ['[::1]:80', 403, 'destination_ip_prohibited'],
    ['[fc64::1]:80', 403, 'destination_ip_prohibited'],
    [`[${FAR}]:1`, 502, 'connection_refused'],
    [`[${FAR}]`, 502, 'dns_error'],
    [`[${FAR}]:0`, 502, 'dns_error'],
    [`[${FAR}]:65536`, 502, 'dns_error'],
    ['http://far.example/', 502, 'dns_error'],
  ])('%s is refused with %i and the reason (RFC 9209)', async (authority, status, reason) => {
    const { http } = await startProxy(endings);
    const answer = await ask(http, `CONNECT ${authority} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(
      new RegExp(`\r\nProxy-Status: 6bed4; error=${reason}(; details=".*")?\r\n`),
    );
  });

  test('is refused with details that quote the client safely (RFC 8941 §3.3.3)', async () => {
    const { http } = await startProxy(endings);
    const ipv4 = await ask(http, 'CONNECT ipv4.example:80 HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(ipv4).toContain(
      '; details="ipv4.example has no IPv6 address, and there is no --direct-ipv4"\r\n',
    );
    const odd = await ask(http, 'CONNECT a!b:80 HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(odd).toContain('; details="\\"a!b\\" is no host"\r\n');
  });

  test('is for users only, if there are any', async () => {
    const port = await endings.server((socket) => socket.end('done'));
    const { http, proxy } = await startProxy(endings, {
      credentials: new Credentials('alice:secret', 'test'),
    });
    const by = (field: string) =>
      ask(http, `CONNECT [${FAR}]:${port} HTTP/1.1\r\nHost: x\r\n${field}\r\n`);
    const basic = (text: string) =>
      `Proxy-Authorization: Basic ${Buffer.from(text).toString('base64')}\r\n`;
    expect(await by(basic('alice:secret'))).toMatch(/^HTTP\/1\.1 200 [\s\S]*done$/);
    for (const field of [
      '',
      basic('alice:wrong'),
      basic('alice'),
      'Proxy-Authorization: Basic !\r\n',
      'Proxy-Authorization: Bearer alice\r\n',
    ]) {
      expect(await by(field)).toMatch(
        /^HTTP\/1\.1 407 [\s\S]*\r\nProxy-Authenticate: Basic realm=/,
      );
    }
    expect(proxy.counts().http!.failed).toEqual({ authentication: 5 });
  });
});

describe('a request in absolute form', () => {
  test('is forwarded without the fields of the connection (RFC 9110 §7.6.1)', async () => {
    let received: IncomingMessage | undefined;
    const port = await webServer((request, response) => {
      received = request;
      response.writeHead(203, 'Fine', [
        ...['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
        ...['Connection', 'close, X-Hop', 'X-Hop', '1', 'Content-Length', '4'],
      ]);
      response.end('page');
    });
    const { http, events } = await startProxy(endings);
    const answer = await ask(
      http,
      [
        `GET http://far.example:${port}/a/b?c=d HTTP/1.1`,
        'Host: other.example',
        'Proxy-Authorization: Basic abc',
        'Proxy-Connection: keep-alive',
        'Connection: close, X-Private',
        'X-Private: 1',
        'Accept: a',
        'Accept: b',
        '\r\n',
      ].join('\r\n'),
    );
    expect(received).toMatchObject({ method: 'GET', url: '/a/b?c=d' });
    expect(received!.rawHeaders).toEqual([
      ...['Host', `far.example:${port}`, 'Accept', 'a', 'Accept', 'b', 'Via', '1.1 6bed4'],
      ...['Connection', 'close'],
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 203 Fine\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n/);
    expect(answer).toMatch(/\r\nVia: 1\.1 6bed4\r\n/);
    expect(answer).not.toContain('X-Hop');
    expect(answer).toMatch(/\r\n\r\npage$/);
    expect(events).toMatchObject([{ outcome: 'request' }]);
  });

  test.each([
    ['POST', 'Content-Length: 5', 'hello'],
    ['POST', 'Transfer-Encoding: chunked', '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n'],
    ['GET', 'Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'],
    ['PUT', 'Content-Length: 5\r\nExpect: 100-continue', 'hello'],
  ])('%s is forwarded with its content by %s', async (method, field, content) => {
    const port = await webServer((request, response) => {
      void readAll(request as never).then(({ bytes }) => response.end(`you sent ${bytes}`));
    });
    const { http } = await startProxy(endings);
    const start = `${method} http://[${FAR}]:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`;
    expect(await ask(http, `${start}${field}\r\n\r\n${content}`)).toContain('you sent hello');
  });

  test('may be one of several on a connection, and is never sent with another', async () => {
    let connections = 0;
    const port = await webServer((request, response) => response.end(`<${request.url}>`));
    endings.add(() => connections);
    const { http } = await startProxy(endings);
    const one = (path: string, end = '') =>
      `GET http://[${FAR}]:${port}${path} HTTP/1.1\r\nHost: x\r\n${end}\r\n`;
    const answer = await ask(http, one('/1') + one('/2') + one('/3', 'Connection: close\r\n'));
    connections++;
    expect(answer.match(/<\/\d>/g)).toEqual(['</1>', '</2>', '</3>']);
  });

  test('has a truncated answer where that of the server is', async () => {
    const port = await endings.server((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      socket.once('data', () => setTimeout(() => socket.resetAndDestroy(), 50));
    });
    const { http } = await startProxy(endings);
    const answer = await ask(http, `GET http://[${FAR}]:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(answer).toMatch(/Content-Length: 100[\s\S]*half$/i);
  });

  test.each([
    ['no HTTP', 'nonsense\r\n\r\n'],
    ['one field without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
    ['nothing', ''],
  ])('is answered with 502 where the server answers %s', async (_, text) => {
    const port = await endings.server((socket) => socket.once('data', () => socket.end(text)));
    const { http } = await startProxy(endings);
    const answer = await ask(http, `GET http://[${FAR}]:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 502 /);
  });

  test('ends the connection to the server when the client is gone', async () => {
    let server: Socket | undefined;
    const port = await endings.server((socket) => {
      server = socket;
      socket.resume();
    });
    const { http } = await startProxy(endings);
    const socket = client(http);
    socket.write(`GET http://[${FAR}]:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    await until(() => server !== undefined);
    socket.destroy();
    const ended = readAll(server!);
    expect((await ended).bytes).toBeDefined();
  });

  test.each([
    ['/', 400],
    ['https://far.example/', 400],
    ['ftp://far.example/', 400],
    ['http://[::1]/', 403],
    ['http://192.0.2.1/', 502],
    // A URL has IPv4 addresses in many forms.
    ['http://0x7f.1/', 502],
    ['http://none.example/', 502],
  ])('for %s is refused with %i', async (target, status) => {
    const { http } = await startProxy(endings);
    const answer = await ask(http, `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  test('is for users only, if there are any', async () => {
    const { http } = await startProxy(endings, { credentials: new Credentials('a:b', 'test') });
    const answer = await ask(http, `GET http://[${FAR}]/ HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 407 [\s\S]*proxy-authenticate: Basic/i);
  });
});

/** A request that the content of another one is, with a port in five places. */
const FORM = 'CONNECT far.example:.PORT HTTP/1.1\r\nHost: far.example\r\n\r\n';

describe('the HTTP proxy', () => {
  test('refuses what is no request, and what is too large', async () => {
    const { http, proxy } = await startProxy(endings);
    expect(await ask(http, '\x05\x01\x00')).toMatch(/^HTTP\/1\.1 400 /);
    const large = `GET http://x/ HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(17_000)}`;
    expect(await ask(http, large)).toMatch(/^HTTP\/1\.1 431 /);
    const double = 'POST http://x/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n';
    expect(await ask(http, `${double}Transfer-Encoding: chunked\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 400 /,
    );
    expect(proxy.counts().http!.failed).toEqual({ 'no-http': 3 });
  });

  test('closes connections whose request takes too long, however slowly bytes come', async () => {
    const { http, proxy } = await startProxy(endings, { handshakeTimeout: 300 });
    const [silent, slow] = [client(http), client(http)];
    const drip = setInterval(() => slow.write('X'), 50);
    endings.add(() => clearInterval(drip));
    slow.write('GET http://x/ HTTP/1.1\r\nX: ');
    await Promise.all([readAll(silent), readAll(slow)]);
    expect(proxy.counts().http!.failed).toEqual({ 'handshake-timeout': 2 });
  });

  test.each([
    ['a name that was bound to this computer', 'GET / HTTP/1.1\r\nHost: evil.example:8080\r\n\r\n'],
    [
      'a form with a request in it',
      'POST / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nOrigin: http://evil.example\r\n' +
        `Content-Type: text/plain\r\nContent-Length: ${FORM.length}\r\n\r\n${FORM}`,
    ],
    [
      'a question whether it may',
      'OPTIONS / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nOrigin: http://evil.example\r\n' +
        'Access-Control-Request-Method: CONNECT\r\nAccess-Control-Request-Private-Network: true\r\n\r\n',
    ],
    [
      'a WebSocket',
      'GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    ],
  ])('does nothing for %s, as web pages of others may send it', async (_, text) => {
    let reached = 0;
    const port = await endings.server(() => reached++);
    const { http } = await startProxy(endings);
    const answer = await ask(http, text.replace('.PORT', String(port).padStart(5, '0')));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(answer).not.toMatch(/^access-control-|^upgrade:|^set-cookie:/im);
    expect(reached).toBe(0);
  });

  test('takes no more connections than it may', async () => {
    const { http, proxy } = await startProxy(endings, {
      limits: { maxConnections: 1, idleTimeout: 10_000 },
    });
    client(http);
    await until(() => proxy.counts().http!.open === 1);
    expect((await readAll(client(http))).code).toBe('ECONNRESET');
  });
});
