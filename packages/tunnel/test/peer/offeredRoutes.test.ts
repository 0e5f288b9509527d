import { parseIPv6 } from '@6bed4/codec';
import type { NdOption, RouterAdvertisement } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { advertise, offer, ROUTER, RoutedPeerBench } from '../support/routedPeerBench.js';

const FOREVER = 0xffff_ffff;

/** A route as deployed routers offer it. */
const route = (prefix: string, prefixLength: number, validLifetime = FOREVER): NdOption =>
  offer({
    onLink: false,
    autonomous: false,
    prefix: parseIPv6(prefix),
    prefixLength,
    validLifetime,
    preferredLifetime: 0,
  });

/** A route as RFC 4191 has it. */
const information = (prefix: string, prefixLength: number, lifetime = FOREVER): NdOption => ({
  type: 'route-information',
  preference: 'medium',
  prefix: parseIPv6(prefix),
  prefixLength,
  lifetime,
});

function leased(
  routes: readonly NdOption[],
  overrides: Partial<RouterAdvertisement> = {},
): RoutedPeerBench {
  const bench = new RoutedPeerBench({ keepalive: { interval: 0, ttl: 3 } });
  bench.peer.start(bench.now);
  bench.answer({ ...overrides, options: [offer(), ...routes] });
  return bench;
}

const routesOf = (bench: RoutedPeerBench): readonly string[] =>
  bench.peer.uplinks[0]!.lease!.routes;

describe('routes that a router offers (RFC 4191 §2.3, draft-04 §3.2)', () => {
  test('are taken in both forms, in their order, and once each', () => {
    const bench = leased([
      route('2001:db8:77::', 48),
      information('2001:db9::', 32),
      information('2001:db8:77::', 48),
    ]);
    expect(routesOf(bench)).toEqual(['2001:db8:77::/48', '2001:db9::/32']);
  });

  test('are not taken from prefixes that are on-link or autonomous', () => {
    const onLink = offer({ autonomous: false, prefixLength: 48 });
    const autonomous = offer({ onLink: false, prefixLength: 48 });
    expect(routesOf(leased([onLink, autonomous]))).toEqual([]);
  });

  test('lose the bits beyond their length (RFC 4861 §4.6.2)', () => {
    expect(routesOf(leased([route('2001:db8:ffff::1', 33)]))).toEqual(['2001:db8:8000::/33']);
  });

  test('are 32 at most', () => {
    const routes = Array.from({ length: 34 }, (_, at) => route(`2001:db8:${at + 1}::`, 48));
    const last = leased([...routes, route('2001:db8:1::', 48, 0)]);
    expect(routesOf(leased(routes)).at(-1)).toBe('2001:db8:32::/48');
    expect([routesOf(leased(routes)).length, routesOf(last).length]).toEqual([32, 31]);
  });

  test.each([
    ['ff00::', 8, false],
    ['fe00::', 7, true],
    ['fe80::', 10, false],
    ['fe80::', 64, false],
    ['fe80::', 9, true],
    ['fec0::', 10, true],
    ['::', 80, false],
    ['::1', 128, false],
    ['::ffff:0:0', 96, false],
    ['::', 79, true],
    ['::', 0, true],
    ['64:ff9b::', 96, true],
  ])('to %s/%i are taken where a router can lead there: %s', (prefix, length, isTaken) => {
    expect(routesOf(leased([information(prefix, length)]))).toHaveLength(isTaken ? 1 : 0);
  });

  test('end with their lifetimes, and the last option about one counts', () => {
    const bench = leased([
      route('2001:db8:1::', 48, 20),
      information('2001:db8:2::', 48, 10),
      information('2001:db8:3::', 48),
      information('2001:db8:4::', 48, 0),
      information('2001:db8:3::', 48, 20),
      information('2001:db8:5::', 48),
    ]);
    const start = bench.now;
    const seen: unknown[] = [];
    for (const seconds of [10, 20]) {
      const before = bench.peer.uplinks[0]!.lease;
      expect(bench.peer.uplinks[0]!.nextTimer?.reason).toBe('routes');
      bench.wake();
      expect(bench.now - start).toBe(seconds * 1000);
      expect(bench.recorder.events).toMatchObject([{ type: 'address-changed', previous: before }]);
      expect(bench.recorder.sent).toEqual([]);
      seen.push(routesOf(bench));
    }
    expect(seen).toEqual([
      ['2001:db8:1::/48', '2001:db8:3::/48', '2001:db8:5::/48'],
      ['2001:db8:5::/48'],
    ]);
    expect(bench.peer.uplinks[0]!.nextTimer?.reason).toBe('refresh');
  });

  test('go on where the router renews them, without an event', () => {
    const bench = leased([information('2001:db8:2::', 48, 150)]);
    const start = bench.now;
    bench.wake();
    bench.answer({ options: [offer(), information('2001:db8:2::', 48, 150)] });
    expect(bench.types).toEqual([]);
    bench.wake();
    expect(bench.now - start).toBe(240_000);
    expect(routesOf(bench)).toEqual(['2001:db8:2::/48']);
  });

  test('are not changed by an advertisement that nobody asked for', () => {
    const bench = leased([information('2001:db8:2::', 48)]);
    expect(bench.datagram(ROUTER, advertise()).sent).toHaveLength(1);
    expect(routesOf(bench)).toEqual(['2001:db8:2::/48']);
  });
});

describe('a default router (RFC 4861 §6.3.4)', () => {
  const isDefault = (bench: RoutedPeerBench): boolean =>
    bench.peer.uplinks[0]!.lease!.defaultRouter;

  test('is one that has a router lifetime, until that has ended', () => {
    expect(isDefault(leased([], { routerLifetime: 0 }))).toBe(false);
    const bench = leased([], { routerLifetime: 100 });
    const start = bench.now;
    expect(isDefault(bench)).toBe(true);
    bench.wake();
    expect(bench.now - start).toBe(100_000);
    expect(bench.types).toEqual(['address-changed']);
    expect(isDefault(bench)).toBe(false);
  });

  test('only offers ::/0, unless Route Information says so (RFC 4191 §3.1)', () => {
    expect(routesOf(leased([route('::', 0)], { routerLifetime: 1 }))).toEqual(['::/0']);
    const retired = { routerLifetime: 0 };
    expect(routesOf(leased([route('::', 0), route('2000::', 3)], retired))).toEqual(['2000::/3']);
    expect(routesOf(leased([information('::', 0)], retired))).toEqual(['::/0']);
  });
});
