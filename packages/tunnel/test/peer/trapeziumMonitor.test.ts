import { reference2020 } from '@6bed4/codec';
import { seededRandom } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { Peer, type PeerOptions, Router } from '../../src/index.js';
import { Network, type Node } from '../support/network.js';
import { ping } from '../support/packets.js';

const OWN_ROUTER = '198.51.100.1';
const OTHER_ROUTER = '198.51.100.9';
const LEFT = '203.0.113.5:4000';
const RIGHT = '192.0.2.9:5000';

class Trapezium {
  readonly network = new Network();
  readonly left: Node<Peer>;
  readonly right: Node<Peer>;

  /** Two peers of different routers, between which nothing passes directly. */
  constructor(options: Partial<PeerOptions> = {}) {
    const random = seededRandom(5);
    for (const address of [OWN_ROUTER, OTHER_ROUTER]) {
      this.network.add(`${address}:25790`, (sink) => new Router({ address, random }, sink));
    }
    const add = (endpoint: string, router: string, extra: Partial<PeerOptions>): Node<Peer> => {
      const node = this.network.add(
        endpoint,
        (sink) => new Peer({ routers: [router], profile: reference2020, random, ...extra }, sink),
      );
      node.machine.start(this.network.now);
      return node;
    };
    this.left = add(LEFT, OWN_ROUTER, options);
    this.right = add(RIGHT, OTHER_ROUTER, { peering: { avoidTrapezium: false } });
    this.network.settle();
    this.network.loses = (from, to) => [LEFT, RIGHT].includes(from) && [LEFT, RIGHT].includes(to);
  }

  get leases(): string[] {
    return this.left.machine.uplinks.flatMap(({ lease }) =>
      lease === null ? [] : [lease.address],
    );
  }

  /** Pings from the address under the own router, or the other. */
  pings(uplink = 0): number {
    this.right.recorder.delivered.length = 0;
    const target = this.right.machine.uplinks[0]!.lease!.address;
    const packet = ping(this.leases[uplink]!, target);
    this.left.machine.handlePacket(packet, 0, packet.length, this.network.now);
    this.network.settle();
    return this.right.recorder.delivered.length;
  }
}

describe('avoiding the trapezium (draft-03 §10.2)', () => {
  test('gets an address from the second router after packets kept taking two', () => {
    const net = new Trapezium();
    for (let count = 0; count < 6; count++) {
      expect(net.pings()).toBe(1);
      net.network.advance(300);
    }
    expect(net.leases).toHaveLength(2);
    expect(net.left.machine.uplinks[1]).toMatchObject({
      router: { address: OTHER_ROUTER, port: 25790 },
      temporary: true,
    });
    net.network.trace.length = 0;
    expect(net.pings(1)).toBe(1);
    const routers = net.network.trace.map(({ to }) => to).filter((to) => to.endsWith(':25790'));
    expect(routers).toEqual([`${OTHER_ROUTER}:25790`]);
  });

  test('does not solicit the second router for few packets, nor for many in an instant', () => {
    const net = new Trapezium();
    for (let count = 0; count < 3; count++) {
      net.pings();
      net.network.advance(1_000);
    }
    const other = new Trapezium();
    for (let count = 0; count < 50; count++) other.pings();
    expect([net.leases.length, other.leases.length]).toEqual([1, 1]);
  });

  test('keeps that address while it is used, and gives it up after', () => {
    const net = new Trapezium();
    for (let count = 0; count < 6; count++) {
      net.pings();
      net.network.advance(300);
    }
    for (let count = 0; count < 40; count++) {
      net.pings(1);
      net.network.advance(10_000);
    }
    expect(net.leases).toHaveLength(2);
    net.network.advance(260_000);
    expect(net.leases).toHaveLength(1);
    expect(net.left.recorder.events.at(-1)).toMatchObject({ type: 'address-lost' });
  });

  test('leaves a router alone that does not answer, without an event', () => {
    const net = new Trapezium();
    net.network.remove(`${OTHER_ROUTER}:25790`);
    const target = `${OTHER_ROUTER}:25790`;
    const solicitations: number[] = [];
    for (let count = 0; count < 200; count++) {
      net.network.trace.length = 0;
      net.pings();
      net.network.advance(1_000);
      for (const { from, to, payload } of net.network.trace) {
        if (to === target && from === LEFT) solicitations.push(payload.length);
      }
    }
    // Three attempts, of which the repeated ones are made without nonce too.
    expect(solicitations).toEqual([256, 512, 48, 768, 48]);
    expect(net.left.machine.uplinks).toHaveLength(1);
    expect(net.left.recorder.events.map(({ type }) => type)).not.toContain('router-unreachable');
  });

  test('can be switched off', () => {
    const net = new Trapezium({ peering: { avoidTrapezium: false } });
    for (let count = 0; count < 10; count++) {
      net.pings();
      net.network.advance(300);
    }
    expect(net.leases).toHaveLength(1);
  });

  test('keeps the second router for good once the user adds it', () => {
    const net = new Trapezium();
    for (let count = 0; count < 6; count++) {
      net.pings();
      net.network.advance(300);
    }
    net.left.machine.addRouter(OTHER_ROUTER, net.network.now);
    expect(net.left.machine.uplinks.map(({ temporary }) => temporary)).toEqual([false, false]);
    net.network.settle();
    expect(net.left.recorder.events.at(-1)).toMatchObject({
      type: 'address-changed',
      temporary: false,
      defaultRouter: true,
      previous: { temporary: true, defaultRouter: false },
    });
    net.network.advance(600_000);
    expect(net.leases).toHaveLength(2);
  });
});
