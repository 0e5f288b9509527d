import { InvalidArgumentError } from '@6bed4/codec';
import { closeCodes, LONGEST_MESSAGE } from '@6bed4/gateway';
import { describe, expect, test } from 'vitest';
import { Internet } from '../../src/index.js';
import { blockedPeer, lostPings } from './blockedPeer.js';
import { GatewayLab, type RawClient } from './rawClient.js';

const NODE = '192.0.2.7:30000';

function connected(lab: GatewayLab): RawClient {
  const client = lab.client();
  lab.run(500);
  return client;
}

describe('a gateway', () => {
  test('takes so many clients, and another one when one has left', () => {
    const lab = new GatewayLab({ maxClients: 2, resumeFor: 5 });
    const [first] = [connected(lab), connected(lab)];
    const third = connected(lab);
    expect(third.end?.code).toBe(closeCodes.tryAgainLater);
    expect(third.hello).toBeNull();
    first!.connection.close(closeCodes.done);
    lab.run(2_000);
    expect(connected(lab).hello).not.toBeNull();
    expect(lab.gateway.clients).toEqual({ connected: 2, away: 0 });
    expect(lab.gateway.counters.connectionsEnded.full).toBe(1);
  });

  test('counts those that are away', () => {
    const lab = new GatewayLab({ maxClients: 1, resumeFor: 5 });
    const first = connected(lab);
    first.path.cut();
    lab.run(1_000);
    expect(connected(lab).end?.code).toBe(closeCodes.tryAgainLater);
    const back = lab.client(null, first.hello!.resume);
    lab.run(500);
    expect(back.hello).toMatchObject({ endpoint: first.hello!.endpoint, resumed: true });
    back.path.cut();
    lab.run(6_500);
    expect(connected(lab).hello).not.toBeNull();
  });

  test('has a port for each', () => {
    const lab = new GatewayLab({ ports: { first: 50_000, last: 50_001 } });
    const ports = [connected(lab), connected(lab)].map(({ hello }) => hello!.endpoint.port);
    expect(ports.sort()).toEqual([50_000, 50_001]);
    expect(connected(lab).end).toMatchObject({ code: closeCodes.tryAgainLater });
    expect(lab.gateway.counters.connectionsEnded['no-port']).toBe(1);
  });

  test('asks for a token, and is not asked again without', () => {
    const { net, gateway, peer, web } = blockedPeer({
      web: { token: 'wrong' },
      gateway: { tokens: ['right'] },
    });
    net.run(120_000);
    expect(peer.address).toBeNull();
    expect(web.failures).toMatchObject([{ code: closeCodes.unauthorized, retryIn: null }]);
    expect(gateway.counters.connectionsEnded.unauthorized).toBe(1);
    const other = net.peer('o', {
      behind: net.nat('hotel', { blocksUdp: true }),
      web: { gateway, token: 'right' },
    });
    net.run(5_000);
    expect(other.address).not.toBeNull();
  });

  test('sends no more than the rate of a client', () => {
    const lab = new GatewayLab({ rate: 1 });
    const client = connected(lab);
    // 215,200 bytes a second for two seconds, with IPv4 and UDP headers; half a megabit may go at once, and a megabit each second.
    const sent = 400;
    for (let count = 0; count < sent; count++) {
      client.send('198.51.100.1:25790', 1000);
      lab.run(5);
    }
    lab.run(100);
    const { datagramsSent, dropsOutbound } = lab.gateway.counters;
    const expected = (65_536 + 2 * 125_000) / (1048 + 28);
    expect(datagramsSent).toBeGreaterThan(expected - 5);
    expect(datagramsSent).toBeLessThanOrEqual(expected);
    expect(dropsOutbound.rate).toBe(sent - datagramsSent);
  });

  test('sends little to a node that says nothing', () => {
    const lab = new GatewayLab();
    lab.listen(30_000);
    const client = connected(lab);
    for (let count = 0; count < 100; count++) {
      client.send(NODE, 100);
      lab.run(100);
    }
    const bytes = lab.got.get(30_000)!.reduce((sum, length) => sum + length + 28, 0);
    // 640 bytes at first, and 40 a second.
    expect(bytes).toBeLessThanOrEqual(640 + 40 * 10.5);
    expect(bytes).toBeGreaterThan(500);
    expect(lab.gateway.counters.dropsOutbound.stranger).toBeGreaterThan(90);
  });

  test.each([
    ['a source of somebody else', { from: '203.0.113.9:1000' }, 'source'],
    ['a destination elsewhere', { address: '203.0.113.9:1000' }, 'destination'],
    ['private space', { to: '10.0.0.1:1000' }, 'forbidden-endpoint'],
    ['loopback', { to: '127.0.0.1:1000' }, 'forbidden-endpoint'],
    ['a port of its own computer', { to: '203.0.113.5:22' }, 'forbidden-endpoint'],
  ] as const)('passes nothing on to or from %s, and ends a client that insists', (_, plan, why) => {
    const lab = new GatewayLab();
    const client = connected(lab);
    const { to = NODE, from, address }: { to?: string; from?: string; address?: string } = plan;
    client.send(to, 8, from, address);
    lab.run(200);
    expect(lab.gateway.counters).toMatchObject({ datagramsSent: 0, dropsOutbound: { [why]: 1 } });
    expect(client.end).toBeNull();
    for (let count = 0; count < 600; count++) client.send(to, 8, from, address);
    lab.run(200);
    expect(client.end).toMatchObject({ code: closeCodes.policyViolation });
    expect(client.end?.reason).toContain(why);
    expect(lab.gateway.counters.datagramsSent).toBe(0);
  });

  test.each([
    ['bytes that mean nothing', new Uint8Array(3), closeCodes.protocolError],
    ['a receipt for what was not sent', Uint8Array.of(0, 0, 0, 9), closeCodes.protocolError],
    ['too many bytes', new Uint8Array(LONGEST_MESSAGE + 1), closeCodes.tooBig],
  ])('ends a client that sends %s', (_, message, code) => {
    const lab = new GatewayLab();
    const client = connected(lab);
    client.connection.send(message);
    lab.run(200);
    expect(client.end?.code).toBe(code);
    expect(lab.gateway.counters.connectionsEnded['protocol-error']).toBe(1);
    lab.run(62_000);
    expect(lab.gateway.clients).toEqual({ connected: 0, away: 0 });
  });

  test('pings a client that says nothing by itself, and keeps one that answers', () => {
    const lab = new GatewayLab({ keepalive: 4 });
    connected(lab);
    lab.run(60_000);
    expect(lab.gateway.clients.connected).toBe(1);
  });

  test('ends a connection on which nothing comes, and keeps the endpoint for a while', () => {
    const lab = new GatewayLab({ keepalive: 4, resumeFor: 20 });
    const client = connected(lab);
    client.path.isUp = false;
    lab.run(9_000);
    expect(lab.gateway.clients.connected).toBe(1);
    lab.run(3_000);
    expect(lab.gateway.clients).toEqual({ connected: 0, away: 1 });
    expect(lab.gateway.counters.connectionsEnded.silent).toBe(1);
    lab.run(21_000);
    expect(lab.gateway.clients).toEqual({ connected: 0, away: 0 });
  });

  test('answers a receipt that confirms nothing, so that the client hears something', () => {
    const lab = new GatewayLab();
    const client = connected(lab);
    client.connection.send(new Uint8Array(4));
    lab.run(100);
    expect(client.messages).toEqual([new Uint8Array(4)]);
  });

  test.each([
    ['ports', { ports: { first: 50_001, last: 50_000 } }],
    ['maxClients', { maxClients: 0 }],
    ['rate', { rate: 0.5 }],
    ['resumeFor', { resumeFor: -1 }],
    ['keepalive', { keepalive: 301 }],
    ['routers', { routers: ['nowhere'] }],
  ])('refuses %s that cannot be', (field, settings) => {
    const make = () => new Internet().gateway('g', settings);
    expect(make).toThrow(InvalidArgumentError);
    expect(make).toThrow(field);
  });
});

describe('a slow way', () => {
  /** A megabit a second; below that, the 32 datagrams that are always allowed take longer. */
  const RATE = 125_000;
  const SECONDS = 5;

  test.each(['to', 'from'])('lets little wait %s the client', (direction) => {
    const { net, gateway, peer, web } = blockedPeer({ web: { rate: RATE, delay: 20 } });
    const other = net.peer('o', {});
    net.run(8_000);
    lostPings(net, other, peer.address!, 3);
    const [from, to] = direction === 'to' ? [other, peer] : [peer, other];
    const payload = new Uint8Array(1000);
    const sentAt = new Map<number | null, number>();
    for (let round = 0; round < 10 * SECONDS; round++) {
      // Four times as much as fits.
      for (let each = 0; each < 50; each++) {
        sentAt.set(from.sendUdp(to.address!, payload), net.now);
      }
      net.run(100);
    }
    net.run(10_000);
    const times = to.received
      .filter(({ kind }) => kind === 'udp')
      .map(({ at, sequence }) => at - sentAt.get(sequence)!);
    // At first as many as are allowed before anything was confirmed; the WebSocket itself would take 2 s of them.
    expect(Math.max(...times)).toBeLessThan(700);
    // Then 100 ms and two round trips, which include a datagram each.
    expect(Math.max(...times.slice(times.length / 2))).toBeLessThan(400);
    const drops = direction === 'to' ? gateway.counters.queueDrops : web.counters.dropped;
    expect(drops).toBeGreaterThan(1_000);
    expect(times.length * 1052).toBeGreaterThan(0.8 * RATE * SECONDS);
  });
});
