import { closeCodes } from '@6bed4/gateway';
import { describe, expect, test } from 'vitest';
import { accessKinds, Internet, natTypes, predictPath } from '../../src/index.js';
import { blockedPeer, lostPings } from './blockedPeer.js';

/** Milliseconds without an answer over UDP after which the gateway is tried. */
const PATIENCE = 3_000;
const DELAY = 30;
/** TCP, TLS 1.3 and the request for a WebSocket take a round trip each. */
const HANDSHAKE = 6 * DELAY;
/** From the gateway to the router and back, 5 ms for each of two links. */
const UDP_ROUND_TRIP = 20;

describe('a peer whose network blocks UDP', () => {
  test('has an address 3 s, a handshake and a round trip later', () => {
    const { net, gateway, peer, web } = blockedPeer({ web: { delay: DELAY } });
    const expected = PATIENCE + HANDSHAKE + 2 * DELAY + UDP_ROUND_TRIP;
    expect(net.runUntil(() => peer.address !== null, 10_000)).toBeCloseTo(expected, 0);
    expect(web.uses).toBe('gateway');
    expect(web.endpoint).toEqual(gateway.endpoints[0]);
    const { port } = web.endpoint!;
    expect(port).toBeGreaterThanOrEqual(40_000);
    expect(peer.machine.uplinks[0]!.lease!.publicEndpoint).toEqual(web.endpoint);
  });

  test('does not wait where it has the gateway alone', () => {
    const { net, peer } = blockedPeer({ web: { delay: DELAY, uplink: 'wss' } });
    const expected = HANDSHAKE + 2 * DELAY + UDP_ROUND_TRIP;
    expect(net.runUntil(() => peer.address !== null, 10_000)).toBeCloseTo(expected, 0);
  });

  test('stays with UDP where that works', () => {
    const { net, gateway, peer, web } = blockedPeer({ nat: { blocksUdp: false } });
    net.run(60_000);
    expect(peer.address).not.toBeNull();
    expect([web.uses, gateway.counters.connectionsAccepted]).toEqual(['udp', 0]);
  });

  test('uses UDP again soon after it works', () => {
    const { net, gateway, office, peer, web } = blockedPeer();
    net.run(5_000);
    const address = peer.address;
    office.blocksUdp = false;
    expect(net.runUntil(() => web.uses === 'udp', 20_000)).toBeLessThan(12_000);
    net.run(1_500);
    expect(peer.address).not.toBe(address);
    expect(gateway.clients).toEqual({ connected: 0, away: 0 });
    const other = net.peer('o', {});
    net.run(1_000);
    expect(lostPings(net, peer, other.address!, 5)).toBe(0);
  });

  test('asks at longer and longer intervals whether UDP works, ten minutes at most', () => {
    const { net, peer } = blockedPeer();
    net.run(4_000);
    net.run(3_600_000);
    const asked = net.trace!.entries.filter(({ kind, node, at }) => {
      return kind === 'send' && node === peer.name && at > 4_000;
    });
    const seconds = asked.map(({ at }) => Math.round((at - asked[0]!.at) / 1000));
    expect(seconds).toEqual([0, 20, 60, 140, 300, 620, 1220, 1820, 2420, 3020]);
  });

  const gatewayAccess = accessKinds.find(({ name }) => name === 'none')!.access;
  const scenario = { strategy: 'neighbor-discovery', receiverSends: true } as const;
  const kinds = accessKinds.map(({ name, ...kind }) => ({ name, ...kind }));
  test.each(kinds)('reaches a peer behind $name, by the predicted path', ({ access, build }) => {
    const { net, gateway, peer } = blockedPeer();
    const behind = build(net, 'other');
    const other = net.peer('o', behind === undefined ? {} : { behind });
    net.run(8_000);
    expect(lostPings(net, peer, other.address!, 20)).toBe(0);
    expect(peer.paths.get(other.address!)?.path ?? 'relayed').toBe(
      predictPath(gatewayAccess, access, scenario).path,
    );
    expect(other.paths.get(peer.address!)?.path ?? 'relayed').toBe(
      predictPath(access, gatewayAccess, scenario).path,
    );
    const { dropsOutbound, connectionsEnded } = gateway.counters;
    expect([dropsOutbound.source, dropsOutbound.destination]).toEqual([0, 0]);
    expect(connectionsEnded).toMatchObject({ 'policy-violation': 0, 'protocol-error': 0 });
  });

  test('reaches another client of the same gateway', () => {
    const { net, gateway, peer } = blockedPeer();
    const behind = net.nat('hotel', { blocksUdp: true });
    const other = net.peer('o', { behind, web: { gateway } });
    net.run(8_000);
    expect(lostPings(net, peer, other.address!, 20)).toBe(0);
  });

  test('carries a TCP connection', () => {
    const { net, gateway, peer, web } = blockedPeer({ web: { rate: 125_000 } });
    const other = net.peer('o', { behind: net.nat('home', natTypes.portRestrictedCone) });
    net.run(8_000);
    const size = 500_000;
    let received = 0;
    const buffer = new Uint8Array(65_536);
    other.tcp.listen(80, (socket) => {
      socket.onEvent = () => {
        received += socket.read(buffer);
      };
    });
    const socket = peer.tcp.connect(other.address!, 80)!;
    let sent = 0;
    socket.onEvent = () => {
      sent += socket.write(new Uint8Array(size - sent));
    };
    const took = net.runUntil(() => received === size, 60_000);
    // A megabit a second, of which headers take a part.
    expect(took).toBeGreaterThan((size / 125_000) * 1000);
    expect(took).toBeLessThan(2 * (size / 125_000) * 1000);
    expect(web.counters.datagramsSent).toBe(gateway.counters.datagramsSent);
  });
});

describe('a connection that ends', () => {
  test('leaves the peer its address', () => {
    const { net, gateway, peer, web } = blockedPeer();
    net.run(5_000);
    const { address } = peer;
    web.path.cut();
    expect(web.path.connections).toBe(0);
    expect(net.runUntil(() => web.endpoint !== null, 5_000)).toBeLessThan(700);
    net.run(1_000);
    expect(peer.address).toBe(address);
    expect(gateway.counters).toMatchObject({ connectionsAccepted: 2, connectionsResumed: 1 });
    expect(web.failures).toMatchObject([{ code: 1006, wasOpen: true }]);
  });

  test('loses what came meanwhile, and says how much', () => {
    const { net, gateway, peer, web } = blockedPeer();
    const other = net.peer('o', {});
    net.run(8_000);
    lostPings(net, other, peer.address!, 3);
    web.path.isUp = false;
    web.path.cut();
    net.run(100);
    expect(lostPings(net, other, peer.address!, 5)).toBe(5);
    web.path.isUp = true;
    net.run(15_000);
    expect(web.counters.lost).toBe(gateway.counters.awayDrops);
    expect(web.counters.lost).toBeGreaterThanOrEqual(5);
    expect(lostPings(net, other, peer.address!, 3)).toBe(0);
  });

  test('is noticed without a word, and the peer comes back', () => {
    const { net, gateway, peer, web } = blockedPeer();
    net.run(5_000);
    const { address } = peer;
    web.path.lose();
    expect(net.runUntil(() => gateway.counters.connectionsResumed === 1, 60_000)).not.toBeNull();
    net.run(1_000);
    expect(peer.address).toBe(address);
  });

  test('keeps its address in another network', () => {
    const { net, gateway, peer } = blockedPeer();
    net.run(5_000);
    const { address } = peer;
    net.move(peer, { behind: net.nat('hotel', { blocksUdp: true }) });
    const back = net.runUntil(() => gateway.counters.connectionsResumed === 1, 60_000);
    // A test of the connection, half a second at most, and a handshake.
    expect(back).toBeLessThan(2_500 + 500 + 6 * 20 + 1);
    expect(peer.address).toBe(address);
  });

  test('costs the address where the gateway has forgotten it', () => {
    const { net, gateway, peer, web } = blockedPeer({ gateway: { resumeFor: 10 } });
    net.run(5_000);
    const { address } = peer;
    const first = web.endpoint;
    web.path.isUp = false;
    web.path.cut();
    net.run(20_000);
    expect(gateway.clients).toEqual({ connected: 0, away: 0 });
    web.path.isUp = true;
    net.run(60_000);
    expect(web.endpoint).not.toEqual(first);
    expect(peer.address).not.toBe(address);
    expect(peer.address).not.toBeNull();
  });

  test('costs the address where the gateway started anew', () => {
    const { net, gateway, peer, web } = blockedPeer();
    net.run(5_000);
    const { address } = peer;
    gateway.stop();
    net.run(3_000);
    expect(web.failures[0]).toMatchObject({ code: closeCodes.goingAway, wasOpen: true });
    expect(web.endpoint).toBeNull();
    gateway.restart();
    net.run(10_000);
    expect(peer.address).not.toBe(address);
    const other = net.peer('o', {});
    net.run(1_000);
    expect(lostPings(net, peer, other.address!, 5)).toBe(0);
  });

  test('waits for a computer that sleeps', () => {
    const { net, peer, web } = blockedPeer();
    net.run(5_000);
    const { address } = peer;
    peer.pause();
    web.path.cut();
    net.run(30_000);
    expect(web.failures).toEqual([]);
    peer.unpause();
    net.run(5_000);
    expect(web.failures).toHaveLength(1);
    expect(peer.address).toBe(address);
  });
});

describe('a proxy that ends idle connections', () => {
  test('does not end one after 30 s, since something passes every 20 s', () => {
    const { net, gateway, peer, web } = blockedPeer({ web: { idleTimeout: 30_000 } });
    net.run(3_600_000);
    expect(web.failures).toEqual([]);
    expect(gateway.counters.connectionsAccepted).toBe(1);
    expect(peer.address).not.toBeNull();
  });

  test('ends one sooner than that', () => {
    const { net, web } = blockedPeer({ web: { idleTimeout: 10_000 } });
    net.run(60_000);
    expect(web.failures.length).toBeGreaterThan(1);
  });

  test('does not where the gateway is told to say something sooner', () => {
    const web = { idleTimeout: 10_000 };
    const { net, web: uplink } = blockedPeer({ web, gateway: { keepalive: 5 } });
    net.run(600_000);
    expect(uplink.failures).toEqual([]);
  });
});

test('a gateway has its own way to be without clients', () => {
  const net = new Internet();
  net.router('r', { address: '198.51.100.1' });
  const gateway = net.gateway('g');
  net.runUntilQuiet();
  expect(gateway.clients).toEqual({ connected: 0, away: 0 });
});
