import { reference2020 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { REACHABLE_TIME } from '../../src/defaults.js';
import type { PeeringOptions, PeerOptions } from '../../src/index.js';
import { RoutedPeerBench } from '../support/routedPeerBench.js';

describe('options', () => {
  test.each<[Partial<PeerOptions>, RegExp]>([
    [{ keepalive: { interval: -1, ttl: 3 } }, /keepalive.interval/],
    [{ keepalive: { interval: 30, ttl: 256 } }, /keepalive.ttl/],
    [{ lanip: 0 }, /lanip/],
    [{ lanip: 16384 }, /lanip/],
    [{ routers: ['nowhere'] }, /found/],
    [{ routers: ['198.51.100.1', '198.51.100.1:25790'] }, /router/],
    [{ routers: ['0.0.0.1'] }, /^routers/],
    [{ peering: { maxRemotes: 0 } }, /peering.maxRemotes/],
    [{ peering: { maxRemotes: 2 ** 20 + 1 } }, /peering.maxRemotes/],
    [{ peering: { lanTtl: -1 } }, /peering.lanTtl/],
    [{ peering: { lanTtl: 256 } }, /peering.lanTtl/],
    [{ peering: { directKeepalive: REACHABLE_TIME / 1000 - 0.1 } }, /peering.directKeepalive/],
    [{ peering: { directKeepalive: Number.NaN } }, /peering.directKeepalive/],
    [{ peering: { strategy: 'probe-and-seen', mappingTimeout: 27.9 } }, /peering.mappingTimeout/],
    [
      { peering: { strategy: 'probe-and-seen', mappingTimeout: Number.POSITIVE_INFINITY } },
      /peering.mappingTimeout/,
    ],
    [{ peering: { strategy: 'straight' as 'via-router' } }, /peering.strategy/],
  ])('%j are refused by name', (options, message) => {
    expect(() => new RoutedPeerBench(options)).toThrow(message);
  });

  test.each<[PeeringOptions]>([
    [{ maxRemotes: 1 }],
    [{ maxRemotes: 2 ** 20 }],
    [{ lanTtl: 0 }],
    [{ lanTtl: 255 }],
    [{ directKeepalive: 0 }],
    [{ directKeepalive: REACHABLE_TIME / 1000 }],
    [{ strategy: 'probe-and-seen', mappingTimeout: 28 }],
  ])('%j of direct paths are accepted', (peering) => {
    expect(() => new RoutedPeerBench({ peering })).not.toThrow();
  });

  test.each([
    ['via-router', 'none'],
    ['neighbor-discovery', 'confirming'],
    ['probe-and-seen', 'presumptuous'],
  ] as const)('tell what a peer with the strategy %s does', (strategy, opportunisticSends) => {
    const { peer } = new RoutedPeerBench({ profile: reference2020, peering: { strategy } });
    expect(peer.profile).toBe(reference2020);
    expect(peer.peering).toBe(strategy);
    expect(peer.opportunisticSends).toBe(opportunisticSends);
  });

  test('tell whether a peer searches the local network', () => {
    const searches = (strategy: 'via-router' | 'neighbor-discovery', lanTtl?: number): boolean => {
      const peering = { strategy, lanSearch: true, lanTtl };
      return new RoutedPeerBench({ peering }).peer.searchesLan;
    };
    expect(searches('neighbor-discovery')).toBe(true);
    expect(searches('neighbor-discovery', 0)).toBe(false);
    expect(searches('via-router')).toBe(false);
    const { peer } = new RoutedPeerBench({ peering: { strategy: 'neighbor-discovery' } });
    expect(peer.searchesLan).toBe(false);
  });
});
