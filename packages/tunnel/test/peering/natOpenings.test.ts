import { draft04Profile, type Profile } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { HEARD_TIME, OPENING_TTL } from '../../src/defaults.js';
import { ping } from '../support/packets.js';
import {
  advertisementFor,
  OWN,
  PeeringBench,
  ROUTER,
  remoteAt,
  solicitationFrom,
  solicitations,
} from '../support/peerBench.js';
import type { SentDatagram } from '../support/recorder.js';

const REMOTE_ENDPOINT = '192.0.2.9:5000';
const REMOTE = remoteAt(REMOTE_ENDPOINT);
const OPENS = OPENING_TTL;
/** The TTL of what is to arrive: the system's default. */
const ASKS = 0;

/** The TTLs of the questions to the remote: solicitations or probes. */
function questions(bench: PeeringBench, sent: readonly SentDatagram[]): number[] {
  const isQuestion = (datagram: SentDatagram): boolean =>
    datagram.payload.length === 0 || solicitations([datagram]).length > 0;
  expect(bench.now).toBeGreaterThan(0);
  return sent
    .filter((each) => each.to === REMOTE_ENDPOINT && isQuestion(each))
    .map(({ ttl }) => ttl);
}

function make(profile?: Profile): {
  readonly bench: PeeringBench;
  /** Sends a packet to the remote; the TTLs of the questions that went with it. */
  readonly sends: () => number[];
  /** Lets time pass; the TTLs of the questions meanwhile. */
  readonly waits: (milliseconds: number) => number[];
  /** A packet comes from the remote through the router; the TTLs of the questions that it causes. */
  readonly hears: (packet?: Uint8Array) => number[];
} {
  const bench = new PeeringBench(profile === undefined ? {} : { profile });
  return {
    bench,
    sends: () => questions(bench, bench.pings(REMOTE)),
    waits: (milliseconds) => questions(bench, bench.waits(milliseconds)),
    hears: (packet = ping(REMOTE, OWN)) => {
      bench.arrives(ROUTER, packet);
      return questions(bench, bench.take());
    },
  };
}

describe.each([
  ['neighbor-discovery', undefined, [OPENS, ASKS]],
  ['probe-and-seen', draft04Profile, [ASKS, ASKS]],
] as const)('the questions of a search, with %s', (_, profile, later) => {
  test('only open our own NAT while nothing comes from the remote, for a second', () => {
    const { sends, waits } = make(profile);
    expect(sends()).toEqual([OPENS]);
    expect(waits(999)).toEqual(later.filter((ttl) => ttl === OPENS));
    expect(waits(2_000)).toEqual(later.filter((ttl) => ttl === ASKS));
  });

  test('arrive once something comes from it through the router, at once', () => {
    const { sends, hears, waits } = make(profile);
    expect(sends()).toEqual([OPENS]);
    expect(hears()).toEqual([ASKS]);
    // What comes later causes nothing more, or a stranger could have us send as often as he does.
    expect([hears(), hears()]).toEqual([[], []]);
    expect(waits(1_400)[0]).toBe(ASKS);
  });

  test.each([
    [HEARD_TIME - 1, [ASKS]],
    [HEARD_TIME, [OPENS]],
  ])('to a remote that sent to us %i ms before: TTLs %j', (ago, expected) => {
    const { bench, sends, hears } = make(profile);
    expect(hears(ping(REMOTE, OWN))).toEqual([]);
    bench.waits(ago);
    expect(sends()).toEqual(expected);
  });

  test('arrive at once when something comes directly, which shows that our NAT is open', () => {
    const { bench, sends } = make(profile);
    sends();
    bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
    expect(questions(bench, bench.take())).toContain(ASKS);
  });
});

describe('with neighbor-discovery', () => {
  test('the questions that renew a confirmation arrive, also when nothing is heard', () => {
    const { bench, waits } = make();
    const [solicitation] = solicitations(bench.pings(REMOTE));
    bench.arrives(REMOTE_ENDPOINT, advertisementFor(solicitation!));
    bench.take();
    bench.waits(6_000);
    bench.pings(REMOTE);
    expect(waits(2_000)).toEqual([ASKS, ASKS, ASKS]);
  });

  test('a search after the confirmation is over opens our NAT before its first packet goes out', () => {
    const { bench } = make();
    const [solicitation] = solicitations(bench.pings(REMOTE));
    bench.arrives(REMOTE_ENDPOINT, advertisementFor(solicitation!));
    bench.take();
    bench.waits(25_001);
    const sent = bench.pings(REMOTE);
    expect(sent.map(({ to, ttl }) => [to, ttl])).toEqual([
      [REMOTE_ENDPOINT, OPENS],
      [ROUTER, ASKS],
    ]);
  });

  test('a search after one in vain opens for a second before it asks, whatever comes by the router', () => {
    const { bench, sends, hears, waits } = make();
    sends();
    hears();
    bench.waits(4_000);
    expect(hears()).toEqual([]);
    expect(sends()).toEqual([OPENS]);
    expect(hears()).toEqual([]);
    // A quarter of a second later, the remote counts as silent, and is asked once more.
    expect(waits(1_200)).toEqual([OPENS, ASKS]);
  });

  test('a search after one in vain asks at once when the remote does', () => {
    const { bench, sends } = make();
    sends();
    bench.waits(4_000);
    bench.arrives(REMOTE_ENDPOINT, solicitationFrom(REMOTE));
    expect(questions(bench, bench.take())).toEqual([ASKS]);
  });
});
