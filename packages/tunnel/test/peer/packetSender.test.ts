import { encodeAddress, formatIPv6, parseIPv6 } from '@6bed4/codec';
import { buildNd, parseIcmpError } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { ping } from '../support/packets.js';
import {
  NATIVE,
  OWN,
  OWN_ENDPOINT,
  OWN_PREFIX,
  PREFIX,
  REMOTE,
  ROUTER,
  RoutedPeerBench,
} from '../support/routedPeerBench.js';

describe('a packet of the local side (draft-04 §4.1)', () => {
  test.each([REMOTE, NATIVE])('goes to %s through the router, with one hop less', (to) => {
    const packet = ping(OWN, to);
    const { sent } = RoutedPeerBench.leased().packet(packet);
    packet[7]!--;
    expect(sent).toEqual([{ payload: packet, to: ROUTER, tos: 0, ttl: 0 }]);
  });

  test('without a hop left is answered with Time Exceeded', () => {
    const { sent, delivered } = RoutedPeerBench.leased().packet(ping(OWN, REMOTE, { hopLimit: 1 }));
    expect(sent).toEqual([]);
    const error = parseIcmpError(delivered[0]!, 0, delivered[0]!.length);
    if (!error.ok) throw new Error('no error');
    expect(error.value).toMatchObject({ type: 'time-exceeded', code: 0 });
    expect(formatIPv6(error.value.source)).toBe(OWN_PREFIX);
    expect(formatIPv6(error.value.destination)).toBe(OWN);
  });

  test('of more than 1280 bytes is answered with Packet Too Big', () => {
    const bench = RoutedPeerBench.leased();
    expect(bench.packet(ping(OWN, REMOTE, { size: 1232 })).sent).toHaveLength(1);
    const { sent, delivered } = bench.packet(ping(OWN, REMOTE, { size: 1352 }));
    expect(sent).toEqual([]);
    expect(parseIcmpError(delivered[0]!, 0, delivered[0]!.length)).toMatchObject({
      ok: true,
      value: { type: 'packet-too-big', mtu: 1280 },
    });
  });

  test.each([
    ['a source that is not ours', NATIVE, REMOTE, 'source-not-allowed'],
    ['a source of lanip 0, which is the router’s', OWN_PREFIX, REMOTE, 'source-not-allowed'],
    ['a source that is not ours, to an address of ours', NATIVE, OWN, 'source-not-allowed'],
    ['a link-local source', 'fe80::1', REMOTE, 'source-not-allowed'],
    ['a multicast destination', OWN, 'ff02::16', 'destination-not-allowed'],
    ['a link-local destination', OWN, 'fe80::1', 'destination-not-allowed'],
    [
      'a destination of ours',
      OWN,
      encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 2 }),
      'loop',
    ],
  ])('is dropped for %s', (_name, source, destination, reason) => {
    const bench = RoutedPeerBench.leased();
    const { sent, delivered } = bench.packet(ping(source, destination));
    expect({ sent, delivered }).toEqual({ sent: [], delivered: [] });
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test('to lanip 0 of our own prefix goes to the router, which has it (draft-04 §5.2)', () => {
    expect(RoutedPeerBench.leased().packet(ping(OWN, OWN_PREFIX)).sent[0]!.to).toBe(ROUTER);
  });

  test('may come from any lanip but 0, and so may its reply go there', () => {
    const other = encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 4711 });
    const bench = RoutedPeerBench.leased();
    expect(bench.packet(ping(other, REMOTE)).sent).toHaveLength(1);
    expect(bench.datagram(ROUTER, ping(REMOTE, other)).delivered).toHaveLength(1);
  });

  test('is dropped when it is Neighbor Discovery of the kernel', () => {
    const bench = RoutedPeerBench.leased();
    const bytes = buildNd({
      type: 'router-solicitation',
      source: parseIPv6('fe80::1'),
      destination: parseIPv6('ff02::2'),
      options: [],
    });
    expect(bench.packet(bytes).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });

  test('is dropped before the start, before there is an address, and after the stop', () => {
    const bench = new RoutedPeerBench();
    bench.packet(ping(OWN, REMOTE));
    bench.datagram(ROUTER, ping(REMOTE, OWN));
    expect(bench.drops).toEqual({ stopped: 2 });
    bench.peer.start(bench.now);
    expect(bench.packet(ping(OWN, REMOTE)).sent).toEqual([]);
    bench.answer();
    bench.recorder.clear();
    bench.peer.stop(bench.now);
    expect(bench.types).toEqual(['address-lost']);
    expect(bench.peer.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
    expect(bench.datagram(ROUTER, ping(REMOTE, OWN)).delivered).toEqual([]);
  });
});
