import { formatIPv6 } from '@6bed4/codec';
import { findOption, hopLimit } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import type { TunnelEvent } from '../../src/index.js';
import { nonceIn, ROUTER, RoutedPeerBench, solicitations } from '../support/routedPeerBench.js';

describe('solicitation (draft-03 §10.2)', () => {
  test('goes to the router of a started peer, from :: to all routers, with a nonce', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    const { sent } = bench.recorder;
    expect(sent.map(({ to, ttl }) => ({ to, ttl }))).toEqual([{ to: ROUTER, ttl: 0 }]);
    const [message] = solicitations(sent);
    expect(formatIPv6(message!.source)).toBe('::');
    expect(formatIPv6(message!.destination)).toBe('ff02::2');
    expect(message!.options.map(({ type }) => type)).toEqual(['nonce', 'unknown']);
    expect(nonceIn(sent)).toHaveLength(6);
    expect(hopLimit(sent[0]!.payload, 0)).toBe(255);
  });

  test('is padded by zeros in an experimental option, more so with each attempt, to 1280 bytes', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    const lengths = [bench.recorder.sent[0]!.payload.length];
    const [first] = solicitations(bench.recorder.sent);
    expect(first!.options[1]).toEqual({ type: 'unknown', code: 253, body: new Uint8Array(198) });
    for (let attempt = 2; attempt <= 6; attempt++) {
      lengths.push(bench.wake().sent[0]!.payload.length);
    }
    expect(lengths).toEqual([256, 512, 768, 1024, 1280, 1280]);
  });

  test('goes out without options too when it is repeated, for deployed routers', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    const nonce = nonceIn(bench.recorder.sent);
    for (let attempt = 2; attempt <= 4; attempt++) {
      const { sent } = bench.wake();
      const [padded, bare] = solicitations(sent);
      expect(sent).toHaveLength(2);
      expect(findOption(padded!.options, 'nonce')?.nonce).toEqual(nonce);
      expect(bare!.options).toEqual([]);
    }
  });

  test('has a nonce of its own each time that it is begun anew', () => {
    const bench = RoutedPeerBench.leased();
    const nonces = [bench.recorder.nonce!];
    for (let count = 0; count < 3; count++) {
      bench.peer.solicit(bench.now);
      nonces.push(bench.recorder.nonce!);
    }
    bench.peer.stop(bench.now);
    bench.peer.start(bench.now);
    nonces.push(bench.recorder.nonce!);
    expect(new Set(nonces.map(String)).size).toBe(5);
  });

  test('is repeated after 1, 3, 7, 15 and then every 30 seconds without end', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      const before = bench.now;
      expect(bench.wake().sent).toHaveLength(2);
      waits.push((bench.now - before) / 1000);
    }
    expect(waits).toEqual([1, 3, 7, 15, 30, 30, 30, 30]);
  });

  test('reports a silent router once, and the router again when it answers', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    const seen: TunnelEvent[] = [];
    for (let attempt = 0; attempt < 8; attempt++) seen.push(...bench.wake().events);
    expect(seen).toEqual([
      { type: 'router-unreachable', router: { address: '198.51.100.1', port: 25790 }, attempts: 4 },
    ]);
    bench.answer();
    expect(bench.types).toEqual(['router-reachable', 'address-acquired']);
  });

  test('reports a silent router again after it was started anew', () => {
    const bench = new RoutedPeerBench();
    const types: string[] = [];
    for (let start = 0; start < 2; start++) {
      bench.peer.start(bench.now);
      for (let attempt = 0; attempt < 4; attempt++) {
        bench.wake();
        types.push(...bench.types);
      }
      bench.peer.stop(bench.now);
    }
    expect(types).toEqual(['router-unreachable', 'router-unreachable']);
  });

  test('is not repeated before it is due', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    bench.recorder.clear();
    bench.peer.handleTimeout(bench.now);
    bench.peer.handleTimeout(bench.now + 999);
    expect(bench.recorder.sent).toEqual([]);
  });
});
