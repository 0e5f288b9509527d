import { draft04Profile, parseIPv6, reference2020 } from '@6bed4/codec';
import { buildNd, setTrafficClass } from '@6bed4/nd';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advertisement, ping, prefixOption, udp } from '../support/packets.js';
import {
  advertisementFor,
  messageIn,
  OWN,
  PeeringBench,
  ROUTER,
  remoteAt,
  solicitationFrom,
  solicitations,
} from '../support/peerBench.js';

const FRIEND_ENDPOINT = '192.0.2.9:5000';
const FRIEND = remoteAt(FRIEND_ENDPOINT);
const VICTIM_ENDPOINT = '192.0.2.80:53';
const VICTIM = remoteAt(VICTIM_ENDPOINT);
const MALLORY_ENDPOINT = '192.0.2.66:6666';
const MALLORY = remoteAt(MALLORY_ENDPOINT);
const NEARBY_ENDPOINT = '10.0.0.66:6666';
const MAX_REMOTES = 8;
const SEEN = 0x20;

const claimed = fc.constantFrom(FRIEND, VICTIM, MALLORY, OWN, 'fe80::', '2001:db8::1');
const endpoint = fc.constantFrom(
  FRIEND_ENDPOINT,
  VICTIM_ENDPOINT,
  MALLORY_ENDPOINT,
  NEARBY_ENDPOINT,
);
const nonce = fc.option(fc.uint8Array({ minLength: 6, maxLength: 6 }), { nil: null });

/** Datagrams of an attacker that can forge any IPv4 source address, but does not see our packets. */
const forgery: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.tuple(claimed, nonce).map(([source, value]) => solicitationFrom(source, value ?? undefined)),
  fc.tuple(claimed, claimed, nonce).map(([source, target, value]) =>
    buildNd({
      type: 'neighbor-advertisement',
      source: parseIPv6(source),
      destination: parseIPv6(OWN),
      router: false,
      solicited: true,
      override: true,
      target: parseIPv6(target),
      options: value === null ? [] : [{ type: 'nonce', nonce: value }],
    }),
  ),
  fc.tuple(claimed, claimed).map(([target, destination]) =>
    buildNd({
      type: 'redirect',
      source: parseIPv6('fe80::1'),
      destination: parseIPv6(OWN),
      target: parseIPv6(target === 'fe80::' ? FRIEND : target),
      redirectDestination: parseIPv6(destination),
      options: [{ type: 'redirected-header', packet: ping(OWN, target).slice(0, 64) }],
    }),
  ),
  fc.tuple(claimed, nonce).map(([prefix, value]) =>
    advertisement({
      options: [
        prefixOption(parseIPv6(prefix)),
        ...(value === null ? [] : [{ type: 'nonce' as const, nonce: value }]),
      ],
    }),
  ),
  fc.tuple(claimed, fc.boolean(), fc.nat(200)).map(([source, seen, size]) => {
    const packet = udp(source, OWN, new Uint8Array(size));
    if (seen) setTrafficClass(packet, 0, SEEN);
    return packet;
  }),
  fc.constant(new Uint8Array(0)),
  fc
    .uint8Array({ minLength: 1, maxLength: 60, size: 'max' })
    .map((noise) => Uint8Array.of(0xfd, ...noise)),
  // An unknown remote, to fill the table.
  fc.integer({ min: 1, max: 65_535 }).map((port) => ping(remoteAt(`192.0.2.77:${port}`), OWN)),
);

type Step =
  | { readonly do: 'forge'; readonly from: string; readonly bytes: Uint8Array }
  | { readonly do: 'invent'; readonly port: number }
  | { readonly do: 'talk' }
  | { readonly do: 'wait'; readonly time: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('forge' as const), from: endpoint, bytes: forgery }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('invent' as const),
      port: fc.integer({ min: 1, max: 65_535 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('talk' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), time: fc.nat(4_000) }),
  },
);

/** On the wire, with IPv4 and UDP headers: an empty datagram weighs something too. */
const weight = (bytes: Uint8Array): number => bytes.length + 28;

describe.each([
  ['draft03', reference2020],
  ['draft04', draft04Profile],
])('%s: an attacker who forges source addresses', (_, profile) => {
  test('moves no traffic, floods nobody, breaks no working path and fills no memory', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const bench = new PeeringBench({ profile, peering: { maxRemotes: MAX_REMOTES } });
        const received = new Map<string, number>();
        const sent = new Map<string, number>();
        let honest = true;
        const book = (datagrams: ReturnType<PeeringBench['take']>): void => {
          for (const { to, payload } of datagrams) {
            sent.set(to, (sent.get(to) ?? 0) + weight(payload));
            const message = messageIn({ payload });
            const isData = payload.length > 0 && message === null && payload[0]! >>> 4 === 6;
            // The friend's packets take the router or go where the friend's address says.
            if (isData) expect([ROUTER, FRIEND_ENDPOINT]).toContain(to);
            // The friend answers solicitations, so that its path stays confirmed.
            if (!honest || to !== FRIEND_ENDPOINT) continue;
            honest = false;
            for (const solicitation of solicitations([{ to, payload, tos: 0, ttl: 0 }])) {
              bench.arrives(FRIEND_ENDPOINT, advertisementFor(solicitation));
            }
            honest = true;
          }
        };
        const talk = (): void => {
          bench.sends(udp(OWN, FRIEND, new Uint8Array(20)));
          book(bench.take());
        };
        talk();
        for (const one of steps) {
          if (one.do === 'wait') {
            book(bench.waits(one.time));
          } else if (one.do === 'talk') {
            talk();
          } else {
            const from = one.do === 'forge' ? one.from : `192.0.2.77:${one.port}`;
            const bytes = one.do === 'forge' ? one.bytes : ping(remoteAt(from), OWN);
            received.set(from, (received.get(from) ?? 0) + weight(bytes));
            bench.arrives(from, bytes);
            book(bench.take());
          }
        }
        for (const [to, bytes] of sent) {
          if (to === ROUTER || to === FRIEND_ENDPOINT) continue;
          expect(bytes, to).toBeLessThanOrEqual(received.get(to) ?? 0);
        }
        const remotes = bench.peer.remotes(bench.now);
        expect(remotes.length).toBeLessThanOrEqual(MAX_REMOTES);
        expect(remotes.map(({ address }) => address)).toContain(FRIEND);
        if (profile === reference2020) {
          talk();
          book(bench.waits(600));
          talk();
          book(bench.waits(600));
          const friend = bench.peer.remotes(bench.now).find(({ address }) => address === FRIEND);
          expect(friend?.path).toBe('direct');
        }
        expect(bench.events('address-changed')).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});
