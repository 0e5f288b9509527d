import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { connect, createServer, type LookupFunction, type Server } from 'node:net';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Agent, fetch } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createConnector,
  createHttpAgent,
  createHttpsAgent,
  createIdentity,
  type StreamTunnel,
} from '../../src/index.js';
import { listening } from './support/streamPlaces.js';

const [alice, bob] = [createIdentity(), createIdentity()];
const OWN = 'fc64:bed:c633:6401:c800:7106:9c40:1';
const BOB = 'fc64:bed:c633:6401:c800:7105:9c40:1';
/** RFC 6666: a computer has no connection to it. */
const NATIVE = '100::1';
const IPV4 = '127.0.0.1';

const closing: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each.close();
});

/** A tunnel that leads to this computer, and writes down where it was to lead. */
function fakeTunnel(): StreamTunnel & { readonly requested: string[] } {
  const requested: string[] = [];
  return {
    addresses: [OWN],
    requested,
    connect: ({ host, port, signal }) => {
      requested.push(host);
      return connect({ host: IPV4, port, ...(signal === undefined ? {} : { signal }) });
    },
  };
}

/** A computer with IPv4 alone. */
const options = {
  systemSource: async (destination: string) =>
    destination.includes(':') ? null : { address: destination },
  resolve: async (name: string) => [{ address: name === 'bob.example' ? BOB : IPV4, family: 0 }],
};

const answer: http.RequestListener = (request, response) => {
  response.end(`${request.headers.host}`);
};

async function serve(server: Server): Promise<number> {
  closing.push({ close: () => new Promise((resolve) => server.close(resolve)) });
  return listening(server);
}

async function responseTo(request: http.ClientRequest): Promise<string> {
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  return text(response);
}

describe('an agent for http', () => {
  test.each([
    ['a 6bed4 address', BOB, [BOB]],
    ['another IPv6 address', NATIVE, [NATIVE]],
    ['the name of a 6bed4 address', 'bob.example', [BOB]],
    ['an IPv4 address', IPV4, []],
    ['the name of an IPv4 address', 'other.example', []],
  ])('connects to %s through what reaches it', async (_, host, through) => {
    const port = await serve(http.createServer(answer));
    const tunnel = fakeTunnel();
    const agent = createHttpAgent(tunnel, options);
    const name = host.includes(':') ? `[${host}]` : host;
    expect(await responseTo(http.get({ host, port, agent }))).toBe(`${name}:${port}`);
    expect(tunnel.requested).toEqual(through);
  });

  test('does not use the tunnel where the system has a route', async () => {
    const port = await serve(http.createServer(answer));
    const tunnel = fakeTunnel();
    const agent = createHttpAgent(tunnel);
    await responseTo(http.get({ host: 'localhost', port, agent }));
    expect(tunnel.requested).toEqual([]);
  });

  test('keeps connections', async () => {
    const server = http.createServer(answer);
    const port = await serve(server);
    const tunnel = fakeTunnel();
    const agent = createHttpAgent(tunnel, { ...options, keepAlive: true });
    for (let count = 0; count < 3; count++) {
      await responseTo(http.get({ host: BOB, port, agent }));
    }
    agent.destroy();
    expect(tunnel.requested).toEqual([BOB]);
  });

  test('looks names up as the request says', async () => {
    const port = await serve(http.createServer(answer));
    const tunnel = fakeTunnel();
    const agent = createHttpAgent(tunnel, options);
    const lookup: LookupFunction = (_name, { all }, found) => {
      if (all) found(null, [{ address: BOB, family: 6 }]);
      else found(null, BOB, 6);
    };
    await responseTo(http.get({ host: 'other.example', port, agent, lookup }));
    expect(tunnel.requested).toEqual([BOB]);
  });

  test('takes only addresses of the family that the request says', async () => {
    const port = await serve(http.createServer(answer));
    const tunnel = fakeTunnel();
    const both = [
      { address: BOB, family: 6 },
      { address: IPV4, family: 4 },
    ];
    const agent = createHttpAgent(tunnel, { ...options, resolve: async () => both });
    await responseTo(http.get({ host: 'bob.example', port, agent, family: 4 }));
    expect(tunnel.requested).toEqual([]);
    await responseTo(http.get({ host: 'bob.example', port, agent, family: 6 }));
    expect(tunnel.requested).toEqual([BOB]);
  });

  test('fails the request with the code of the connection', async () => {
    const port = await serve(http.createServer(answer));
    await closing.pop()!.close();
    const agent = createHttpAgent(fakeTunnel(), options);
    const request = http.get({ host: BOB, port, agent });
    await expect(once(request, 'response')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('fails the request after its timeout when nothing answers', async () => {
    const silent = { addresses: [OWN], connect: () => new Duplex({ read: () => undefined }) };
    const agent = createHttpAgent(silent, options);
    const request = http.get({ host: BOB, port: 9, agent, timeout: 30 });
    await expect(once(request, 'response')).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });
});

describe.each(['of the agent', 'of the request'])('the timeout %s', (whose) => {
  test('is reported when a connection is open and nothing comes', async () => {
    const port = await serve(http.createServer(() => undefined));
    const timeout = { timeout: 50 };
    const [ofAgent, ofRequest] = whose === 'of the agent' ? [timeout, {}] : [{}, timeout];
    const agent = createHttpAgent(fakeTunnel(), { ...options, ...ofAgent });
    const request = http.get({ host: BOB, port, agent, ...ofRequest });
    request.on('error', () => undefined);
    await once(request, 'timeout');
    request.destroy();
  });
});

describe('an agent for https', () => {
  test('makes TLS with the pinned key over the tunnel, and resumes its session', async () => {
    const reused: boolean[] = [];
    const server = https.createServer(bob.serverOptions(alice.fingerprint), answer);
    server.on('secureConnection', (socket) => reused.push(socket.isSessionReused()));
    const port = await serve(server);
    const tunnel = fakeTunnel();
    const identity = alice.clientOptions(bob.fingerprint);
    const agent = createHttpsAgent(tunnel, { ...options, ...identity });
    for (let count = 0; count < 2; count++) {
      expect(await responseTo(https.get({ host: BOB, port, agent }))).toBe(`[${BOB}]:${port}`);
    }
    expect(tunnel.requested).toEqual([BOB, BOB]);
    expect(reused).toEqual([false, true]);
  });

  test('fails the request when the other side has another key', async () => {
    const server = https.createServer(alice.serverOptions(alice.fingerprint), answer);
    const port = await serve(server);
    const identity = alice.clientOptions(bob.fingerprint);
    const agent = createHttpsAgent(fakeTunnel(), { ...options, ...identity });
    const request = https.get({ host: BOB, port, agent });
    await expect(once(request, 'response')).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
  });

  test('fails the request when TLS cannot use its options', async () => {
    const port = await serve(http.createServer(answer));
    const agent = createHttpsAgent(fakeTunnel(), { ...options, cert: 'no certificate' });
    const request = https.get({ host: BOB, port, agent });
    await expect(once(request, 'response')).rejects.toThrow(/PEM/);
  });
});

describe('a connector for undici', () => {
  test.each([
    ['a 6bed4 address', `[${BOB}]`, [BOB]],
    ['the name of a 6bed4 address', 'bob.example', [BOB]],
    ['an IPv4 address', IPV4, []],
  ])('lets fetch get at %s', async (_, host, through) => {
    const port = await serve(http.createServer(answer));
    const tunnel = fakeTunnel();
    const dispatcher = new Agent({ connect: createConnector(tunnel, options) });
    const response = await fetch(`http://${host}:${port}/`, { dispatcher });
    expect(await response.text()).toBe(`${host}:${port}`);
    expect(tunnel.requested).toEqual(through);
    await dispatcher.close();
  });

  test('lets the fetch of Node.js through', async () => {
    const port = await serve(http.createServer(answer));
    const tunnel = fakeTunnel();
    const dispatcher = new Agent({ connect: createConnector(tunnel, options) });
    const init = { dispatcher } as unknown as RequestInit;
    const response = await globalThis.fetch(`http://[${BOB}]:${port}/`, init);
    expect(await response.text()).toBe(`[${BOB}]:${port}`);
    expect(tunnel.requested).toEqual([BOB]);
    await dispatcher.close();
  });

  test('makes TLS with the pinned key', async () => {
    const server = https.createServer(bob.serverOptions(alice.fingerprint), answer);
    const port = await serve(server);
    const tunnel = fakeTunnel();
    const identity = alice.clientOptions(bob.fingerprint);
    const connector = createConnector(tunnel, { ...options, ...identity });
    const dispatcher = new Agent({ connect: connector });
    const response = await fetch(`https://[${BOB}]:${port}/`, { dispatcher });
    expect(await response.text()).toBe(`[${BOB}]:${port}`);
    expect(tunnel.requested).toEqual([BOB]);
    await dispatcher.close();
  });

  test('fails the request when the other side has another key', async () => {
    const server = https.createServer(alice.serverOptions(alice.fingerprint), answer);
    const port = await serve(server);
    const identity = alice.clientOptions(bob.fingerprint);
    const connector = createConnector(fakeTunnel(), { ...options, ...identity });
    const dispatcher = new Agent({ connect: connector });
    await expect(fetch(`https://[${BOB}]:${port}/`, { dispatcher })).rejects.toMatchObject({
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
    await dispatcher.close();
  });

  test('fails the request after its timeout when TLS gets no answer', async () => {
    const port = await serve(createServer((socket) => void socket.resume()));
    const connector = createConnector(fakeTunnel(), { ...options, timeout: 50 });
    const dispatcher = new Agent({ connect: connector });
    await expect(fetch(`https://[${BOB}]:${port}/`, { dispatcher })).rejects.toMatchObject({
      cause: { code: 'ETIMEDOUT' },
    });
    await dispatcher.close();
  });
});
