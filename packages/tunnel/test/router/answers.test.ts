import { parseIPv6 } from '@6bed4/codec';
import type { NdOption } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { ping, udp } from '../support/packets.js';
import { RouterBench } from '../support/routerBench.js';
import {
  A,
  ADDRESS_A,
  ADDRESS_B,
  addressOf,
  B,
  icmpError,
  NATIVE,
  prefixes,
  ROUTER,
  SOURCE_LINK_LAYER,
  solicit,
  solicitation,
} from '../support/routerMessages.js';

const OUTER_HEADERS = 28;
const manyRoutes = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `2001:db8:${index.toString(16)}::/48`);
/** A solicitation of `length` bytes, by an option that receivers skip (RFC 4727 §5). */
const padded = (length: number): Uint8Array => {
  const option: NdOption = { type: 'unknown', code: 253, body: new Uint8Array(length - 50) };
  return solicitation({ options: [option] });
};

describe('answers of a router, together', () => {
  const frames: readonly (readonly [string, Uint8Array])[] = [
    ['bare solicitations', solicitation()],
    ['solicitations with an option', solicitation({ options: [SOURCE_LINK_LAYER] })],
    ['Neighbor Solicitations', solicit(ADDRESS_A, ROUTER)],
    [
      'Neighbor Solicitations to all, without an address to answer to',
      solicit(ADDRESS_A, ROUTER, { destination: parseIPv6('ff02::1:ffbe:8000') }),
    ],
    ['false lower halves', ping(ADDRESS_B, ADDRESS_A)],
    ['false upper halves', ping(addressOf(B, 1, 'fc64:bed:c633:6409::/64'), ADDRESS_A)],
    ['hop limits that end here', ping(ADDRESS_A, ADDRESS_B, { hopLimit: 1 })],
    ['packets that are too big', ping(ADDRESS_A, ADDRESS_B, { size: 1300 })],
    ['pings', ping(ADDRESS_A, ROUTER)],
    ['packets to nowhere', ping(ADDRESS_A, 'fd00::1')],
  ];

  test.each(frames)('are never larger than the %s, but for two advertisements', (_name, frame) => {
    const bench = new RouterBench({ routes: manyRoutes(8) });
    let earned = 0;
    let answers = 0;
    let spent = 0;
    for (let index = 0; index < 200; index++) {
      earned += frame.length + OUTER_HEADERS;
      for (const { payload, to } of bench.datagram(A, frame).sent) {
        expect(to).toBe(A);
        if (++answers > 2) spent += payload.length + OUTER_HEADERS;
        expect(spent).toBeLessThanOrEqual(earned);
      }
      bench.now += 40; // no rate is reached
    }
    expect(answers).toBeGreaterThan(10);
  });

  test('are not paid by what was relayed', () => {
    const bench = new RouterBench();
    for (let index = 0; index < 5; index++) bench.datagram(A, ping(ADDRESS_A, ADDRESS_B));
    expect(bench.datagram(A, ping(ADDRESS_A, 'fd00::1')).sent).toEqual([]);
    expect(bench.router.counters.snapshot().answersWithheld).toBe(1);
  });

  test('are not paid by somebody else', () => {
    const bench = new RouterBench();
    const other = '198.51.100.2:40002';
    bench.datagram(A, ping(ADDRESS_A, 'fd00::1'));
    expect(bench.datagram(other, ping(addressOf(other), 'fd00::1')).sent).toEqual([]);
    expect(bench.datagram(A, ping(ADDRESS_A, 'fd00::1')).sent).toHaveLength(1);
  });
});

describe('Router Advertisements to solicitations that are smaller', () => {
  const answersTo = (bench: RouterBench, from: string, frame = solicitation()): number =>
    bench.datagram(from, frame).sent.length;
  const peer = (index: number): string => `198.51.100.2:${40_000 + index}`;

  test('are two at once for an IPv4 address, and one each ten seconds', () => {
    const bench = new RouterBench();
    const answered = Array.from({ length: 5 }, (_, index) => answersTo(bench, peer(index)));
    expect(answered).toEqual([1, 1, 0, 0, 0]);
    expect(bench.drops).toEqual({ 'rate-limited': 3 });
    bench.now += 9_999;
    expect(answersTo(bench, peer(5))).toBe(0);
    bench.now += 1;
    expect(answersTo(bench, peer(6))).toBe(1);
    expect(answersTo(bench, B)).toBe(1); // another IPv4 address has its own
  });

  test('come to the second solicitation of each peer in any case', () => {
    const bench = new RouterBench();
    for (let index = 0; index < 20; index++) answersTo(bench, peer(index));
    for (let index = 2; index < 20; index++) {
      expect([index, answersTo(bench, peer(index))]).toEqual([index, 1]);
    }
  });

  test('are whole, and do not use up what was earned', () => {
    const bench = new RouterBench({ routes: manyRoutes(32) });
    const { sent } = bench.datagram(A, solicitation());
    expect(prefixes(sent[0]!.payload)).toHaveLength(33);
    answersTo(bench, A);
    // 2 × 76 bytes were earned; 1140 are the price.
    expect(answersTo(bench, A, padded(952))).toBe(0);
    expect(answersTo(bench, A, padded(160))).toBe(1);
  });

  test('are not sent when they do not fit the tunnel', () => {
    const bench = new RouterBench({ routes: manyRoutes(32) });
    const nonce = (length: number): Uint8Array =>
      solicitation({ options: [{ type: 'nonce', nonce: new Uint8Array(length - 2) }] });
    expect(answersTo(bench, A, nonce(168))).toBe(1);
    expect(answersTo(bench, B, nonce(176))).toBe(0);
    expect(bench.drops).toEqual({ 'rate-limited': 1 });
  });

  test('are not counted where the solicitation is as large', () => {
    const bench = new RouterBench();
    for (let index = 0; index < 10; index++) {
      expect(answersTo(bench, peer(index), padded(88))).toBe(1);
    }
    expect(answersTo(bench, peer(10))).toBe(1);
    expect(answersTo(bench, peer(11))).toBe(1);
    expect(answersTo(bench, peer(12))).toBe(0);
    expect(answersTo(bench, peer(13), padded(80))).toBe(0);
  });

  test('flood one endpoint at most 100 at once and 50 a second, and no other', () => {
    const bench = new RouterBench();
    let answered = 0;
    for (let index = 0; index < 1_000; index++) answered += answersTo(bench, A, padded(256));
    expect(answered).toBe(100);
    expect(answersTo(bench, peer(1), padded(256))).toBe(1); // of the same IPv4 address
    bench.now += 1_000;
    for (let index = 0; index < 100; index++) answered += answersTo(bench, A, padded(256));
    expect(answered).toBe(150);
  });
});

test('Neighbor Advertisements to one endpoint are 100 at once and 50 a second', () => {
  const bench = new RouterBench();
  const ask = (): number => bench.datagram(A, solicit(ADDRESS_A, ROUTER)).sent.length;
  let answered = 0;
  for (let index = 0; index < 150; index++) answered += ask();
  expect(answered).toBe(100);
  bench.now += 1_000;
  for (let index = 0; index < 100; index++) answered += ask();
  expect(answered).toBe(150);
  expect(bench.drops).toEqual({ 'rate-limited': 100 });
});

describe('ICMPv6 errors', () => {
  test('are limited per endpoint, and it is told', () => {
    const bench = new RouterBench();
    const tooBig = ping(ADDRESS_A, ADDRESS_B, { size: 1300 });
    let errors = 0;
    for (let index = 0; index < 100; index++) errors += bench.datagram(A, tooBig).sent.length;
    expect(errors).toBe(20);
    expect(bench.router.counters.snapshot().answersWithheld).toBe(80);
    const neighbor = '198.51.100.2:40002';
    const other = ping(addressOf(neighbor), ADDRESS_B, { size: 1300 });
    expect(bench.datagram(neighbor, other).sent).toHaveLength(1);
  });
});

describe('a private endpoint at a public router (draft-03 §10.1)', () => {
  const PRIVATE = '192.168.0.5:5000';
  const address = addressOf(PRIVATE);

  test.each([PRIVATE, '10.1.2.3:5000', '100.64.2.3:5000', '169.254.9.9:5000'])(
    '%s is answered when it solicits',
    (from) => {
      const { sent } = new RouterBench().datagram(from, solicitation());
      expect(sent.map(({ to }) => to)).toEqual([from]);
      expect(prefixes(sent[0]!.payload)[0]).toContain('/114 L A 4294967295');
    },
  );

  test('is told that its packets are not relayed, once they pay for it', () => {
    const bench = new RouterBench();
    const packet = ping(address, NATIVE, { size: 100 });
    expect(bench.datagram(PRIVATE, packet).sent).toEqual([]);
    const { sent, delivered } = bench.datagram(PRIVATE, packet);
    expect(delivered).toEqual([]);
    expect(sent.map(({ to }) => to)).toEqual([PRIVATE]);
    expect(icmpError(sent[0]!.payload)).toMatchObject({
      type: 'destination-unreachable',
      code: 5,
    });
    expect(bench.drops).toEqual({ 'source-endpoint-refused': 2 });
  });

  test('may solicit the router, but reaches nobody', () => {
    const bench = new RouterBench();
    expect(bench.datagram(PRIVATE, solicit(address, ROUTER)).sent).toHaveLength(1);
    expect(bench.datagram(PRIVATE, ping(address, ADDRESS_B)).sent).toEqual([]);
    const bytes = udp(address, ROUTER, Uint8Array.of(1));
    expect(bench.datagram(PRIVATE, bytes).delivered).toEqual([]);
  });

  test('is relayed where that is allowed', () => {
    const bench = new RouterBench({ allowPrivate: true });
    expect(bench.datagram(PRIVATE, ping(address, ADDRESS_B)).sent.map(({ to }) => to)).toEqual([B]);
    const strict = new RouterBench({ address: '10.0.0.1', allowPrivate: false });
    expect(strict.datagram(PRIVATE, solicitation()).sent).toHaveLength(1);
  });

  test.each(['127.0.0.1:5000', '0.1.2.3:5000', '224.0.0.1:5000', '255.255.255.255:5000'])(
    '%s, where nobody can be, is not answered',
    (from) => {
      const bench = new RouterBench();
      for (let index = 0; index < 3; index++) {
        expect(bench.datagram(from, solicitation()).sent).toEqual([]);
        const packet = ping(addressOf(from), NATIVE, { size: 200 });
        expect(bench.datagram(from, packet).sent).toEqual([]);
      }
      expect(bench.drops).toEqual({ 'source-endpoint-refused': 6 });
    },
  );
});

test('300 peers behind one IPv4 address are all corrected within 30 seconds', () => {
  const bench = new RouterBench();
  const waiting = new Set(Array.from({ length: 300 }, (_, index) => index));
  for (let second = 0; second < 30; second++) {
    for (const index of waiting) {
      const stale = addressOf(`198.51.100.2:${20_000 + index}`);
      const { sent } = bench.datagram(`198.51.100.2:${10_000 + index}`, ping(stale, NATIVE));
      if (sent.length > 0) {
        const right = addressOf(`198.51.100.2:${10_000 + index}`, 0);
        expect(prefixes(sent[0]!.payload)[1]).toContain(right);
        waiting.delete(index);
      }
    }
    bench.now += 1_000;
  }
  expect([...waiting]).toEqual([]);
});
