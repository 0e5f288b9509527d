import { encodeAddress, parseIPv6, UdpEndpoint } from '@6bed4/codec';
import {
  closeCodes,
  datagramMessage,
  type Hello,
  offeredSubprotocols,
  parseHello,
  receiptMessage,
} from '@6bed4/gateway';
import { buildNd } from '@6bed4/nd';
import { udpPacket } from '@6bed4/testing/packets';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  type GatewayDaemon,
  type GatewayOptions,
  type RouterDaemon,
  startGateway,
  startRouter,
} from '../../src/index.js';

const LOOPBACK = '127.0.0.1';
const LOOPBACK_BITS = 0x7f00_0001;
const PREFIX = 'fc64:bed:7f00:1::/64';

let router: RouterDaemon;
let gateway: GatewayDaemon;
let sockets: WebSocket[];

beforeEach(async () => {
  sockets = [];
  router = await startRouter({ listen: LOOPBACK, port: 0, driver: 'portable' });
});
afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  await gateway.close();
  await router.close();
});

async function start(options: Partial<GatewayOptions> = {}): Promise<void> {
  gateway = await startGateway({
    routers: router.endpoint,
    publicAddress: LOOPBACK,
    web: { host: LOOPBACK, port: 0 },
    ...options,
  });
}

interface Connected {
  readonly socket: WebSocket;
  readonly hello: Hello;
  readonly messages: Uint8Array[];
  readonly closed: Promise<number>;
}

type Credentials = Partial<Parameters<typeof offeredSubprotocols>[0]>;

function open(credentials: Credentials = {}, headers: Record<string, string> = {}): WebSocket {
  const { port } = gateway.report().web;
  const offered = offeredSubprotocols({ token: null, resume: null, ...credentials });
  const socket = new WebSocket(`ws://${LOOPBACK}:${port}/6bed4`, offered, { headers });
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

const closeOf = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => socket.once('close', resolve));

/** The HTTP status with which a connection is refused. */
const statusOf = (socket: WebSocket): Promise<number | undefined> =>
  new Promise((resolve) =>
    socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode)),
  );

async function connect(credentials: Credentials = {}): Promise<Connected> {
  const socket = open(credentials);
  const messages: Uint8Array[] = [];
  const closed = closeOf(socket);
  const hello = await new Promise<Hello>((resolve, reject) => {
    closed.then((code) => reject(new Error(`closed: ${code}`)));
    socket.on('message', (data, isBinary) => {
      if (isBinary) messages.push(Uint8Array.from(data as Buffer));
      else resolve(parseHello(String(data))!);
    });
  });
  return { socket, hello, messages, closed };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const addressOf = ({ endpoint }: Pick<Hello, 'endpoint'>): string =>
  encodeAddress({ prefix: PREFIX, peer: endpoint, lanip: 1 });

const endpointOf = ({ endpoint }: Pick<Hello, 'endpoint'>): UdpEndpoint =>
  new UdpEndpoint(LOOPBACK_BITS, endpoint.port);

function message(packet: Uint8Array, to: UdpEndpoint): Uint8Array {
  return datagramMessage(packet, 0, packet.length, to);
}

const SOLICITATION = buildNd({
  type: 'router-solicitation',
  source: parseIPv6('::'),
  destination: parseIPv6('ff02::2'),
  options: [],
});

describe('a gateway', () => {
  test('gives a client an endpoint, at which its router answers', async () => {
    await start({ ports: { first: 40_000, last: 40_003 } });
    const { socket, hello, messages } = await connect();
    expect(hello).toMatchObject({ routers: [router.endpoint], resumed: false, keepalive: 20 });
    expect(hello.endpoint.port).toBeGreaterThanOrEqual(40_000);
    expect(hello.endpoint.port).toBeLessThanOrEqual(40_003);
    socket.send(message(SOLICITATION, new UdpEndpoint(LOOPBACK_BITS, router.endpoint.port)));
    await until(() => messages.some(({ length }) => length > 6 + 40));
    const advertisement = messages.find(({ length }) => length > 6 + 40)!;
    expect(advertisement[6 + 40]).toBe(134);
    // The receipt for the solicitation came, too.
    await until(() => messages.some(({ length }) => length === 4));
  });

  test('carries packets between two of its clients', async () => {
    await start();
    const [one, other] = await Promise.all([connect(), connect()]);
    const packet = udpPacket(addressOf(one.hello), addressOf(other.hello), new Uint8Array(100));
    one.socket.send(message(packet, endpointOf(other.hello)));
    await until(() => other.messages.length > 0);
    expect(other.messages[0]).toEqual(message(packet, endpointOf(one.hello)));
  });

  test('sends nothing to other services of its computer, or for somebody else', async () => {
    await start();
    const [one, other] = await Promise.all([connect(), connect()]);
    const web = gateway.report().web.port;
    const own = encodeAddress({ prefix: PREFIX, peer: { address: LOOPBACK, port: web }, lanip: 1 });
    one.socket.send(
      message(
        udpPacket(addressOf(one.hello), own, new Uint8Array()),
        new UdpEndpoint(LOOPBACK_BITS, web),
      ),
    );
    const forged = udpPacket(addressOf(other.hello), addressOf(other.hello), new Uint8Array());
    one.socket.send(message(forged, endpointOf(other.hello)));
    await until(() => one.messages.length > 0);
    const { counters } = gateway.report();
    expect(counters.datagramsSent).toBe(0);
    expect(counters.dropsOutbound).toMatchObject({ 'forbidden-endpoint': 1, source: 1 });
  });

  test.each<[string, string | Uint8Array, number]>([
    ['text', 'hello', closeCodes.unsupportedData],
    ['bytes that mean nothing', new Uint8Array(5), closeCodes.protocolError],
    ['an empty message', new Uint8Array(), closeCodes.protocolError],
    ['a receipt for what was not sent', receiptMessage(1), closeCodes.protocolError],
    ['a message that is too long', new Uint8Array(2055), closeCodes.tooBig],
  ])('ends a connection at %s', async (_, data, code) => {
    await start();
    const { socket, closed } = await connect();
    socket.send(data);
    expect(await closed).toBe(code);
    expect(gateway.report().counters.connectionsFailed).toEqual({ 'protocol-error': 1 });
  });

  test('ends a connection at a message before the hello', async () => {
    await start();
    const socket = open();
    socket.on('open', () => socket.send(new Uint8Array(10)));
    // It may have been greeted before the message came.
    const code = await Promise.race([
      closeOf(socket),
      new Promise((resolve) => setTimeout(() => resolve('greeted'), 500)),
    ]);
    expect([closeCodes.protocolError, 'greeted']).toContain(code);
  });

  test('ends a connection that goes on with what is not allowed', async () => {
    await start();
    const { socket, closed } = await connect();
    const garbage = message(
      new Uint8Array(50),
      new UdpEndpoint(LOOPBACK_BITS, router.endpoint.port),
    );
    for (let count = 0; count < 1000; count++) socket.send(garbage);
    expect(await closed).toBe(closeCodes.policyViolation);
  });

  test('answers who wants to know whether it is there', async () => {
    await start();
    const { socket, messages } = await connect();
    socket.send(receiptMessage(0));
    await until(() => messages.length > 0);
    expect(messages).toEqual([receiptMessage(0)]);
  });

  test('ends a connection that is silent', async () => {
    await start({ keepalive: 1 });
    const { socket, closed } = await connect();
    // Answers no pings.
    socket.pause();
    await until(() => gateway.report().clients.connected === 0);
    expect(gateway.report().counters.connectionsFailed).toEqual({ silent: 1 });
    socket.resume();
    await closed;
  });
});

describe('a client that comes back', () => {
  test('has its endpoint, and is told what was lost', async () => {
    await start();
    const { socket, hello, closed } = await connect();
    const other = await connect();
    socket.terminate();
    await closed;
    await until(() => gateway.report().clients.away === 1);
    const packet = udpPacket(addressOf(other.hello), addressOf(hello), new Uint8Array());
    other.socket.send(message(packet, endpointOf(hello)));
    await until(() => gateway.report().counters.awayDrops === 1);
    const again = await connect({ resume: hello.resume });
    expect(again.hello).toMatchObject({ endpoint: hello.endpoint, resumed: true, lost: 1 });
    other.socket.send(message(packet, endpointOf(hello)));
    await until(() => again.messages.length > 0);
    expect(gateway.report().clients).toEqual({ connected: 2, away: 0 });
  });

  test('takes the place of its old connection, which the gateway holds for alive', async () => {
    await start({ maxPerAddress: 1 });
    const first = await connect();
    const second = await connect({ resume: first.hello.resume });
    expect(second.hello).toMatchObject({ endpoint: first.hello.endpoint, resumed: true });
    expect(await first.closed).toBe(closeCodes.resumed);
    expect(gateway.report().clients).toEqual({ connected: 1, away: 0 });
  });

  test.each([
    ['when it took leave', 60, closeCodes.done],
    ['when it was away for too long', 0, closeCodes.goingAway],
  ])('has another endpoint %s', async (_, resumeFor, code) => {
    await start({ resumeFor });
    const { socket, hello } = await connect();
    socket.close(code);
    await until(() => gateway.report().clients.connected + gateway.report().clients.away === 0);
    const again = await connect({ resume: hello.resume });
    expect(again.hello.resumed).toBe(false);
    expect(again.hello.endpoint).not.toEqual(hello.endpoint);
  });
});

describe('limits', () => {
  test('of clients, those that are away included', async () => {
    await start({ maxClients: 1 });
    const { socket } = await connect();
    expect(await closeOf(open())).toBe(closeCodes.tryAgainLater);
    socket.terminate();
    await until(() => gateway.report().clients.away === 1);
    expect(await closeOf(open())).toBe(closeCodes.tryAgainLater);
    expect(gateway.report().counters.connectionsFailed).toEqual({ full: 2 });
  });

  test('of ports', async () => {
    await start({ ports: { first: 40_100, last: 40_100 } });
    await connect();
    expect(await closeOf(open())).toBe(closeCodes.tryAgainLater);
    expect(gateway.report()).toMatchObject({ freePorts: 0 });
  });

  test('of connections of an address', async () => {
    await start({ maxPerAddress: 2 });
    const [first] = await Promise.all([connect(), connect()]);
    expect(await closeOf(open())).toBe(closeCodes.tooMany);
    first.socket.close();
    await until(() => gateway.report().clients.connected === 1);
    await connect();
  });

  test('of attempts of an address', async () => {
    await start({ maxPerAddress: 100 });
    const statuses = await Promise.all(
      Array.from({ length: 60 }, () =>
        Promise.race([
          statusOf(open()),
          connect().then(
            () => 101,
            () => 0,
          ),
        ]),
      ),
    );
    expect(statuses).toContain(429);
  });

  test('of what a client sends', async () => {
    await start({ rate: 1 });
    const { socket, hello } = await connect();
    const packet = udpPacket(addressOf(hello), addressOf(hello), new Uint8Array(1000));
    const bytes = message(packet, new UdpEndpoint(LOOPBACK_BITS, router.endpoint.port));
    for (let count = 0; count < 200; count++) socket.send(bytes);
    await until(() => gateway.report().counters.dropsOutbound.rate > 50);
    expect(gateway.report().counters.datagramBytesSent).toBeLessThan(65_536 + 125_000);
  });
});

describe('who may connect', () => {
  test('everybody with a token, in either place', async () => {
    await start({ tokens: ['one', 'other'] });
    await connect({ token: 'other' });
    const header = open({}, { authorization: 'Bearer one' });
    await new Promise((resolve) => header.once('message', resolve));
    for (const refused of [
      open(),
      open({ token: 'three' }),
      open({}, { authorization: 'Basic b25lOg==' }),
    ]) {
      expect(await closeOf(refused)).toBe(closeCodes.unauthorized);
    }
    gateway.setTokens(['three']);
    await connect({ token: 'three' });
    expect(await closeOf(open({ token: 'one' }))).toBe(closeCodes.unauthorized);
  });

  test('no page of a site that is not allowed', async () => {
    await start({ allowOrigins: ['https://lab.example'] });
    expect(await statusOf(open({}, { origin: 'https://evil.example' }))).toBe(403);
    expect(await statusOf(open({}, { origin: 'null' }))).toBe(403);
    await new Promise((resolve) =>
      open({}, { origin: 'https://lab.example' }).once('message', resolve),
    );
  });

  test('none that speaks another protocol, or asks for another path', async () => {
    await start();
    const { port } = gateway.report().web;
    const other = new WebSocket(`ws://${LOOPBACK}:${port}/6bed4`, ['chat']);
    other.on('error', () => {});
    expect(await statusOf(other)).toBe(400);
    const elsewhere = new WebSocket(`ws://${LOOPBACK}:${port}/`, ['6bed4.v1']);
    elsewhere.on('error', () => {});
    expect(await statusOf(elsewhere)).toBe(404);
    expect((await fetch(`http://${LOOPBACK}:${port}/6bed4`)).status).toBe(426);
    expect((await fetch(`http://${LOOPBACK}:${port}/`)).status).toBe(404);
  });
});

describe('the end of a gateway', () => {
  test('tells its clients', async () => {
    await start();
    const { closed } = await connect();
    await gateway.close();
    expect(await closed).toBe(closeCodes.goingAway);
  });
});
