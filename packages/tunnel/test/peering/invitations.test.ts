import { draft04Profile, encodeAddress, type Profile, reference2020 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { messageIn, PeeringBench, ROUTER } from '../support/peerBench.js';
import type { SentDatagram } from '../support/recorder.js';

const IPV4 = '192.0.2.77';
/** Under the subnet prefix that names 192.0.2.77 itself as the router. */
const OWN_ROUTER = 'fc64:bed:c000:24d::/64';

const INVITING = encodeAddress({ prefix: OWN_ROUTER, peer: `${IPV4}:25790`, lanip: 1 });

/** The packets among datagrams, by where they went. */
const wayOf = (sent: readonly SentDatagram[]): string[] =>
  sent
    .filter(({ payload }) => payload.length > 0 && messageIn({ payload }) === null)
    .map(({ to }) => to);

const profiles: readonly (readonly [string, Profile])[] = [
  ['draft03', reference2020],
  ['draft04', draft04Profile],
];

describe.each(profiles)('%s: an invitation (draft-03 §8.4)', (_, profile) => {
  test('is sent packets directly at once, under whatever address its holder has', () => {
    for (const lanip of [1, 2, 16_383]) {
      const bench = new PeeringBench({ profile });
      const inviting = encodeAddress({ prefix: OWN_ROUTER, peer: `${IPV4}:25790`, lanip });
      expect(wayOf(bench.pings(inviting))).toEqual([`${IPV4}:25790`]);
      expect(bench.events('path-changed')).toMatchObject([
        { path: 'direct', confirmedBy: 'invitation' },
      ]);
    }
  });

  test.each([
    ['another port', encodeAddress({ prefix: OWN_ROUTER, peer: `${IPV4}:25792`, lanip: 1 })],
    [
      'another IPv4 address',
      encodeAddress({ prefix: OWN_ROUTER, peer: '192.0.2.78:25790', lanip: 1 }),
    ],
    [
      'a prefix that is not 6bed4',
      encodeAddress({ prefix: '2001:db8:c000:24d::/64', peer: `${IPV4}:25790`, lanip: 1 }),
    ],
    [
      'a prefix of the same kind of private network',
      encodeAddress({ prefix: 'fd64:bed:c000:24d::/64', peer: `${IPV4}:25790`, lanip: 1 }),
    ],
    [
      'the address of the router itself',
      encodeAddress({ prefix: OWN_ROUTER, peer: `${IPV4}:25790`, lanip: 0 }),
    ],
  ])('is none with %s', (__, address) => {
    const bench = new PeeringBench({ profile });
    expect(wayOf(bench.pings(address))).toEqual([ROUTER]);
    const reports = bench.events('path-changed').map(({ confirmedBy }) => confirmedBy);
    expect(reports).not.toContain('invitation');
  });

  test('that nobody confirms is left for the router', () => {
    const bench = new PeeringBench({ profile });
    bench.pings(INVITING);
    bench.waits(28_000);
    expect(wayOf(bench.pings(INVITING))).toEqual([ROUTER]);
  });
});
