import { encodeAddress, parseIPv6, UdpEndpoint } from '@6bed4/codec';
import { closeCodes, LONGEST_MESSAGE, MESSAGE_HEADER, receiptMessage } from '@6bed4/gateway';
import { buildNd } from '@6bed4/nd';
import { udpPacket } from '@6bed4/testing/packets';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  addressOf,
  closeOf,
  endpointOf,
  GatewayClients,
  LOOPBACK,
  LOOPBACK_BITS,
  message,
  statusOf,
  until,
} from './support/gatewayClients.js';

const PREFIX = 'fc64:bed:7f00:1::/64';

let lab: GatewayClients;

beforeEach(async () => {
  lab = await GatewayClients.open();
});
afterEach(() => lab.close());

const SOLICITATION = buildNd({
  type: 'router-solicitation',
  source: parseIPv6('::'),
  destination: parseIPv6('ff02::2'),
  options: [],
});

describe('a gateway', () => {
  test('gives a client an endpoint, at which its router answers', async () => {
    await lab.start({ ports: { first: 40_000, last: 40_003 } });
    const { socket, hello, messages } = await lab.connect();
    expect(hello).toMatchObject({ routers: [lab.router.endpoint], resumed: false, keepalive: 20 });
    expect(hello.endpoint.port).toBeGreaterThanOrEqual(40_000);
    expect(hello.endpoint.port).toBeLessThanOrEqual(40_003);
    socket.send(message(SOLICITATION, lab.routerEndpoint));
    await until(() => messages.some(({ length }) => length > MESSAGE_HEADER + 40));
    const advertisement = messages.find(({ length }) => length > MESSAGE_HEADER + 40)!;
    expect(advertisement[MESSAGE_HEADER + 40]).toBe(134);
    // The receipt for the solicitation came, too.
    await until(() => messages.some(({ length }) => length === 4));
  });

  test('says why it cannot listen', async () => {
    await lab.start();
    const { web } = lab.gateway.report();
    await expect(lab.start({ web })).rejects.toThrow(
      `cannot listen for WebSockets on ${LOOPBACK} port ${web.port}: another program listens there`,
    );
  });

  test('carries packets between two of its clients', async () => {
    await lab.start();
    const [one, other] = await Promise.all([lab.connect(), lab.connect()]);
    const packet = udpPacket(addressOf(one.hello), addressOf(other.hello), new Uint8Array(100));
    one.socket.send(message(packet, endpointOf(other.hello)));
    await until(() => other.messages.length > 0);
    expect(other.messages[0]).toEqual(message(packet, endpointOf(one.hello)));
  });

  test('sends nothing to other services of its computer, or for somebody else', async () => {
    await lab.start();
    const [one, other] = await Promise.all([lab.connect(), lab.connect()]);
    const web = lab.gateway.report().web.port;
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
    const { counters } = lab.gateway.report();
    expect(counters.datagramsSent).toBe(0);
    expect(counters.dropsOutbound).toMatchObject({ 'forbidden-endpoint': 1, source: 1 });
  });

  test.each<[string, string | Uint8Array, number]>([
    ['text', 'hello', closeCodes.unsupportedData],
    ['bytes that mean nothing', new Uint8Array(5), closeCodes.protocolError],
    ['an empty message', new Uint8Array(), closeCodes.protocolError],
    ['a receipt for what was not sent', receiptMessage(1), closeCodes.protocolError],
    ['a message that is too long', new Uint8Array(LONGEST_MESSAGE + 1), closeCodes.tooBig],
  ])('ends a connection at %s', async (_, data, code) => {
    await lab.start();
    const { socket, closed } = await lab.connect();
    socket.send(data);
    expect(await closed).toBe(code);
    expect(lab.gateway.report().counters.connectionsFailed).toEqual({ 'protocol-error': 1 });
  });

  test('ends a connection at a message before the hello', async () => {
    await lab.start();
    const socket = lab.socket();
    socket.on('open', () => socket.send(new Uint8Array(10)));
    // It may have been greeted before the message came.
    const code = await Promise.race([
      closeOf(socket),
      new Promise((resolve) => setTimeout(() => resolve('greeted'), 500)),
    ]);
    expect([closeCodes.protocolError, 'greeted']).toContain(code);
  });

  test('ends a connection that goes on with what is not allowed', async () => {
    await lab.start();
    const { socket, closed } = await lab.connect();
    const garbage = message(new Uint8Array(50), lab.routerEndpoint);
    for (let count = 0; count < 1000; count++) socket.send(garbage);
    expect(await closed).toBe(closeCodes.policyViolation);
  });

  test('answers who wants to know whether it is there', async () => {
    await lab.start();
    const { socket, messages } = await lab.connect();
    socket.send(receiptMessage(0));
    await until(() => messages.length > 0);
    expect(messages).toEqual([receiptMessage(0)]);
  });

  test('ends a connection that is silent', async () => {
    await lab.start({ keepalive: 1 });
    const { socket, closed } = await lab.connect();
    // Answers no pings.
    socket.pause();
    await until(() => lab.gateway.report().clients.connected === 0);
    expect(lab.gateway.report().counters.connectionsFailed).toEqual({ silent: 1 });
    socket.resume();
    await closed;
  });
});

describe('a client that comes back', () => {
  test('has its endpoint, and is told what was lost', async () => {
    await lab.start();
    const { socket, hello, closed } = await lab.connect();
    const other = await lab.connect();
    socket.terminate();
    await closed;
    await until(() => lab.gateway.report().clients.away === 1);
    const packet = udpPacket(addressOf(other.hello), addressOf(hello), new Uint8Array());
    other.socket.send(message(packet, endpointOf(hello)));
    await until(() => lab.gateway.report().counters.awayDrops === 1);
    const again = await lab.connect({ resume: hello.resume });
    expect(again.hello).toMatchObject({ endpoint: hello.endpoint, resumed: true, lost: 1 });
    other.socket.send(message(packet, endpointOf(hello)));
    await until(() => again.messages.length > 0);
    expect(lab.gateway.report().clients).toEqual({ connected: 2, away: 0 });
  });

  test('takes the place of its old connection, which the gateway holds for alive', async () => {
    await lab.start({ maxPerAddress: 1 });
    const first = await lab.connect();
    const second = await lab.connect({ resume: first.hello.resume });
    expect(second.hello).toMatchObject({ endpoint: first.hello.endpoint, resumed: true });
    expect(await first.closed).toBe(closeCodes.resumed);
    expect(lab.gateway.report().clients).toEqual({ connected: 1, away: 0 });
  });

  test.each([
    ['when it took leave', 60, closeCodes.done],
    ['when it was away for too long', 0, closeCodes.goingAway],
  ])('has another endpoint %s', async (_, resumeFor, code) => {
    await lab.start({ resumeFor });
    const { socket, hello } = await lab.connect();
    socket.close(code);
    await until(
      () => lab.gateway.report().clients.connected + lab.gateway.report().clients.away === 0,
    );
    const again = await lab.connect({ resume: hello.resume });
    expect(again.hello.resumed).toBe(false);
    expect(again.hello.endpoint).not.toEqual(hello.endpoint);
  });
});

describe('limits', () => {
  test('of clients, those that are away included', async () => {
    await lab.start({ maxClients: 1 });
    const { socket } = await lab.connect();
    expect(await closeOf(lab.socket())).toBe(closeCodes.tryAgainLater);
    socket.terminate();
    await until(() => lab.gateway.report().clients.away === 1);
    expect(await closeOf(lab.socket())).toBe(closeCodes.tryAgainLater);
    expect(lab.gateway.report().counters.connectionsFailed).toEqual({ full: 2 });
  });

  test('of ports', async () => {
    await lab.start({ ports: { first: 40_100, last: 40_100 } });
    await lab.connect();
    expect(await closeOf(lab.socket())).toBe(closeCodes.tryAgainLater);
    expect(lab.gateway.report()).toMatchObject({ freePorts: 0 });
  });

  test('of connections of an address', async () => {
    await lab.start({ maxPerAddress: 2 });
    const [first] = await Promise.all([lab.connect(), lab.connect()]);
    expect(await closeOf(lab.socket())).toBe(closeCodes.tooMany);
    first.socket.close();
    await until(() => lab.gateway.report().clients.connected === 1);
    await lab.connect();
  });

  test('of attempts of an address', async () => {
    await lab.start({ maxPerAddress: 100 });
    const statuses = await Promise.all(
      Array.from({ length: 60 }, () =>
        Promise.race([
          statusOf(lab.socket()),
          lab.connect().then(
            () => 101,
            () => 0,
          ),
        ]),
      ),
    );
    expect(statuses).toContain(429);
  });

  test('of what a client sends', async () => {
    await lab.start({ rate: 1 });
    const { socket, hello } = await lab.connect();
    const packet = udpPacket(addressOf(hello), addressOf(hello), new Uint8Array(1000));
    const bytes = message(packet, lab.routerEndpoint);
    for (let count = 0; count < 200; count++) socket.send(bytes);
    await until(() => lab.gateway.report().counters.dropsOutbound.rate > 50);
    expect(lab.gateway.report().counters.datagramBytesSent).toBeLessThan(65_536 + 125_000);
  });
});

describe('who may connect', () => {
  test('everybody with a token, in either place', async () => {
    await lab.start({ tokens: ['one', 'other'] });
    await lab.connect({ token: 'other' });
    const header = lab.socket({}, { headers: { authorization: 'Bearer one' } });
    await new Promise((resolve) => header.once('message', resolve));
    for (const refused of [
      lab.socket(),
      lab.socket({ token: 'three' }),
      lab.socket({}, { headers: { authorization: 'Basic b25lOg==' } }),
    ]) {
      expect(await closeOf(refused)).toBe(closeCodes.unauthorized);
    }
    lab.gateway.setTokens(['three']);
    await lab.connect({ token: 'three' });
    expect(await closeOf(lab.socket({ token: 'one' }))).toBe(closeCodes.unauthorized);
  });

  test('no page of a site that is not allowed', async () => {
    await lab.start({ allowOrigins: ['https://lab.example'] });
    expect(await statusOf(lab.socket({}, { headers: { origin: 'https://evil.example' } }))).toBe(
      403,
    );
    expect(await statusOf(lab.socket({}, { headers: { origin: 'null' } }))).toBe(403);
    await new Promise((resolve) =>
      lab.socket({}, { headers: { origin: 'https://lab.example' } }).once('message', resolve),
    );
  });

  test('none that speaks another protocol, or asks for another path', async () => {
    await lab.start();
    const { port } = lab.gateway.report().web;
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
    await lab.start();
    const { closed } = await lab.connect();
    await lab.gateway.close();
    expect(await closed).toBe(closeCodes.goingAway);
  });
});
