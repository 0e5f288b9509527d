import { encodeAddress, parseIPv6 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import type { PeerOptions } from '../../src/peer/peerOptions.js';
import { ping } from '../support/packets.js';
import {
  advertise,
  nonceIn,
  OWN,
  offer,
  PREFIX,
  REMOTE,
  ROUTER,
  RoutedPeerBench,
  solicitations,
} from '../support/routedPeerBench.js';

/** An offer for us at another port, as a forger or after a NAT dropped our mapping. */
function offerAt(port: number): ReturnType<typeof offer> {
  const peer = `203.0.113.5:${port}`;
  return offer({ prefix: parseIPv6(encodeAddress({ prefix: PREFIX, peer, lanip: 0 })) });
}

const otherwise = advertise({ options: [offerAt(41000)] });
const withNonce = (nonce: Uint8Array, port = 40000): Uint8Array =>
  advertise({ options: [offerAt(port), { type: 'nonce', nonce }] });

/** A started peer whose first solicitation was in vain, so that the second went out without nonce too. */
function waiting(options: Partial<PeerOptions> = {}): RoutedPeerBench {
  const bench = new RoutedPeerBench(options);
  bench.peer.start(bench.now);
  bench.wake();
  return bench;
}

const portOf = (bench: RoutedPeerBench): number | undefined =>
  bench.peer.uplinks[0]!.lease?.publicEndpoint.port;

describe('an advertisement with a nonce (draft-03 §8.3)', () => {
  test('is adopted at once where the nonce is ours, also after further attempts', () => {
    for (const attempts of [1, 2, 3]) {
      const bench = new RoutedPeerBench();
      bench.peer.start(bench.now);
      const nonce = nonceIn(bench.recorder.sent);
      for (let attempt = 1; attempt < attempts; attempt++) bench.wake();
      bench.datagram(ROUTER, withNonce(nonce));
      expect(bench.types).toEqual(['address-acquired']);
    }
  });

  test.each([
    ['another', (nonce: Uint8Array) => nonce.map((byte, at) => (at === 5 ? byte ^ 1 : byte))],
    ['a longer', (nonce: Uint8Array) => Uint8Array.of(...nonce, 0, 0, 0, 0, 0, 0, 0, 0)],
  ])('is refused while we solicit where it has %s nonce', (_name, change) => {
    const bench = waiting();
    bench.datagram(ROUTER, withNonce(change(bench.recorder.nonce!)));
    bench.now += 500;
    bench.peer.handleTimeout(bench.now);
    expect(bench.drops).toEqual({ 'advertisement-refused': 1 });
    expect(portOf(bench)).toBeUndefined();
  });

  test('is refused where the nonce is of an earlier start, or from before the network changed', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    const first = bench.recorder.nonce!;
    bench.peer.stop(bench.now);
    bench.peer.start(bench.now);
    bench.datagram(ROUTER, withNonce(first));
    const second = bench.recorder.nonce!;
    bench.peer.solicit(bench.now);
    bench.datagram(ROUTER, withNonce(second));
    expect(bench.drops).toEqual({ 'advertisement-refused': 2 });
    bench.answer();
    expect(portOf(bench)).toBe(40000);
  });

  test('answers once: what comes with the same nonce later only makes us solicit', () => {
    const bench = RoutedPeerBench.leased();
    const { sent } = bench.datagram(ROUTER, withNonce(bench.recorder.nonce!, 41000));
    expect(solicitations(sent)).toHaveLength(1);
    expect(portOf(bench)).toBe(40000);
  });

  test('is the only kind believed of a router that once repeated a nonce, until it is started anew', () => {
    const bench = RoutedPeerBench.leased();
    bench.peer.solicit(bench.now);
    for (let attempt = 2; attempt <= 3; attempt++) expect(bench.wake().sent).toHaveLength(1);
    bench.datagram(ROUTER, otherwise);
    bench.now += 500;
    bench.peer.handleTimeout(bench.now);
    expect(portOf(bench)).toBe(40000);
    expect(bench.drops).toEqual({ 'advertisement-refused': 1 });
    bench.peer.stop(bench.now);
    bench.peer.start(bench.now);
    bench.recorder.clear();
    expect(bench.wake().sent).toHaveLength(2);
  });

  test('shows that the router repeats nonces even where its offer cannot be used', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    bench.answer({ options: [] });
    expect(bench.wake().sent).toHaveLength(1);
  });
});

describe('an advertisement without nonce', () => {
  test('is refused before a solicitation without nonce went out', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    bench.datagram(ROUTER, advertise());
    expect(bench.drops).toEqual({ 'advertisement-refused': 1 });
    bench.peer.handleTimeout(bench.now + 999);
    expect(portOf(bench)).toBeUndefined();
  });

  test('is adopted after half a second in which nothing contradicts it', () => {
    const bench = waiting();
    bench.datagram(ROUTER, advertise());
    expect(bench.peer.uplinks[0]).toMatchObject({
      state: 'soliciting',
      nextTimer: { reason: 'adoption', at: bench.now + 500 },
    });
    bench.peer.handleTimeout(bench.now + 499);
    expect(bench.types).toEqual([]);
    bench.datagram(ROUTER, advertise());
    bench.wake();
    expect(bench.types).toEqual(['address-acquired']);
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'leased', attempts: 0 });
  });

  test.each([
    ['address', otherwise],
    ['valid lifetime', advertise({ options: [offer({ validLifetime: 9, preferredLifetime: 9 })] })],
    ['router lifetime', advertise({ routerLifetime: 9 })],
    [
      'route',
      advertise({
        options: [
          offer(),
          offer({
            onLink: false,
            autonomous: false,
            prefixLength: 3,
            prefix: parseIPv6('2000::'),
          }),
        ],
      }),
    ],
  ])('is dropped with the one that says another %s, until the next attempt', (_name, other) => {
    for (const [one, two] of [
      [advertise(), other],
      [other, advertise()],
    ] as const) {
      const bench = waiting();
      bench.datagram(ROUTER, one);
      bench.datagram(ROUTER, two);
      bench.datagram(ROUTER, one);
      expect(bench.drops).toEqual({ 'advertisement-refused': 2 });
      bench.peer.handleTimeout(bench.now + 500);
      expect(portOf(bench)).toBeUndefined();
      expect(bench.wake().sent).toHaveLength(2);
      bench.datagram(ROUTER, advertise());
      bench.wake();
      expect(portOf(bench)).toBe(40000);
    }
  });

  test('yields to one with our nonce, before and after it is adopted', () => {
    const early = waiting();
    early.datagram(ROUTER, otherwise);
    early.answer();
    early.now += 500;
    early.peer.handleTimeout(early.now);
    const late = waiting();
    late.datagram(ROUTER, otherwise);
    late.wake();
    expect(portOf(late)).toBe(41000);
    late.answer();
    expect([portOf(early), portOf(late)]).toEqual([40000, 40000]);
  });

  test('is dropped when the peer stops, and when it solicits anew', () => {
    for (const end of ['stop', 'solicit'] as const) {
      const bench = waiting();
      bench.datagram(ROUTER, otherwise);
      bench.peer[end](bench.now);
      bench.now += 500;
      bench.peer.handleTimeout(bench.now);
      expect(portOf(bench)).toBeUndefined();
    }
  });

  test('gains a forger nothing while the router answers as well, however many are sent', () => {
    const bench = RoutedPeerBench.leased();
    for (let time = 0; time < 60_000; time += 100) {
      bench.now += 100;
      bench.recorder.clear();
      if (bench.peer.nextTimeout() <= bench.now) bench.peer.handleTimeout(bench.now);
      bench.datagram(ROUTER, otherwise);
      bench.datagram(ROUTER, otherwise);
      if (bench.peer.uplinks[0]!.state === 'refreshing') bench.answer();
      expect(portOf(bench)).toBe(40000);
    }
  });

  test('gains a forger nothing but delay while a router without nonces answers as well', () => {
    // Without keepalives, so that each timer is one of a solicitation.
    const bench = waiting({ keepalive: { interval: 0, ttl: 3 } });
    bench.datagram(ROUTER, advertise());
    bench.wake();
    bench.peer.solicit(bench.now);
    for (let attempt = 0; attempt < 6; attempt++) {
      bench.datagram(ROUTER, otherwise);
      bench.datagram(ROUTER, advertise());
      bench.datagram(ROUTER, otherwise);
      bench.wake();
      expect(portOf(bench)).toBe(40000);
    }
    bench.datagram(ROUTER, advertise());
    bench.wake();
    expect(bench.peer.uplinks[0]!.state).toBe('leased');
  });
});

describe('an unsolicited advertisement', () => {
  test('changes nothing where it says nothing new', () => {
    const bench = RoutedPeerBench.leased();
    const { sent, events } = bench.datagram(ROUTER, advertise());
    expect({ sent, events }).toEqual({ sent: [], events: [] });
    expect(bench.drops).toEqual({});
  });

  test('causes a solicitation where it differs, and only the answer to that is adopted', () => {
    const bench = RoutedPeerBench.leased();
    const { sent, events } = bench.datagram(ROUTER, otherwise);
    expect(events).toEqual([]);
    expect(sent.map((datagram) => datagram.to)).toEqual([ROUTER]);
    expect(bench.peer.uplinks[0]!.state).toBe('refreshing');
    bench.datagram(ROUTER, otherwise);
    expect(portOf(bench)).toBe(40000);
    bench.answer({ options: [offerAt(41000)] });
    expect(bench.recorder.events).toMatchObject([
      { type: 'address-changed', previous: { address: OWN } },
    ]);
    expect(bench.packet(ping(OWN, REMOTE)).sent).toEqual([]);
    const now = bench.peer.uplinks[0]!.lease!.address;
    expect(bench.packet(ping(now, REMOTE)).sent).toHaveLength(1);
  });

  test('causes a solicitation that is no longer than it is, and longer ones where nobody answers', () => {
    const bench = RoutedPeerBench.leased();
    const { sent } = bench.datagram(ROUTER, otherwise);
    expect(sent.map(({ payload }) => payload.length)).toEqual([otherwise.length]);
    expect(bench.wake().sent.map(({ payload }) => payload.length)).toEqual([512]);
    bench.answer();
    bench.peer.solicit(bench.now);
    expect(bench.recorder.sent.at(-1)!.payload).toHaveLength(256);
  });

  test('causes two solicitations at once at most, and then one in five seconds', () => {
    const bench = RoutedPeerBench.leased();
    const start = bench.now;
    const counts: number[] = [];
    for (const wait of [0, 4_999, 5_000]) {
      bench.now = start + wait;
      let count = 0;
      for (let index = 0; index < 100; index++) {
        count += bench.datagram(ROUTER, otherwise).sent.length;
        if (bench.peer.uplinks[0]!.state === 'refreshing') bench.answer();
      }
      counts.push(count);
    }
    expect(counts).toEqual([2, 0, 1]);
  });
});
