import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { encodeAddress, parseIPv4, UdpEndpoint } from '@6bed4/codec';
import { closeCodes, receiptMessage } from '@6bed4/gateway';
import { udpPacket } from '@6bed4/testing/packets';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  addressOf,
  closeOf,
  endpointOf,
  GatewayClients,
  LOOPBACK,
  message,
  statusOf,
  until,
} from './support/gatewayClients.js';

const NOBODY = '203.0.113.1';

let lab: GatewayClients;
let plain: Socket[];

beforeEach(async () => {
  plain = [];
  lab = await GatewayClients.open();
});
afterEach(async () => {
  for (const socket of plain) socket.destroy();
  await lab.close();
});

const failures = () => lab.gateway.report().counters.connectionsFailed;

/** A TCP connection to the web server of the gateway, and when it ended. */
function tcp(localAddress = LOOPBACK): { socket: Socket; ended: Promise<number> } {
  const { port } = lab.gateway.report().web;
  const socket = connectTcp({ host: LOOPBACK, port, localAddress });
  socket.on('error', () => {}).resume();
  plain.push(socket);
  const ended = new Promise<number>((resolve) =>
    socket.once('close', () => resolve(performance.now())),
  );
  return { socket, ended };
}

describe('a client that only sends', () => {
  test.each(['receipts', 'pings'])('%s is not answered without end', async (kind) => {
    await lab.start();
    const { socket, messages } = await lab.connect();
    let pongs = 0;
    socket.on('pong', () => pongs++);
    socket.pause();
    for (let count = 0; count < 20_000; count++) {
      if (kind === 'pings') socket.ping();
      else socket.send(receiptMessage(0));
    }
    await until(() => socket.bufferedAmount === 0);
    const before = lab.gateway.report().counters;
    expect(before.connectionsFailed).toEqual({});
    socket.resume();
    socket.send(receiptMessage(0));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(messages.length + pongs).toBeGreaterThan(0);
    expect(messages.length + pongs).toBeLessThan(200);
  });

  test('empty datagrams is held to its rate, too', async () => {
    await lab.start({ rate: 1 });
    const { socket } = await lab.connect();
    const empty = message(new Uint8Array(), lab.routerEndpoint);
    for (let count = 0; count < 20_000; count++) socket.send(empty);
    await until(() => lab.gateway.report().counters.dropsOutbound.rate > 0);
    const { datagramsSent } = lab.gateway.report().counters;
    // A burst of 64 kB, and 125 kB a second for some seconds.
    expect(datagramsSent).toBeLessThan((65_536 + 5 * 125_000) / 28);
  });

  test('messages without end is read no faster than it may send', async () => {
    await lab.start({ rate: 1 });
    const [flood, other] = await Promise.all([lab.connect(), lab.connect()]);
    const empty = message(new Uint8Array(), lab.routerEndpoint);
    for (let count = 0; count < 100_000; count++) flood.socket.send(empty);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    other.socket.send(receiptMessage(0));
    await until(() => other.messages.length > 0);
    const { datagramsSent, dropsOutbound } = lab.gateway.report().counters;
    // 2000 at once, 2000 a second, and what is read in one go.
    expect(datagramsSent + dropsOutbound.rate).toBeLessThan(30_000);
    expect(failures()).toEqual({});
  });
});

describe('a connection that is ended', () => {
  test('is not listened to any more, and cannot hold on', async () => {
    await lab.start();
    const { socket } = await lab.connect();
    const other = await lab.connect();
    // It takes no notice of being closed.
    socket.close = () => {};
    (socket as unknown as { _socket: Socket })._socket.pause();
    socket.send('text');
    for (let count = 0; count < 100; count++) {
      socket.send(message(new Uint8Array(), lab.routerEndpoint));
    }
    await until(() => lab.gateway.report().clients.connected === 1);
    const { counters } = lab.gateway.report();
    expect(counters.connectionsFailed).toEqual({ 'protocol-error': 1 });
    expect(counters.datagramsSent).toBe(0);
    other.socket.terminate();
  });

  test('at once for a message whose header promises too much', async () => {
    await lab.start();
    const { socket, closed } = await lab.connect();
    // A masked binary frame of 2^40 bytes, of which none comes (RFC 6455 §5.2).
    const header = Uint8Array.of(0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4);
    (socket as unknown as { _socket: Socket })._socket.write(header);
    expect(await closed).toBe(closeCodes.tooBig);
  });

  test('for a message in many pieces', async () => {
    await lab.start();
    const { socket, closed } = await lab.connect();
    for (let count = 0; count < 40; count++) socket.send(new Uint8Array(1), { fin: false });
    expect(await closed).toBe(closeCodes.policyViolation);
  });

  test('for compressed messages, which were not agreed upon', async () => {
    await lab.start();
    const { socket, closed } = await lab.connect({}, { perMessageDeflate: true });
    expect(socket.extensions).toBe('');
    const frame = Uint8Array.of(0xc2, 0x81, 0, 0, 0, 0, 0);
    (socket as unknown as { _socket: Socket })._socket.write(frame);
    expect(await closed).toBe(closeCodes.protocolError);
  });
});

describe('a source', () => {
  test('has as many clients as it may, those that are away included; those give way', async () => {
    await lab.start({ maxPerAddress: 2 });
    const first = await lab.connect();
    first.socket.terminate();
    await until(() => lab.gateway.report().clients.away === 1);
    await lab.connect();
    await lab.connect();
    expect(lab.gateway.report().clients).toEqual({ connected: 2, away: 0 });
    expect(await closeOf(lab.socket())).toBe(closeCodes.tooMany);
    // The one that gave way has no endpoint to come back to.
    expect(await closeOf(lab.socket({ resume: first.hello.resume }))).toBe(closeCodes.tooMany);
  });

  test('with thousands of connections keeps nobody else out', async () => {
    await lab.start({ maxPerAddress: 4 });
    for (let batch = 0; batch < 10; batch++) {
      // More at once than this would wait for the kernel.
      const many = Array.from({ length: 200 }, () => tcp('127.0.0.2'));
      await Promise.all(
        many.map(({ socket, ended }) => Promise.race([once(socket, 'connect'), ended])),
      );
    }
    await lab.connect({}, { localAddress: '127.0.0.3' });
    const { 'handshake-rate': rate = 0, 'per-address': perAddress = 0 } = failures();
    expect(rate + perAddress).toBeGreaterThanOrEqual(1_900);
    expect(perAddress).toBeGreaterThan(0);
  });

  test('that sends its requests byte by byte is cut after some seconds', async () => {
    await lab.start();
    const began = performance.now();
    const { socket, ended } = tcp();
    socket.write('GET /6bed4 HTTP/1.1\r\nHost: a\r\n');
    const drip = setInterval(() => socket.write('X-A: b\r\n'), 500);
    expect((await ended) - began).toBeLessThan(15_000);
    clearInterval(drip);
  });
});

describe('a gateway behind a NAT', () => {
  test('lets its clients reach each other, whose public address does not lead back', async () => {
    await lab.start({ listen: LOOPBACK, publicAddress: '127.0.0.2' });
    const [one, other] = await Promise.all([lab.connect(), lab.connect()]);
    const to = new UdpEndpoint(0x7f00_0002, other.hello.endpoint.port);
    const packet = udpPacket(addressOf(one.hello), addressOf(other.hello), new Uint8Array(100));
    one.socket.send(message(packet, to));
    await until(() => other.messages.length > 0);
    const from = new UdpEndpoint(0x7f00_0002, one.hello.endpoint.port);
    expect(other.messages[0]).toEqual(message(packet, from));
  });

  test.each([
    ...['10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1', '169.254.169.254'],
    ...['127.0.0.1', '127.0.0.53', '0.0.0.0', '224.0.0.1', '239.1.2.3', '255.255.255.255'],
  ])('sends nothing to %s', async (address) => {
    await lab.start({ listen: LOOPBACK, publicAddress: NOBODY, routers: '203.0.113.2' });
    const { socket, hello } = await lab.connect();
    const prefix = 'fc64:bed:cb00:7102::/64';
    const addresses = [hello.endpoint, { address, port: 40_000 }].map((peer) =>
      encodeAddress({ prefix, peer, lanip: 1 }),
    );
    const packet = udpPacket(addresses[0]!, addresses[1]!, new Uint8Array(10));
    const to = new UdpEndpoint(parseIPv4(address), 40_000);
    socket.send(message(packet, to));
    socket.send(message(new Uint8Array(), to));
    await until(() => lab.gateway.report().counters.dropsOutbound['forbidden-endpoint'] === 2);
    expect(lab.gateway.report().counters.datagramsSent).toBe(0);
  });
});

describe('a proxy that is not trusted', () => {
  test('is told of once', async () => {
    await lab.start();
    const warnings: string[] = [];
    lab.gateway.on('warning', ({ message }) => warnings.push(message));
    const headers = { 'x-forwarded-for': '198.51.100.1' };
    await Promise.all([lab.connect({}, { headers }), lab.connect({}, { headers })]);
    expect(warnings).toEqual(['a proxy at 127.0.0.1 is not trusted: all its clients count as one']);
  });

  test('cannot say whom a limit is for', async () => {
    await lab.start({ maxPerAddress: 100 });
    const statuses = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const socket = lab.socket({}, { headers: { 'x-forwarded-for': `198.51.100.${index}` } });
        return Promise.race([statusOf(socket), closeOf(socket).then(() => 0), opened(socket)]);
      }),
    );
    expect(statuses).toContain(429);
  });
});

function opened(socket: ReturnType<GatewayClients['socket']>): Promise<number> {
  return new Promise((resolve) => socket.once('open', () => resolve(101)));
}

test('a client is no endpoint for itself', async () => {
  await lab.start();
  const { socket, hello } = await lab.connect();
  const packet = udpPacket(addressOf(hello), addressOf(hello), new Uint8Array(1));
  socket.send(message(packet, endpointOf(hello)));
  await until(() => lab.gateway.report().counters.dropsOutbound['forbidden-endpoint'] === 1);
});
