import { encodeAddress, parseIPv6 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { ping } from '../support/packets.js';
import {
  NATIVE,
  OWN,
  OWN_ENDPOINT,
  offer,
  REMOTE,
  ROUTER,
  RoutedPeerBench,
} from '../support/routedPeerBench.js';

describe('several routers', () => {
  const OTHER = '192.0.2.1:25790';
  const otherPrefix = encodeAddress({
    prefix: 'fc64:bed:c000:201::/64',
    peer: OWN_ENDPOINT,
    lanip: 0,
  });
  const otherAddress = encodeAddress({
    prefix: 'fc64:bed:c000:201::/64',
    peer: OWN_ENDPOINT,
    lanip: 1,
  });
  const twoLeases = (): RoutedPeerBench => {
    const bench = RoutedPeerBench.leased();
    bench.peer.addRouter('192.0.2.1', bench.now);
    bench.answer({ options: [offer({ prefix: parseIPv6(otherPrefix) })] }, OTHER);
    return bench;
  };

  test('send each packet to the router of its source address (draft-04 §4.1)', () => {
    const bench = twoLeases();
    expect(bench.packet(ping(OWN, NATIVE)).sent[0]!.to).toBe(ROUTER);
    expect(bench.packet(ping(otherAddress, NATIVE)).sent[0]!.to).toBe(OTHER);
  });

  test('bring packets only for the address that each gave', () => {
    for (const source of [NATIVE, REMOTE]) {
      const bench = twoLeases();
      expect(bench.datagram(ROUTER, ping(source, OWN)).delivered).toHaveLength(1);
      expect(bench.datagram(OTHER, ping(source, otherAddress)).delivered).toHaveLength(1);
      expect(bench.drops).toEqual({});
      expect(bench.datagram(OTHER, ping(source, OWN)).delivered).toEqual([]);
      expect(bench.datagram(ROUTER, ping(source, otherAddress)).delivered).toEqual([]);
      expect(bench.drops).toEqual({ 'source-not-allowed': 2 });
    }
  });

  test('carry no packet from one of our addresses to another', () => {
    const bench = twoLeases();
    expect(bench.packet(ping(OWN, otherAddress)).sent).toEqual([]);
    expect(bench.datagram(ROUTER, ping(otherAddress, OWN)).delivered).toEqual([]);
    expect(bench.drops).toEqual({ loop: 2 });
  });

  test('keep the other addresses when one is removed', () => {
    const bench = twoLeases();
    bench.recorder.clear();
    expect(bench.peer.removeRouter('198.51.100.1:25790')).toBe(true);
    expect(bench.peer.removeRouter('198.51.100.1')).toBe(false);
    expect(bench.recorder.events).toMatchObject([{ type: 'address-lost', address: OWN }]);
    expect(bench.packet(ping(OWN, NATIVE)).sent).toEqual([]);
    expect(bench.packet(ping(otherAddress, NATIVE)).sent).toHaveLength(1);
  });

  test('are refused by name when one is there already, is no endpoint, or is the seventeenth', () => {
    const bench = RoutedPeerBench.leased();
    expect(() => bench.peer.addRouter('198.51.100.1:25790', 0)).toThrow(/router/);
    expect(() => bench.peer.addRouter('198.51.100.256', 0)).toThrow(/found/);
    expect(() => bench.peer.addRouter('224.0.0.1', 0)).toThrow(/router/);
    for (let index = 2; index <= 16; index++) bench.peer.addRouter(`192.0.2.${index}`, 0);
    expect(() => bench.peer.addRouter('192.0.2.99', 0)).toThrow(/routers/);
  });

  describe('that are set at once', () => {
    const THIRD = '192.0.2.3:25790';

    test('keep the addresses of those that stay, and give up the others', () => {
      const bench = twoLeases();
      bench.recorder.clear();
      bench.peer.setRouters([THIRD, OTHER], bench.now);
      expect(bench.recorder.events).toMatchObject([{ type: 'address-lost', address: OWN }]);
      expect(bench.peer.uplinks).toMatchObject([
        { router: { address: '192.0.2.3' }, state: 'soliciting', lease: null },
        { router: { address: '192.0.2.1' }, state: 'leased', lease: { address: otherAddress } },
      ]);
      expect(bench.recorder.sent.map(({ to }) => to)).toEqual([THIRD]);
      expect(bench.packet(ping(otherAddress, NATIVE)).sent[0]!.to).toBe(OTHER);
    });

    test('are preferred in their order, without a word to any of them', () => {
      const bench = twoLeases();
      bench.recorder.clear();
      bench.peer.setRouters([OTHER, ROUTER], bench.now);
      expect(bench.peer.uplinks.map(({ router }) => router.address)).toEqual([
        '192.0.2.1',
        '198.51.100.1',
      ]);
      expect([...bench.recorder.sent, ...bench.recorder.events]).toEqual([]);
    });

    test('may be none', () => {
      const bench = twoLeases();
      bench.peer.setRouters([], bench.now);
      expect(bench.peer.uplinks).toEqual([]);
      expect(bench.packet(ping(OWN, NATIVE)).sent).toEqual([]);
    });

    test.each([
      [[OTHER, OTHER], /192\.0\.2\.1:25790/],
      [[OTHER, 'router.example'], /found "router\.example"/],
      [[OTHER, '224.0.0.1'], /found 224\.0\.0\.1/],
      [Array.from({ length: 17 }, (_, index) => `192.0.2.${index + 1}`), /found 17/],
    ])('change nothing when one of %j is refused', (routers, message) => {
      const bench = twoLeases();
      const before = bench.peer.uplinks;
      expect(() => bench.peer.setRouters(routers, bench.now)).toThrow(message);
      expect(bench.peer.uplinks).toEqual(before);
    });
  });
});
