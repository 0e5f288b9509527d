import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { Server, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { AbstractConnector, Redis } from 'ioredis';
import { createTransport } from 'nodemailer';
import RedisParser from 'redis-parser';
import { SMTPServer } from 'smtp-server';
import ssh2 from 'ssh2';
import { fetch, Client as UndiciClient } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createIdentity } from '../../src/index.js';
import { listening, type StreamPlace, systemPlace, tunnelPlace } from './support/streamPlaces.js';

const [alice, bob] = [createIdentity(), createIdentity()];
const LARGE = 'x'.repeat(300_000);

describe.each([
  ['node:net', systemPlace],
  ['two tunnels', tunnelPlace],
])('over %s', (_, open) => {
  let place: StreamPlace;
  const closing: { close(): unknown }[] = [];

  beforeEach(async () => {
    place = await open();
  });

  afterEach(async () => {
    for (const each of closing.splice(0).reverse()) await each.close();
    await place.close();
  });

  /** Hands accepted sockets to a server of a library, and listens. */
  async function serve(
    accept: (socket: Socket) => void,
    options: { readonly allowHalfOpen?: boolean } = {},
  ): Promise<number> {
    const sockets = new Set<Socket>();
    const server = place.createServer(options, (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      accept(socket);
    });
    closing.push({
      close: () => {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    });
    return listening(server);
  }

  const socketTo = (port: number): Socket => place.connect({ host: place.address, port });

  describe('http', () => {
    const answer: http.RequestListener = async (request, response) => {
      const body = await text(request);
      response.end(`${request.method} ${request.url} ${body.length}`);
    };

    async function post(port: number, agent?: http.Agent): Promise<string> {
      const request = http.request({
        ...{ method: 'POST', path: '/large', host: place.address },
        ...(agent === undefined ? { createConnection: () => socketTo(port) } : { agent }),
      });
      request.end(LARGE);
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      return text(response);
    }

    test('a server answers a client', async () => {
      const server = http.createServer(answer);
      const port = await serve((socket) => server.emit('connection', socket));
      expect(await post(port)).toBe(`POST /large ${LARGE.length}`);
    });

    test('a connection is used again', async () => {
      let connections = 0;
      const server = http.createServer(answer);
      const port = await serve((socket) => {
        connections++;
        server.emit('connection', socket);
      });
      const agent = new http.Agent({ keepAlive: true });
      agent.createConnection = () => socketTo(port);
      for (let count = 0; count < 3; count++) {
        expect(await post(port, agent)).toBe(`POST /large ${LARGE.length}`);
      }
      agent.destroy();
      expect(connections).toBe(1);
    });

    test('an upgraded connection carries on both ways', async () => {
      const server = http.createServer();
      server.on('upgrade', (_request, socket) => {
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
        );
        socket.pipe(socket);
      });
      const port = await serve((socket) => server.emit('connection', socket));
      const headers = { Connection: 'Upgrade', Upgrade: 'echo' };
      const request = http.get({ headers, createConnection: () => socketTo(port) });
      const [, socket] = (await once(request, 'upgrade')) as [unknown, Socket];
      socket.end('both ways');
      expect(await text(socket)).toBe('both ways');
    });
  });

  test('tls: two identities know each other', async () => {
    const server = tls.createServer(bob.serverOptions(alice.fingerprint), (socket) => {
      socket.pipe(socket);
    });
    // The answer goes on after the end of the request.
    const options = { allowHalfOpen: true };
    const port = await serve((socket) => server.emit('connection', socket), options);
    const socket = tls.connect({ socket: socketTo(port), ...alice.clientOptions(bob.fingerprint) });
    socket.end(LARGE);
    expect(await text(socket)).toBe(LARGE);
  });

  test('https: a server answers a client', async () => {
    const server = https.createServer(bob.serverOptions(alice.fingerprint), (request, response) => {
      request.pipe(response);
    });
    const port = await serve((socket) => server.emit('connection', socket));
    const options = alice.clientOptions(bob.fingerprint);
    const request = https.request({
      method: 'POST',
      createConnection: () => tls.connect({ socket: socketTo(port), ...options }),
    });
    request.end(LARGE);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    expect(await text(response)).toBe(LARGE);
  });

  test('http2: streams share one secure connection', async () => {
    const server = http2.createSecureServer(
      { ...bob.serverOptions(alice.fingerprint), ALPNProtocols: ['h2'] },
      (request, response) => {
        response.end(`${request.url} ${LARGE}`);
      },
    );
    const port = await serve((socket) => server.emit('connection', socket));
    const options = alice.clientOptions(bob.fingerprint);
    const session = http2.connect('https://bob.example', {
      createConnection: () =>
        tls.connect({ socket: socketTo(port), ALPNProtocols: ['h2'], ...options }),
    });
    const answers = ['/a', '/b', '/c'].map((path) => text(session.request({ ':path': path })));
    expect(await Promise.all(answers)).toEqual([`/a ${LARGE}`, `/b ${LARGE}`, `/c ${LARGE}`]);
    session.close();
    await once(session, 'close');
  });

  test('undici: a client and fetch', async () => {
    const server = http.createServer((request, response) => request.pipe(response));
    const port = await serve((socket) => server.emit('connection', socket));
    const dispatcher = new UndiciClient('http://bob.example', {
      connect: (_, connected) => {
        const socket = socketTo(port);
        socket.once('connect', () => connected(null, socket));
        socket.once('error', (error) => connected(error, null));
      },
    });
    const { body } = await dispatcher.request({ path: '/', method: 'PUT', body: LARGE });
    expect(await body.text()).toBe(LARGE);
    const response = await fetch('http://bob.example', { method: 'POST', body: LARGE, dispatcher });
    expect(await response.text()).toBe(LARGE);
    await dispatcher.close();
  });

  test('ws: messages go both ways', async () => {
    const server = http.createServer();
    const webSockets = new WebSocketServer({ server, perMessageDeflate: true });
    webSockets.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    const port = await serve((socket) => server.emit('connection', socket));
    const client = new WebSocket('ws://bob.example/', { createConnection: () => socketTo(port) });
    await once(client, 'open');
    for (const sent of ['hello', LARGE, Buffer.alloc(70_000, 7)]) {
      client.send(sent);
      const [received, isBinary] = (await once(client, 'message')) as [Buffer, boolean];
      expect(isBinary).toBe(typeof sent !== 'string');
      expect(received.equals(Buffer.from(sent))).toBe(true);
    }
    client.close(1000, 'done');
    const [code] = await once(client, 'close');
    expect(code).toBe(1000);
  });

  test('ssh2: a command runs, and its output and exit status come back', async () => {
    const { private: hostKey } = ssh2.utils.generateKeyPairSync('ed25519');
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (connection) => {
      connection.on('authentication', (context) => {
        if (context.method === 'password' && context.password === 'secret') context.accept();
        else context.reject(['password']);
      });
      connection.on('session', (accept) => {
        accept().on('exec', (acceptExec, _reject, { command }) => {
          const channel = acceptExec();
          channel.write(LARGE);
          channel.stderr.write(`ran ${command}`);
          channel.exit(3);
          channel.end();
        });
      });
    });
    const port = await serve((socket) => server.injectSocket(socket));
    const client = new ssh2.Client();
    client.connect({ sock: socketTo(port), username: 'alice', password: 'secret' });
    await once(client, 'ready');
    const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) => {
      client.exec('uptime', (error, opened) => (error ? reject(error) : resolve(opened)));
    });
    const [output, errors, [status]] = await Promise.all([
      text(channel),
      text(channel.stderr),
      once(channel, 'exit'),
    ]);
    expect({ output, errors, status }).toEqual({ output: LARGE, errors: 'ran uptime', status: 3 });
    client.end();
    await once(client, 'close');
  });

  test('nodemailer: a mail with an attachment reaches smtp-server', async () => {
    let received = '';
    const server = new SMTPServer({
      authOptional: true,
      disableReverseLookup: true,
      disabledCommands: ['STARTTLS'],
      onData: (stream, _session, done) => {
        text(stream).then((whole) => {
          received = whole;
          done();
        }, done);
      },
    });
    const port = await serve((socket) => (server.server as Server).emit('connection', socket));
    const transport = createTransport({
      getSocket: (_options: unknown, got: (error: Error | null, socket?: unknown) => void) => {
        const connection = socketTo(port);
        connection.once('connect', () => got(null, { connection }));
        connection.once('error', got);
      },
    } as never);
    const { accepted } = await transport.sendMail({
      from: 'alice@example.org',
      to: 'bob@example.org',
      subject: 'A large letter',
      text: 'Hello Bob',
      attachments: [{ filename: 'large.txt', content: LARGE }],
    });
    transport.close();
    expect(accepted).toEqual(['bob@example.org']);
    expect(received).toContain('Subject: A large letter');
    expect(received.length).toBeGreaterThan(LARGE.length);
  });

  test('ioredis: commands, pipelined and large', async () => {
    const port = await serve(serveRedis);
    class Connector extends AbstractConnector {
      constructor() {
        super(0);
      }
      connect(): Promise<Socket> {
        const socket = socketTo(port);
        return Promise.resolve(socket);
      }
    }
    const client = new Redis({ Connector: Connector as never, enableReadyCheck: false });
    expect(await client.set('key', LARGE)).toBe('OK');
    const values = await Promise.all(Array.from({ length: 50 }, () => client.get('key')));
    expect(values.every((value) => value === LARGE)).toBe(true);
    expect(await client.get('nothing')).toBe(null);
    await client.quit();
  });
});

/** As much of Redis as the test needs. */
function serveRedis(socket: Socket): void {
  const values = new Map<string, string>();
  const answers: Record<string, (key: string, value: string) => string> = {
    set: (key, value) => {
      values.set(key, value);
      return '+OK\r\n';
    },
    get: (key) => {
      const value = values.get(key);
      return value === undefined ? '$-1\r\n' : `$${value.length}\r\n${value}\r\n`;
    },
    quit: () => '+OK\r\n',
  };
  const parser = new RedisParser({
    returnReply: ([command, key, value]: string[]) => {
      socket.write(answers[command!.toLowerCase()]?.(key!, value!) ?? '+OK\r\n');
      if (command === 'quit') socket.end();
    },
    returnError: (error) => socket.destroy(error),
  });
  socket.on('data', (data) => parser.execute(data));
}
