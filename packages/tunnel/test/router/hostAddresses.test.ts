import { draft00Profile, draft01Profile, draft04Profile } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { ping } from '../support/packets.js';
import { RouterBench } from '../support/routerBench.js';
import { A, addressOf, B, NATIVE } from '../support/routerMessages.js';

const PREFIX = '2001:db8:9:10::/64';
/** As an administrator numbers hosts: bits 96 to 111, where peers have their port, are 0. */
const HOST = '2001:db8:9:10::11';
const PEER = addressOf(A, 1, PREFIX);

describe('addresses of port 0 under a native /64', () => {
  test.each([HOST, '2001:db8:9:10::', '2001:db8:9:10:c433:6402:0:8001'])(
    'belong to the host of the router: %s',
    (address) => {
      const bench = new RouterBench({ prefix: PREFIX });
      const packet = ping(PEER, address);
      const { sent, delivered } = bench.datagram(A, packet);
      expect(sent).toEqual([]);
      expect(delivered).toHaveLength(1);
      const answer = bench.packet(ping(address, PEER));
      expect(answer.sent.map(({ to }) => to)).toEqual([A]);
      expect(bench.drops).toEqual({});
    },
  );

  test.each([
    ['port 1', '2001:db8:9:10:c433:6403:1:8001'],
    ['an opaque lower half', '2001:db8:9:10:300::11'],
    ['an address of 0.0.0.0 with a port', '2001:db8:9:10::9c40:1'],
  ])('are not those of %s', (_name, address) => {
    const bench = new RouterBench({ prefix: PREFIX });
    expect(bench.datagram(A, ping(PEER, address)).delivered).toEqual([]);
    expect(bench.packet(ping(address, PEER)).sent).toEqual([]);
    expect(bench.drops).toMatchObject({ 'source-not-allowed': 1 });
  });

  test('are no sources of peers, and not reached with the address of another peer', () => {
    const bench = new RouterBench({ prefix: PREFIX });
    expect(bench.datagram(A, ping(HOST, PEER)).sent).toEqual([]);
    expect(bench.datagram(B, ping(PEER, HOST)).delivered).toEqual([]);
    expect(bench.drops).toEqual({ 'source-mismatch': 2 });
  });

  test('are not reached by peers of other routers', () => {
    const bench = new RouterBench({ prefix: PREFIX });
    const foreign = addressOf(A, 1, 'fc64:bed:c000:209::/64');
    expect(bench.datagram(A, ping(foreign, HOST)).delivered).toEqual([]);
    expect(bench.datagram('192.0.2.9:25790', ping(foreign, HOST)).delivered).toEqual([]);
  });

  test('do not come back into the tunnel when the host does not have them', () => {
    const bench = new RouterBench({ prefix: PREFIX });
    expect(bench.packet(ping(PEER, HOST)).sent).toEqual([]);
    expect(bench.packet(ping(NATIVE, HOST)).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'source-not-allowed': 1, 'destination-not-endpoint': 1 });
  });

  test('are nobody’s where no host is behind the router, or the /64 is one of 6bed4', () => {
    const alone = new RouterBench({ prefix: PREFIX, ipv6Side: false });
    expect(alone.datagram(A, ping(PEER, HOST)).delivered).toEqual([]);
    const usual = new RouterBench();
    const address = usual.router.prefix.replace('/64', '11');
    expect(usual.datagram(A, ping(addressOf(A), address)).delivered).toEqual([]);
    expect(usual.packet(ping(address, addressOf(A))).sent).toEqual([]);
  });

  test('belong to the host in draft00 and draft04 as well, and not in draft01', () => {
    const latest = new RouterBench({ prefix: PREFIX, profile: draft04Profile });
    expect(latest.datagram(A, ping(PEER, HOST)).delivered).toHaveLength(1);
    const first = new RouterBench({ prefix: PREFIX, profile: draft00Profile });
    const peer = '2001:db8:9:10:c633:6402:9c40:1';
    expect(first.datagram(A, ping(peer, HOST)).delivered).toHaveLength(1);
    const second = new RouterBench({ prefix: PREFIX, profile: draft01Profile });
    const neighbor = '2001:db8:9:10:429c:c6ff:fe33:6402';
    for (const address of [HOST, '2001:db8:9:10:200::11']) {
      expect(second.datagram(A, ping(neighbor, address)).delivered).toEqual([]);
      expect(second.packet(ping(address, neighbor)).sent).toEqual([]);
    }
  });
});
