import { formatIPv6, parseIPv6 } from '@6bed4/codec';
import { buildNd, findOption, parseNd } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import {
  NATIVE,
  OWN,
  REMOTE,
  REMOTE_ENDPOINT,
  ROUTER,
  RoutedPeerBench,
} from '../support/routedPeerBench.js';

describe('a Neighbor Solicitation for us (draft-03 §8.2)', () => {
  const solicitation = (source: string, target: string): Uint8Array =>
    buildNd({
      type: 'neighbor-solicitation',
      source: parseIPv6(source),
      destination: parseIPv6(target),
      target: parseIPv6(target),
      options: [{ type: 'nonce', nonce: Uint8Array.of(1, 2, 3, 4, 5, 6) }],
    });

  test.each([
    ['the router', ROUTER, NATIVE],
    ['a remote, directly', REMOTE_ENDPOINT, REMOTE],
  ])('from %s is answered on the path that it took, with its nonce', (_name, from, source) => {
    const { sent } = RoutedPeerBench.leased().datagram(from, solicitation(source, OWN));
    expect(sent.map((datagram) => datagram.to)).toEqual([from]);
    const answer = parseNd(sent[0]!.payload, 0, sent[0]!.payload.length);
    if (!answer.ok || answer.value.type !== 'neighbor-advertisement') throw new Error('no NA');
    expect(answer.value).toMatchObject({ router: false, solicited: true, override: false });
    expect(formatIPv6(answer.value.target)).toBe(OWN);
    expect(formatIPv6(answer.value.source)).toBe(OWN);
    expect(findOption(answer.value.options, 'nonce')?.nonce).toEqual(
      Uint8Array.of(1, 2, 3, 4, 5, 6),
    );
  });

  test('from an address that encodes another endpoint is not answered', () => {
    const bench = RoutedPeerBench.leased();
    expect(bench.datagram('203.0.113.9:5001', solicitation(REMOTE, OWN)).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'source-mismatch': 1 });
  });

  test('for another target is not answered', () => {
    const bench = RoutedPeerBench.leased();
    expect(bench.datagram(ROUTER, solicitation(NATIVE, REMOTE)).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });
});
