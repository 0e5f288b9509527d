import { describe, expect, test } from 'vitest';
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

const REMOTE_ENDPOINT = '192.0.2.9:5000';
const REMOTE = remoteAt(REMOTE_ENDPOINT);

const goesTo = (bench: PeeringBench): string => bench.way(ping(OWN, REMOTE));

/** A solicitation of the remote that waits for its answer. */
function asked(options: ConstructorParameters<typeof PeeringBench>[0] = {}) {
  const bench = new PeeringBench(options);
  const [solicitation] = solicitations(bench.pings(REMOTE));
  return {
    bench,
    bare: advertisementFor(solicitation!, { nonce: null }),
    solicitation: solicitation!,
  };
}

/** A path that a deployed peer, which repeats no nonces, has confirmed. */
function confirmed() {
  const all = asked();
  all.bench.arrives(REMOTE_ENDPOINT, all.bare);
  all.bench.waits(500);
  all.bench.take();
  return all;
}

/** Lets 5 s pass, and the peer renew its confirmation; the number of solicitations. */
function renewed(bench: PeeringBench): number {
  bench.waits(5_000);
  return solicitations([...bench.pings(REMOTE), ...bench.waits(10)]).length;
}

describe('an advertisement without a nonce, as deployed peers send it', () => {
  test('confirms the path when the next solicitation is due, which is then not sent', () => {
    const { bench, bare } = asked();
    bench.arrives(REMOTE_ENDPOINT, bare);
    bench.waits(499);
    expect(goesTo(bench)).toBe(ROUTER);
    expect(solicitations(bench.waits(1))).toEqual([]);
    expect(goesTo(bench)).toBe(REMOTE_ENDPOINT);
    expect(bench.events('path-changed')).toMatchObject([
      { path: 'direct', confirmedBy: 'neighbor-advertisement' },
    ]);
  });

  test('confirms it at the end of the round, where it answers the last solicitation', () => {
    const { bench, bare } = asked();
    bench.waits(1_499);
    bench.arrives(REMOTE_ENDPOINT, bare);
    expect(goesTo(bench)).toBe(ROUTER);
    bench.waits(1);
    expect(goesTo(bench)).toBe(REMOTE_ENDPOINT);
    expect(bench.events('path-changed')).toMatchObject([{ path: 'direct', previous: null }]);
  });

  test('confirms it at once after the round, within three seconds of the last solicitation', () => {
    const { bench, bare } = asked();
    bench.waits(4_000);
    bench.arrives(REMOTE_ENDPOINT, bare);
    expect(goesTo(bench)).toBe(REMOTE_ENDPOINT);
    const late = asked();
    late.bench.waits(4_001);
    late.bench.arrives(REMOTE_ENDPOINT, late.bare);
    expect(goesTo(late.bench)).toBe(ROUTER);
  });

  test('renews a path in use at once', () => {
    const { bench, bare } = confirmed();
    expect(renewed(bench)).toBe(1);
    bench.arrives(REMOTE_ENDPOINT, bare);
    bench.waits(600);
    expect(goesTo(bench)).toBe(REMOTE_ENDPOINT);
  });

  test.each([
    ['another endpoint', '192.0.2.10:5000'],
    ['another port', '192.0.2.9:5001'],
    ['the router', ROUTER],
  ])('confirms nothing from %s', (_, from) => {
    const { bench, bare } = asked();
    bench.arrives(from, bare);
    bench.waits(1_600);
    expect(goesTo(bench)).toBe(ROUTER);
  });

  test('confirms nothing where options demand a nonce', () => {
    const { bench, bare } = asked({ peering: { requireNonce: true } });
    bench.arrives(REMOTE_ENDPOINT, bare);
    bench.waits(1_600);
    expect(goesTo(bench)).toBe(ROUTER);
  });

  test('confirms nothing once the remote has repeated a nonce, also of a search that was in vain', () => {
    const { bench, bare, solicitation } = asked();
    bench.arrives(REMOTE_ENDPOINT, advertisementFor(solicitation));
    bench.waits(26_000);
    solicitations([...bench.pings(REMOTE), ...bench.waits(10)]);
    bench.arrives(REMOTE_ENDPOINT, bare);
    bench.waits(1_600);
    expect(goesTo(bench)).toBe(ROUTER);
  });

  test('gives way to one with our nonce, which its remote then has to go on repeating', () => {
    const { bench, bare, solicitation } = asked();
    bench.arrives(REMOTE_ENDPOINT, bare);
    bench.arrives(REMOTE_ENDPOINT, advertisementFor(solicitation));
    expect(goesTo(bench)).toBe(REMOTE_ENDPOINT);
    expect(renewed(bench)).toBe(1);
    bench.arrives(REMOTE_ENDPOINT, bare);
    bench.waits(600);
    expect(goesTo(bench)).toBe(ROUTER);
  });

  test('counts no more for a minute after one that answers nothing: somebody forges them', () => {
    const { bench, bare } = asked();
    bench.arrives(REMOTE_ENDPOINT, bare);
    // The second one would answer a solicitation that was not sent.
    bench.arrives(REMOTE_ENDPOINT, bare);
    bench.waits(500);
    expect(goesTo(bench)).toBe(ROUTER);
    bench.arrives(REMOTE_ENDPOINT, bare);
    bench.waits(59_499);
    bench.pings(REMOTE);
    bench.arrives(REMOTE_ENDPOINT, bare);
    bench.waits(1);
    bench.arrives(REMOTE_ENDPOINT, bare);
    bench.waits(500);
    expect(goesTo(bench)).toBe(REMOTE_ENDPOINT);
  });

  test('may come as often as we solicited', () => {
    const { bench, bare } = asked();
    bench.waits(1_000);
    for (let count = 0; count < 3; count++) bench.arrives(REMOTE_ENDPOINT, bare);
    bench.waits(500);
    expect(goesTo(bench)).toBe(REMOTE_ENDPOINT);
  });

  test('sent blindly again and again keeps no path that its remote does not answer', () => {
    const { bench, bare } = asked();
    let direct = 0;
    for (let step = 0; step < 600; step++) {
      if (goesTo(bench) === REMOTE_ENDPOINT) direct++;
      if (step % 20 === 7) bench.arrives(REMOTE_ENDPOINT, bare);
      bench.waits(100);
    }
    // Once, for eight seconds of sixty: three until what is left of the first round counts no more.
    expect(direct).toBeLessThanOrEqual(80);
  });

  test('does not have us send to its source more than came from there', () => {
    const bench = new PeeringBench();
    let received = 0;
    let sent = 0;
    const arrives = (bytes: Uint8Array): void => {
      received += bytes.length + 28;
      bench.arrives(REMOTE_ENDPOINT, bytes);
      for (const { to, payload } of [...bench.take(), ...bench.waits(300)]) {
        if (to === REMOTE_ENDPOINT) sent += payload.length + 28;
      }
    };
    const { bare } = asked();
    for (let count = 0; count < 100; count++) {
      arrives(solicitationFrom(REMOTE));
      arrives(bare);
    }
    expect(sent).toBeLessThanOrEqual(received);
    expect(bench.peer.remotes(bench.now)[0]?.packetsSentDirect).toBe(0);
  });
});
