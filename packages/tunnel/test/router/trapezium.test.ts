import { draft01Profile, draft04Profile, reference2020 } from '@6bed4/codec';
import { hopLimit } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { ping, udp } from '../support/packets.js';
import { RouterBench } from '../support/routerBench.js';
import {
  A,
  ADDRESS_A,
  ADDRESS_B,
  addressOf,
  advertisement,
  B,
  FOREIGN,
  FOREIGN_ADDRESS,
  icmpError,
  NATIVE,
  OTHER_PREFIX,
  OTHER_ROUTER,
  ROUTER,
  SELF,
} from '../support/routerMessages.js';

const BYTE = Uint8Array.of(1);
const INVITATION = addressOf(SELF, 1);
const NATIVE_PREFIX = '2001:db8:64:64::/64';
const both = [reference2020, draft04Profile];

describe.each(both)('trapezium routing of $name (draft-04 §5.1)', (profile) => {
  test('first stage: to the router in the top half, at the well-known port', () => {
    const bench = new RouterBench({ profile });
    const { sent } = bench.datagram(A, ping(ADDRESS_A, FOREIGN_ADDRESS));
    expect(sent.map((datagram) => datagram.to)).toEqual([OTHER_ROUTER]);
    expect(hopLimit(sent[0]!.payload, 0)).toBe(63);
  });

  test('second stage: only from the router in the source’s top half, at the well-known port', () => {
    const bench = new RouterBench({ profile });
    const packet = ping(addressOf('192.0.2.9:9', 1, OTHER_PREFIX), ADDRESS_B);
    expect(bench.datagram(OTHER_ROUTER, packet).sent[0]!.to).toBe(B);
    expect(bench.datagram('198.51.100.254:25791', packet).sent).toEqual([]);
    expect(bench.datagram('198.51.100.253:25790', packet).sent).toEqual([]);
    expect(bench.datagram('192.0.2.9:10', packet).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'source-not-allowed': 3 });
  });

  test('second stage: nobody but us has our endpoint, under whatever prefix', () => {
    const bench = new RouterBench({ profile });
    const claimed = udp(addressOf(SELF, 1, OTHER_PREFIX), INVITATION, BYTE);
    const { sent, delivered } = bench.datagram(OTHER_ROUTER, claimed);
    expect({ sent, delivered }).toEqual({ sent: [], delivered: [] });
    expect(bench.drops).toEqual({ 'source-not-allowed': 1 });
  });

  test('there is no third stage', () => {
    const bench = new RouterBench({ profile });
    const third = addressOf('203.0.113.8:5000', 1, 'fc64:bed:c633:64fd::/64');
    expect(bench.datagram(OTHER_ROUTER, ping(FOREIGN_ADDRESS, third)).sent).toEqual([]);
    expect(bench.datagram(OTHER_ROUTER, ping(FOREIGN_ADDRESS, NATIVE)).delivered).toEqual([]);
    expect(bench.drops).toEqual({ 'destination-not-ours': 2 });
  });

  test('a prefix that names ourselves under another netid is a loop', () => {
    const bench = new RouterBench({ profile });
    const self = addressOf(B, 1, 'fc64:999:c633:6401::/64');
    expect(bench.datagram(A, ping(ADDRESS_A, self)).sent).toEqual([]);
    expect(bench.packet(ping(ROUTER, self)).sent).toEqual([]);
    expect(bench.drops).toEqual({ loop: 2 });
  });

  test('a router that is our peer too is not sent its own packets', () => {
    const bench = new RouterBench({ profile });
    const source = addressOf(OTHER_ROUTER, 1);
    expect(bench.datagram(OTHER_ROUTER, ping(source, FOREIGN_ADDRESS)).sent).toEqual([]);
    expect(bench.drops).toEqual({ loop: 1 });
  });

  test('two routers carry a packet from one peer to another and back', () => {
    const here = new RouterBench({ profile });
    const there = new RouterBench({ profile, address: '198.51.100.254' });
    const first = here.datagram(A, ping(ADDRESS_A, FOREIGN_ADDRESS)).sent[0]!;
    const second = there.datagram(SELF, first.payload).sent[0]!;
    expect(second.to).toBe(FOREIGN);
    const back = there.datagram(FOREIGN, ping(FOREIGN_ADDRESS, ADDRESS_A)).sent[0]!;
    expect(back.to).toBe(SELF);
    expect(here.datagram(OTHER_ROUTER, back.payload).sent[0]!.to).toBe(A);
  });
});

describe.each(both)('the own host of a router of $name and peers of other routers', (profile) => {
  test.each([0, 1, 16383])('send to lanip %i straight and through their router', (lanip) => {
    const bench = new RouterBench({ profile });
    const packet = udp(FOREIGN_ADDRESS, addressOf(SELF, lanip), BYTE);
    expect(bench.datagram(FOREIGN, packet).delivered).toEqual([packet]);
    expect(bench.datagram(OTHER_ROUTER, packet).delivered).toEqual([packet]);
    expect(bench.drops).toEqual({});
  });

  test.each([0, 1, 16383])('are sent to from lanip %i by way of their router', (lanip) => {
    const bench = new RouterBench({ profile });
    const { sent } = bench.packet(udp(addressOf(SELF, lanip), FOREIGN_ADDRESS, BYTE));
    expect(sent.map(({ to }) => to)).toEqual([OTHER_ROUTER]);
    expect(hopLimit(sent[0]!.payload, 0)).toBe(63);
    const there = new RouterBench({ profile, address: '198.51.100.254' });
    expect(there.datagram(SELF, sent[0]!.payload).sent.map(({ to }) => to)).toEqual([FOREIGN]);
  });

  test('exchange pings', () => {
    const bench = new RouterBench({ profile });
    expect(bench.datagram(FOREIGN, ping(FOREIGN_ADDRESS, INVITATION)).sent[0]!.to).toBe(FOREIGN);
    const relayed = bench.datagram(OTHER_ROUTER, ping(FOREIGN_ADDRESS, INVITATION)).sent[0]!;
    expect(relayed.to).toBe(OTHER_ROUTER);
  });

  test.each([
    ['an endpoint that is not the sender’s', addressOf('203.0.113.7:5001', 1, OTHER_PREFIX)],
    ['the endpoint of the sender under a native prefix', addressOf(FOREIGN, 1, NATIVE_PREFIX)],
    ['a native address', NATIVE],
    ['our own endpoint', addressOf(SELF, 1, OTHER_PREFIX)],
  ])('are not heard under %s', (_name, source) => {
    const bench = new RouterBench({ profile });
    const { delivered } = bench.datagram(FOREIGN, udp(source, INVITATION, BYTE));
    expect(delivered).toEqual([]);
    expect(bench.drops).toEqual({ 'source-not-allowed': 1 });
  });

  test('do not pass the router', () => {
    const bench = new RouterBench({ profile });
    const third = addressOf('203.0.113.8:5000', 1, 'fc64:bed:c633:64fd::/64');
    const former = addressOf(SELF, 1, 'fc64:999:c633:6401::/64');
    for (const destination of [NATIVE, third, former, addressOf(SELF, 1, OTHER_PREFIX)]) {
      const { sent, delivered } = bench.datagram(FOREIGN, udp(FOREIGN_ADDRESS, destination, BYTE));
      expect(delivered).toEqual([]);
      // Nothing but, where the dialect has them, corrections.
      for (const { to, payload } of sent) {
        expect(to).toBe(FOREIGN);
        expect(advertisement(payload).type).toBe('router-advertisement');
      }
    }
    expect(bench.drops).toEqual({ 'source-not-allowed': 4 });
  });

  test('the host sends to no router where none is named, or to itself', () => {
    const bench = new RouterBench({ profile });
    const send = (destination: string): number =>
      bench.packet(udp(ROUTER, destination, BYTE)).sent.length;
    expect(send(addressOf('203.0.113.7:5000', 1, 'fc64:bed:0:0::/64'))).toBe(0);
    expect(send(addressOf('203.0.113.7:5000', 1, 'fc64:bed:a00:1::/64'))).toBe(0);
    expect(send('fc64:bed:c633:64fe:c800:7107:0:c001')).toBe(0);
    expect(send('fc64:bed:c633:64fe::1388:1')).toBe(0);
    expect(bench.drops).toEqual({
      'destination-endpoint-refused': 2,
      'destination-not-endpoint': 2,
    });
  });
});

describe('what a peer of another router sends to our peers', () => {
  const straight = ping(FOREIGN_ADDRESS, ADDRESS_B);

  test('draft-03 §6: is relayed when its lower half is right', () => {
    const bench = new RouterBench({ profile: reference2020 });
    expect(bench.datagram(FOREIGN, straight).sent.map(({ to }) => to)).toEqual([B]);
    expect(bench.datagram('203.0.113.7:5001', straight).sent.map(({ to }) => to)).not.toContain(B);
  });

  test('draft-04 §5.1: takes its router', () => {
    const bench = new RouterBench({ profile: draft04Profile });
    expect(bench.datagram(FOREIGN, straight).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'source-not-allowed': 1 });
  });
});

describe('native nodes behind a router and peers of other routers', () => {
  test('draft-03 §10.1: go to the other router', () => {
    const { sent } = new RouterBench().packet(ping(NATIVE, FOREIGN_ADDRESS));
    expect(sent.map(({ to }) => to)).toEqual([OTHER_ROUTER]);
  });

  test('draft-04 §5.1: only destinations under our prefix', () => {
    const bench = new RouterBench({ profile: draft04Profile });
    expect(bench.packet(ping(NATIVE, FOREIGN_ADDRESS)).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'destination-not-ours': 1 });
  });
});

describe('a router with a native /64', () => {
  const peer = addressOf(A, 1, NATIVE_PREFIX);
  const host = addressOf(SELF, 0, NATIVE_PREFIX);

  test('has no top half to read', () => {
    const bench = new RouterBench({ prefix: NATIVE_PREFIX });
    expect(bench.datagram(A, ping(peer, addressOf(B, 1, NATIVE_PREFIX))).sent[0]!.to).toBe(B);
    expect(bench.datagram(A, ping(peer, '2001:db8:64:65::1')).delivered).toHaveLength(1);
  });

  test('draft03: exchanges packets with other routers', () => {
    const bench = new RouterBench({ prefix: NATIVE_PREFIX });
    expect(bench.datagram(A, ping(peer, FOREIGN_ADDRESS)).sent[0]!.to).toBe(OTHER_ROUTER);
    expect(bench.datagram(OTHER_ROUTER, ping(FOREIGN_ADDRESS, peer)).sent[0]!.to).toBe(A);
    expect(bench.packet(ping(host, FOREIGN_ADDRESS)).sent[0]!.to).toBe(OTHER_ROUTER);
  });

  test('draft04: does not, and says so (draft-04 §5.1)', () => {
    const bench = new RouterBench({ profile: draft04Profile, prefix: NATIVE_PREFIX });
    const packet = ping(peer, FOREIGN_ADDRESS, { size: 100 });
    bench.datagram(A, packet);
    const { sent } = bench.datagram(A, packet);
    expect(sent.map(({ to }) => to)).toEqual([A]);
    expect(icmpError(sent[0]!.payload)).toMatchObject({ type: 'destination-unreachable', code: 0 });
    expect(bench.datagram(OTHER_ROUTER, ping(FOREIGN_ADDRESS, peer)).sent).toEqual([]);
    expect(bench.datagram(FOREIGN, udp(FOREIGN_ADDRESS, host, BYTE)).delivered).toEqual([]);
    expect(bench.packet(ping(host, FOREIGN_ADDRESS)).sent).toEqual([]);
    expect(bench.drops).toEqual({
      'no-route': 2,
      'source-not-allowed': 2,
      'destination-not-ours': 1,
    });
  });

  test('draft04: globally routed 6bed4 addresses are reached over native routes', () => {
    const bench = new RouterBench({
      profile: draft04Profile,
      prefix: NATIVE_PREFIX,
      routes: ['2000::/3'],
    });
    const packet = ping(peer, addressOf(FOREIGN, 1, '2001:64:c633:64fe::/64'));
    expect(bench.datagram(A, packet).delivered).toEqual([packet]);
  });
});

test('where addresses name no router, nothing is 6bed4-prefixed', () => {
  const bench = new RouterBench({ profile: draft01Profile, prefix: NATIVE_PREFIX });
  const host = '2001:db8:64:64:be64:c6ff:fe33:6401';
  expect(bench.packet(ping(host, 'fc64:bed:c633:64fe:c433:6402:9c40:8001')).sent).toEqual([]);
  expect(bench.drops).toEqual({ 'destination-not-ours': 1 });
});
