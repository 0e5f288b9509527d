import { encodeAddress, parseIPv6 } from '@6bed4/codec';
import type { RouterAdvertisement } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { ping } from '../support/packets.js';
import {
  advertise,
  NATIVE,
  OWN,
  offer,
  PREFIX,
  REMOTE,
  ROUTER,
  RoutedPeerBench,
} from '../support/routedPeerBench.js';

/** A peer without keepalives that the router answered so. */
function lease(overrides: Partial<RouterAdvertisement>): RoutedPeerBench {
  const bench = new RoutedPeerBench({ keepalive: { interval: 0, ttl: 3 } });
  bench.peer.start(bench.now);
  bench.answer(overrides);
  return bench;
}

describe('keeping NAT mappings and leases alive', () => {
  test('sends an empty datagram with TTL 3 every 25 seconds, or a solicitation', () => {
    const bench = RoutedPeerBench.leased();
    const start = bench.now;
    expect(bench.wake().sent[0]!.payload.length).toBeGreaterThan(0);
    expect(bench.now - start).toBe(25_000);
    bench.answer();
    expect(bench.wake().sent).toEqual([{ payload: new Uint8Array(0), to: ROUTER, tos: 0, ttl: 3 }]);
    expect(bench.now - start).toBe(50_000);
  });

  test('sends keepalives as the options say, or none', () => {
    const bench = RoutedPeerBench.leased({ keepalive: { interval: 7.5, ttl: 0 } });
    const start = bench.now;
    expect(bench.wake().sent[0]!.ttl).toBe(0);
    expect(bench.now - start).toBe(7_500);
    const never = RoutedPeerBench.leased({ keepalive: { interval: 0, ttl: 3 } });
    expect(never.peer.uplinks[0]!.nextTimer?.reason).toBe('refresh');
  });

  test('sends no keepalive while packets go to the router', () => {
    const bench = RoutedPeerBench.leased({ keepalive: { interval: 25, ttl: 3 } });
    const start = bench.now;
    bench.now += 20_000;
    bench.packet(ping(OWN, NATIVE));
    expect(bench.wake().sent).toEqual([]);
    expect(bench.wake().sent[0]!.payload).toHaveLength(0);
    expect(bench.now - start).toBe(45_000);
  });

  test('solicits every two minutes, and keeps the address while nobody answers', () => {
    const bench = RoutedPeerBench.leased({ keepalive: { interval: 0, ttl: 3 } });
    const start = bench.now;
    expect(bench.wake().sent[0]!.payload.length).toBeGreaterThan(0);
    expect(bench.now - start).toBe(120_000);
    for (let attempt = 0; attempt < 6; attempt++) bench.wake();
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'refreshing', lease: { address: OWN } });
    expect(bench.packet(ping(OWN, REMOTE)).sent).toHaveLength(1);
  });

  test('gives up a lease whose lifetime has ended, after it solicited at half of it in vain', () => {
    const bench = lease({ options: [offer({ validLifetime: 60, preferredLifetime: 30 })] });
    const start = bench.now;
    expect(bench.wake().sent).toHaveLength(1);
    expect(bench.now - start).toBe(30_000);
    expect(bench.peer.uplinks[0]!.state).toBe('refreshing');
    do bench.wake();
    while (!bench.types.includes('address-lost'));
    expect(bench.now - start).toBe(60_000);
    expect(bench.types).toEqual(['address-lost']);
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'soliciting', lease: null, attempts: 1 });
    expect(bench.recorder.sent).toHaveLength(1);
  });

  test('keeps a lease whose lifetime the router renews or shortens (RFC 4862 §5.5.3 e)', () => {
    const bench = lease({ options: [offer({ validLifetime: 60, preferredLifetime: 30 })] });
    const start = bench.now;
    bench.wake();
    bench.answer({ options: [offer({ validLifetime: 100, preferredLifetime: 100 })] });
    bench.wake();
    expect(bench.now - start).toBe(80_000);
    bench.answer({ options: [offer({ validLifetime: 2, preferredLifetime: 2 })] });
    expect(bench.types).toEqual([]);
    bench.wake();
    expect(bench.now - start).toBe(81_000);
  });

  test('gives up an address that the router takes back in an answer, and solicits on', () => {
    const taken = offer({ validLifetime: 0, preferredLifetime: 0 });
    const bench = RoutedPeerBench.leased();
    bench.peer.solicit(bench.now);
    const { sent } = bench.answer({ options: [taken] });
    expect(bench.types).toEqual(['address-lost']);
    expect(sent).toHaveLength(1);
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'soliciting', lease: null, attempts: 1 });
    expect(bench.answer({ options: [taken] }).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'advertisement-refused': 1 });
    // Keepalives and refreshes of the lease are over as well.
    const waits: number[] = [];
    for (let attempt = 2; attempt <= 7; attempt++) {
      const before = bench.now;
      expect(bench.wake().sent[0]!.payload.length).toBeGreaterThan(0);
      waits.push((bench.now - before) / 1000);
    }
    expect(waits).toEqual([1, 3, 7, 15, 30, 30]);
  });

  test('keeps an address that something takes back unasked, or as another than it is', () => {
    const bench = RoutedPeerBench.leased();
    const taken = offer({ validLifetime: 0, preferredLifetime: 0 });
    expect(bench.datagram(ROUTER, advertise({ options: [taken] })).sent).toHaveLength(1);
    const other = parseIPv6(encodeAddress({ prefix: PREFIX, peer: '203.0.113.5:7', lanip: 0 }));
    for (const option of [
      offer({ validLifetime: 0, preferredLifetime: 0, prefix: other }),
      offer({ validLifetime: 0, preferredLifetime: 1 }),
    ]) {
      bench.answer({ options: [option] });
    }
    expect(bench.drops).toEqual({ 'advertisement-refused': 2 });
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'refreshing', lease: { address: OWN } });
  });

  test('changes to the address that takes the place of the one taken back', () => {
    const bench = RoutedPeerBench.leased();
    const taken = offer({ validLifetime: 0, preferredLifetime: 0 });
    const other = parseIPv6(encodeAddress({ prefix: PREFIX, peer: '203.0.113.5:7', lanip: 0 }));
    bench.peer.solicit(bench.now);
    bench.answer({ options: [taken, offer({ prefix: other })] });
    expect(bench.types).toEqual(['address-changed']);
  });

  test('keeps an address that the router deprecates (RFC 4862 §5.5.4)', () => {
    const bench = RoutedPeerBench.leased();
    bench.peer.solicit(bench.now);
    bench.answer({ options: [offer({ preferredLifetime: 0 })] });
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'leased', lease: { address: OWN } });
    expect(bench.types).toEqual([]);
  });
});
