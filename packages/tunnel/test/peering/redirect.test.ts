import { draft01Profile, formatEndpoint } from '@6bed4/codec';
import { parseNd } from '@6bed4/nd';
import { seededRandom } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { Peer, Router } from '../../src/index.js';
import { Network, type Node } from '../support/network.js';
import { ping } from '../support/packets.js';

const ROUTER = '198.51.100.1:25788';
const LEFT = '203.0.113.5:4000';
const RIGHT = '192.0.2.9:5000';

interface Encounter {
  readonly network: Network;
  readonly left: Node<Peer>;
  readonly right: Node<Peer>;
}

const typeOf = (payload: Uint8Array): string | null => {
  const parsed = parseNd(payload, 0, payload.length, { lenientRedirect: true });
  return parsed.ok ? parsed.value.type : null;
};

/** Two draft01 peers, of which only the left one has found the direct path. */
function encounter(): Encounter {
  const network = new Network();
  const random = seededRandom(5);
  const profile = draft01Profile;
  network.add(
    ROUTER,
    (sink) =>
      new Router({ address: '198.51.100.1', profile, random, prefix: '2001:db8:64:64::/64' }, sink),
  );
  const [left, right] = [LEFT, RIGHT].map((endpoint) => {
    const node = network.add(
      endpoint,
      (sink) => new Peer({ routers: ['198.51.100.1'], profile, random }, sink),
    );
    node.machine.start(network.now);
    return node;
  }) as [Node<Peer>, Node<Peer>];
  network.settle();
  // The right one's solicitations are lost.
  network.loses = (from, to, payload) =>
    from === RIGHT && to === LEFT && typeOf(payload) === 'neighbor-solicitation';
  for (let round = 0; round < 4; round++) {
    send(network, left, right);
    send(network, right, left);
    network.advance(3_000);
  }
  expect(left.machine.remotes(network.now)[0]?.path).toBe('direct');
  expect(right.machine.remotes(network.now)[0]?.path).toBe('relayed');
  network.trace.length = 0;
  return { network, left, right };
}

function send(network: Network, from: Node<Peer>, to: Node<Peer>): void {
  const addressOf = (node: Node<Peer>): string => node.machine.uplinks[0]!.lease!.address;
  const packet = ping(addressOf(from), addressOf(to));
  from.machine.handlePacket(packet, 0, packet.length, network.now);
  network.settle();
}

describe('Redirect (draft-01 §6.13)', () => {
  test('goes directly to a remote whose packets are relayed, and makes it solicit and find the path', () => {
    const { network, left, right } = encounter();
    network.advance(11_000);
    network.loses = () => false;
    network.trace.length = 0;
    send(network, right, left);
    const redirect = network.trace.find(({ payload }) => typeOf(payload) === 'redirect');
    expect(redirect).toMatchObject({ from: LEFT, to: RIGHT });
    const after = network.trace.slice(network.trace.indexOf(redirect!));
    expect(after.map(({ payload }) => typeOf(payload))).toContain('neighbor-solicitation');
    expect(right.machine.remotes(network.now)[0]).toMatchObject({
      path: 'direct',
      endpoint: { address: '203.0.113.5', port: 4000 },
    });
  });

  test('is sent no more often than every ten seconds', () => {
    const { network, left, right } = encounter();
    let redirects = 0;
    for (let step = 0; step < 600; step++) {
      send(network, right, left);
      if (step % 20 === 0) send(network, left, right);
      network.advance(100);
      redirects += network.trace.filter(({ payload }) => typeOf(payload) === 'redirect').length;
      network.trace.length = 0;
    }
    expect(redirects).toBeGreaterThan(1);
    expect(redirects).toBeLessThanOrEqual(7);
  });

  test('confirms nothing by itself: without an answer, packets are relayed', () => {
    const { network, right, left } = encounter();
    for (let step = 0; step < 40; step++) {
      send(network, right, left);
      network.advance(1_000);
    }
    const arrived = network.trace.some(({ payload }) => typeOf(payload) === 'redirect');
    expect(arrived).toBe(true);
    expect(right.machine.remotes(network.now)[0]?.path).toBe('relayed');
    expect(right.machine.remotes(network.now)[0]?.packetsSentDirect).toBe(0);
  });

  test.each([
    ['another endpoint', '192.0.2.66:5000'],
    ['the router', ROUTER],
  ])('from %s is ignored', (_, from) => {
    const { network, left, right } = encounter();
    network.advance(11_000);
    send(network, left, right);
    send(network, right, left);
    const redirect = network.trace.find(({ payload }) => typeOf(payload) === 'redirect')!.payload;
    network.advance(120_000);
    const before = right.recorder.sent.length;
    const [address, port] = from.split(':');
    right.machine.handleDatagram(
      redirect.slice(),
      0,
      redirect.length,
      address!.split('.').reduce((value, byte) => value * 256 + Number(byte), 0),
      Number(port),
      network.now,
    );
    expect(right.recorder.sent.length).toBe(before);
    expect(formatEndpoint(left.machine.uplinks[0]!.router)).toBe(ROUTER);
  });
});
