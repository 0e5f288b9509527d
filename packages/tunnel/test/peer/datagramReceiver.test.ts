import { encodeAddress } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { ping } from '../support/packets.js';
import {
  NATIVE,
  OWN,
  OWN_PREFIX,
  REMOTE,
  REMOTE_ENDPOINT,
  ROUTER,
  RoutedPeerBench,
} from '../support/routedPeerBench.js';

describe('a packet from the tunnel (draft-03 §6, draft-04 §4.2)', () => {
  test('is delivered unchanged from any source when the router brings it', () => {
    for (const source of [REMOTE, NATIVE, '2002:c000:201::1']) {
      const packet = ping(source, OWN);
      expect(RoutedPeerBench.leased().datagram(ROUTER, packet).delivered).toEqual([packet]);
    }
  });

  test('is delivered directly from the endpoint that its source address encodes', () => {
    const packet = ping(REMOTE, OWN);
    expect(RoutedPeerBench.leased().datagram(REMOTE_ENDPOINT, packet).delivered).toEqual([packet]);
    const elsewhere = encodeAddress({
      prefix: 'fc64:1:203.0.113.200::/64'.replace('203.0.113.200', 'cb00:71c8'),
      peer: REMOTE_ENDPOINT,
      lanip: 5,
    });
    const trapezium = ping(elsewhere, OWN);
    expect(RoutedPeerBench.leased().datagram(REMOTE_ENDPOINT, trapezium).delivered).toEqual([
      trapezium,
    ]);
  });

  test.each([
    ['another port', REMOTE, '203.0.113.9:5001', 'source-mismatch'],
    ['another address', REMOTE, '203.0.113.8:5000', 'source-mismatch'],
    ['a native source', NATIVE, REMOTE_ENDPOINT, 'source-not-allowed'],
    ['port 0', REMOTE, '203.0.113.9:0', 'source-endpoint-refused'],
    ['loopback', REMOTE, '127.0.0.1:5000', 'source-endpoint-refused'],
    ['multicast', REMOTE, '224.0.0.1:5000', 'source-endpoint-refused'],
  ])('is dropped directly from %s', (_name, source, from, reason) => {
    const bench = RoutedPeerBench.leased();
    expect(bench.datagram(from, ping(source, OWN)).delivered).toEqual([]);
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test.each([
    ['our own address', OWN, OWN, 'loop'],
    ['a link-local address', 'fe80::1', OWN, 'source-not-allowed'],
    ['::1', '::1', OWN, 'source-not-allowed'],
  ])('is dropped from the router when its source is %s', (_name, source, destination, reason) => {
    const bench = RoutedPeerBench.leased();
    expect(bench.datagram(ROUTER, ping(source, destination)).delivered).toEqual([]);
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test.each([
    ['another peer', REMOTE, 'destination-not-ours'],
    ['a native node', NATIVE, 'destination-not-ours'],
    ['lanip 0', OWN_PREFIX, 'destination-not-ours'],
    ['a multicast address', 'ff02::1', 'destination-not-allowed'],
  ])('is dropped when its destination is %s', (_name, destination, reason) => {
    const bench = RoutedPeerBench.leased();
    expect(bench.datagram(ROUTER, ping('2001:db8::1', destination)).delivered).toEqual([]);
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test('is dropped when oversized or compressed', () => {
    const bench = RoutedPeerBench.leased();
    bench.datagram(ROUTER, ping(REMOTE, OWN, { size: 1300 }));
    bench.datagram(REMOTE_ENDPOINT, Uint8Array.of(0xfd, ...new Uint8Array(60)));
    expect(bench.drops).toEqual({ 'too-big': 1, rohc: 1 });
  });
});
