import { draft01Profile, type Profile, profileOf } from '@6bed4/codec';
import { hopLimit, parseEcho } from '@6bed4/nd';
import { seededRandom } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { Peer, Router } from '../src/index.js';
import { Network, type Node } from './support/network.js';
import { ping } from './support/packets.js';

const random = seededRandom(3);

function addRouter(
  network: Network,
  address: string,
  profile: Profile,
  prefix?: string,
): Node<Router> {
  return network.add(
    `${address}:${profile.port}`,
    (sink) =>
      new Router({ address, profile, random, ...(prefix === undefined ? {} : { prefix }) }, sink),
  );
}

function addPeer(
  network: Network,
  endpoint: string,
  profile: Profile,
  routers: readonly string[],
): Node<Peer> {
  const node = network.add(endpoint, (sink) => new Peer({ routers, profile, random }, sink));
  node.machine.start(network.now);
  return node;
}

const addressOf = (peer: Node<Peer>, uplink = 0): string =>
  peer.machine.uplinks[uplink]!.lease!.address;

/** Sends an echo request from one peer to another and returns what arrived. */
function pingBetween(network: Network, from: Node<Peer>, to: Node<Peer>): Uint8Array[] {
  to.recorder.delivered.length = 0;
  const packet = ping(addressOf(from), addressOf(to));
  from.machine.handlePacket(packet, 0, packet.length, network.now);
  network.settle();
  return to.recorder.delivered;
}

describe.each([
  ['draft00', '2001:db8:1:2::/64'],
  ['draft01', '2001:db8:64:64::/64'],
  ['draft03', undefined],
  ['draft04', undefined],
  ['draft03', '2001:db8:1:2::/64'],
] as const)('%s with prefix %s', (dialect, prefix) => {
  const profile = profileOf(dialect);

  test('gives peers addresses under which they reach each other through the router', () => {
    const network = new Network();
    addRouter(network, '198.51.100.1', profile, prefix);
    const peers = ['203.0.113.5:4000', '203.0.113.5:4002', '192.0.2.77:50000'].map((endpoint) =>
      addPeer(network, endpoint, profile, ['198.51.100.1']),
    );
    network.settle();
    for (const from of peers) {
      for (const to of peers) {
        if (from === to) continue;
        const arrived = pingBetween(network, from, to);
        expect(arrived).toHaveLength(1);
        expect(parseEcho(arrived[0]!, 0, arrived[0]!.length).ok).toBe(true);
        expect(hopLimit(arrived[0]!, 0)).toBe(62);
      }
    }
    for (const peer of peers) expect(peer.machine.counters.snapshot().drops).toEqual({});
  });
});

describe('a trapezium path', () => {
  test('connects peers of different routers', () => {
    const network = new Network();
    const profile = profileOf('draft03');
    addRouter(network, '198.51.100.1', profile);
    addRouter(network, '198.51.100.254', profile);
    const left = addPeer(network, '203.0.113.5:4000', profile, ['198.51.100.1']);
    const right = addPeer(network, '192.0.2.77:5000', profile, ['198.51.100.254']);
    network.settle();
    expect(hopLimit(pingBetween(network, left, right)[0]!, 0)).toBe(61);
    expect(pingBetween(network, right, left)).toHaveLength(1);
  });

  test('is not needed by a peer that has an address under the other router', () => {
    const network = new Network();
    const profile = profileOf('draft03');
    addRouter(network, '198.51.100.1', profile);
    addRouter(network, '198.51.100.254', profile);
    const left = addPeer(network, '203.0.113.5:4000', profile, ['198.51.100.1', '198.51.100.254']);
    const right = addPeer(network, '192.0.2.77:5000', profile, ['198.51.100.254']);
    network.settle();
    const packet = ping(addressOf(left, 1), addressOf(right));
    left.machine.handlePacket(packet, 0, packet.length, network.now);
    network.settle();
    expect(hopLimit(right.recorder.delivered[0]!, 0)).toBe(62);
  });
});

describe('a network that changes', () => {
  const profile = profileOf('draft03');

  test('lets peers find a router that starts late', () => {
    const network = new Network();
    const peer = addPeer(network, '203.0.113.5:4000', profile, ['198.51.100.1']);
    network.advance(100_000);
    expect(peer.machine.uplinks[0]!.lease).toBeNull();
    addRouter(network, '198.51.100.1', profile);
    network.advance(30_000);
    expect(peer.machine.uplinks[0]!.state).toBe('leased');
  });

  test('stays usable through a restart of the stateless router', () => {
    const network = new Network();
    const router = addRouter(network, '198.51.100.1', profile);
    const a = addPeer(network, '203.0.113.5:4000', profile, ['198.51.100.1']);
    const b = addPeer(network, '203.0.113.6:4000', profile, ['198.51.100.1']);
    network.settle();
    network.remove(router.endpoint);
    addRouter(network, '198.51.100.1', profile);
    expect(pingBetween(network, a, b)).toHaveLength(1);
  });

  test('gives a new address with the second packet after a NAT has dropped its mapping', () => {
    const network = new Network();
    addRouter(network, '198.51.100.1', profile);
    const peer = addPeer(network, '203.0.113.5:4000', profile, ['198.51.100.1']);
    const other = addPeer(network, '203.0.113.6:4000', profile, ['198.51.100.1']);
    network.settle();
    const moved = network.move(peer, '203.0.113.5:4444');
    const before = addressOf(moved);
    // These are lost, and pay for the correction of the source.
    expect(pingBetween(network, moved, other)).toHaveLength(0);
    expect(pingBetween(network, moved, other)).toHaveLength(0);
    expect(addressOf(moved)).not.toBe(before);
    expect(pingBetween(network, moved, other)).toHaveLength(1);
    expect(pingBetween(network, other, moved)).toHaveLength(1);
  });

  test('gives a silent peer a new address within two minutes of that', () => {
    const network = new Network();
    addRouter(network, '198.51.100.1', profile);
    const peer = addPeer(network, '203.0.113.5:4000', profile, ['198.51.100.1']);
    const other = addPeer(network, '203.0.113.6:4000', profile, ['198.51.100.1']);
    network.settle();
    const moved = network.move(peer, '203.0.113.5:4444');
    network.advance(120_000);
    expect(pingBetween(network, other, moved)).toHaveLength(1);
  });

  test('carries only keepalives and a solicitation in place of every fourth of an idle peer', () => {
    const network = new Network();
    addRouter(network, '198.51.100.1', profile);
    const peer = addPeer(network, '203.0.113.5:4000', profile, ['198.51.100.1']);
    network.settle();
    network.trace.length = 0;
    network.advance(3_600_000);
    const sent = network.trace.filter((datagram) => datagram.from === peer.endpoint);
    expect(sent.length).toBeLessThanOrEqual(3_600 / 25);
    // The first ones come sooner, after 25, 75 and 175 s.
    expect(sent.filter((datagram) => datagram.payload.length > 0)).toHaveLength(37);
  });

  test('gives everyone an address in the end, though half of all datagrams are lost', () => {
    const network = new Network();
    const dice = seededRandom(99);
    network.loses = () => dice() < 0.5;
    addRouter(network, '198.51.100.1', profile);
    const peers = Array.from({ length: 50 }, (_, index) =>
      addPeer(network, `203.0.113.${index + 1}:4000`, profile, ['198.51.100.1']),
    );
    network.advance(1_200_000);
    expect(peers.every((peer) => peer.machine.uplinks[0]!.lease !== null)).toBe(true);
  });
});

test('a draft-01 peer behind an odd public port gets an address only after it moved', () => {
  const network = new Network();
  addRouter(network, '198.51.100.1', draft01Profile, '2001:db8:64:64::/64');
  const peer = addPeer(network, '203.0.113.5:4001', draft01Profile, ['198.51.100.1']);
  network.settle();
  expect(peer.recorder.events).toMatchObject([{ type: 'port-refused' }]);
  const moved = network.move(peer, '203.0.113.5:4002');
  moved.machine.solicit(network.now);
  network.settle();
  expect(moved.machine.uplinks[0]!.state).toBe('leased');
});
