import type { Profile } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import {
  Internet,
  type NatDescription,
  natTypes,
  type PeerNode,
  showTraceOnFailure,
} from '../src/index.js';
import { profiles } from './support/dialects.js';

const nats: readonly (readonly [string, NatDescription | null])[] = [
  ['none', null],
  ...Object.entries(natTypes),
  ['sequential', { ...natTypes.symmetric, portAssignment: 'sequential' }],
];

/** Long enough for draft01 to find a port that stays even. */
const START = 60_000;

function peerBehind(net: Internet, name: string, nat: NatDescription | null, profile: Profile) {
  const placement = nat === null ? {} : { behind: net.nat(`nat of ${name}`, nat) };
  return net.peer(name, { ...placement, profile });
}

function expectPing(net: Internet, from: PeerNode, to: PeerNode): void {
  const sequence = from.ping(to.address!);
  net.run(1000);
  expect(from.wasAnswered(sequence), `${from.name} pings ${to.name}`).toBe(true);
}

describe.each(profiles)('%s', (_, profile) => {
  describe.each(nats)('a peer behind a NAT of type %s', (__, nat) => {
    test.each(nats)('reaches one behind a NAT of type %s through the router', (___, otherNat) => {
      showTraceOnFailure(new Internet({ seed: 3, trace: true }), (net) => {
        net.router('r', { address: '198.51.100.1', profile });
        const a = peerBehind(net, 'a', nat, profile);
        const b = peerBehind(net, 'b', otherNat, profile);
        net.run(START);
        expect(a.address).not.toBeNull();
        expect(b.address).not.toBeNull();
        expectPing(net, a, b);
        expectPing(net, b, a);
        const number = a.sendUdp(b.address!, Uint8Array.of(1, 2, 3));
        net.run(1000);
        expect(b.received.at(-1)).toMatchObject({
          kind: 'udp',
          from: a.address,
          to: b.address,
          sequence: number,
          payload: Uint8Array.of(1, 2, 3),
        });
        expect(a.received.every(({ to }) => to === a.address)).toBe(true);
      });
    });
  });
});

test('peers of two routers reach each other over both (trapezium routing)', () => {
  showTraceOnFailure(new Internet({ trace: true }), (net) => {
    const one = net.router('r1', { address: '198.51.100.1' });
    const two = net.router('r2', { address: '198.51.100.2' });
    const a = net.peer('a', { behind: net.nat('natA'), routers: [one.endpoint] });
    const b = net.peer('b', { behind: net.nat('natB'), routers: [two.endpoint] });
    net.run(1000);
    expectPing(net, a, b);
    expect(b.received[0]?.via).toBe('198.51.100.2:25790');
  });
});

test('a router delivers packets to its IPv6 side, and sends packets from there', () => {
  const net = new Internet();
  const router = net.router('r', { address: '198.51.100.1' });
  const a = net.peer('a');
  net.run(1000);
  a.sendUdp('2001:db8::1');
  net.run(1000);
  expect(router.delivered).toHaveLength(1);
  const answer = router.delivered[0]!.slice();
  answer.copyWithin(8, 24, 40);
  answer.set(router.delivered[0]!.subarray(8, 24), 24);
  router.sendPacket(answer);
  net.run(1000);
  expect(a.received.map(({ from }) => from)).toEqual(['2001:db8::1']);
});

test('keepalives keep a mapping past the mapping timeout', () => {
  showTraceOnFailure(new Internet({ trace: true }), (net) => {
    net.router('r', { address: '198.51.100.1' });
    const nat = net.nat('natA', { mappingTimeout: 40_000 });
    const a = net.peer('a', { behind: nat });
    const b = net.peer('b');
    net.run(600_000);
    expectPing(net, b, a);
    expect(net.trace?.entries.some(({ node, reason }) => node === 'core' && reason === 'ttl')).toBe(
      true,
    );
  });
});

test('a mapping without keepalives ends after the mapping timeout', () => {
  const net = new Internet();
  net.router('r', { address: '198.51.100.1' });
  const nat = net.nat('natA', { mappingTimeout: 40_000 });
  const a = net.peer('a', { behind: nat, keepalive: { interval: 0, ttl: 3 } });
  const b = net.peer('b');
  net.run(100_000);
  const sequence = b.ping(a.address!);
  net.run(1000);
  expect(b.wasAnswered(sequence)).toBe(false);
});
