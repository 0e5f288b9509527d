import {
  draft00Profile,
  draft01Profile,
  draft04Profile,
  encodeAddress,
  formatIPv6,
  type Profile,
  parseIPv6,
} from '@6bed4/codec';
import { buildNd, findOption, parseNd, type RouterAdvertisement } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { udp } from '../support/packets.js';
import { OWN, OWN_ENDPOINT, PeeringBench, PREFIX, remoteAt } from '../support/peerBench.js';
import { RoutedPeerBench } from '../support/routedPeerBench.js';

const MAPPED = '192.0.2.9:6666';
const CLAIMED = remoteAt('192.0.2.9:5000');
const NATIVE = '2001:db8:77::5';
const NONCE = Uint8Array.of(1, 2, 3, 4, 5, 6);

/** A frame of so many bytes. */
const frame = (source: string, size: number, destination = OWN): Uint8Array =>
  udp(source, destination, new Uint8Array(size - 48));

function advertisementIn(payload: Uint8Array): RouterAdvertisement {
  const parsed = parseNd(payload, 0, payload.length);
  if (!parsed.ok || parsed.value.type !== 'router-advertisement') throw new Error('no RA');
  return parsed.value;
}

/** The prefixes in an advertisement, those that are retracted with a minus. */
const prefixesIn = (payload: Uint8Array): string[] =>
  advertisementIn(payload).options.flatMap((option) =>
    option.type === 'prefix-information'
      ? [
          `${option.validLifetime === 0 ? '-' : ''}${formatIPv6(option.prefix)}/${option.prefixLength}`,
        ]
      : [],
  );

const base = (prefix: string, peer: string): string =>
  `${encodeAddress({ prefix, peer, lanip: 0 })}/114`;

const drops = (bench: PeeringBench): object => bench.peer.counters.snapshot().drops;

const withheld = (bench: PeeringBench): number => bench.peer.counters.snapshot().answersWithheld;

describe.each([
  ['draft03', undefined],
  ['draft04', draft04Profile],
])('a frame with a false lower half, in %s (draft-03 §6, §10.2; draft-04 §3.2)', (_, profile) => {
  const newBench = (): PeeringBench => new PeeringBench({ profile });

  test('is answered with the right prefix under its own /64, and the false one retracted', () => {
    const bench = newBench();
    bench.arrives(MAPPED, frame(CLAIMED, 200));
    const [answer, ...others] = bench.take();
    expect(others).toEqual([]);
    expect(answer!.to).toBe(MAPPED);
    expect(prefixesIn(answer!.payload)).toEqual([
      `-${base(PREFIX, '192.0.2.9:5000')}`,
      base(PREFIX, MAPPED),
    ]);
  });

  test('is answered under the /64 of another router too', () => {
    const bench = newBench();
    const foreign = 'fc64:bed:c633:6409::/64';
    bench.arrives(MAPPED, frame(encodeAddress({ prefix: foreign, peer: '192.0.2.9:5000' }), 200));
    expect(prefixesIn(bench.take()[0]!.payload)[1]).toBe(base(foreign, MAPPED));
  });

  test('is answered as soon as all that came from there is as long as the answer of 120 bytes', () => {
    const bench = newBench();
    bench.arrives(MAPPED, frame(CLAIMED, 119));
    expect(bench.take()).toEqual([]);
    expect(withheld(bench)).toBe(1);
    bench.arrives(MAPPED, frame(CLAIMED, 120));
    expect(bench.take().map(({ payload }) => payload.length)).toEqual([120]);
  });

  test('is answered when it is the second TCP SYN of 80 bytes, and not when it is the first', () => {
    const bench = newBench();
    bench.arrives(MAPPED, frame(CLAIMED, 80));
    expect(bench.take()).toEqual([]);
    bench.now += 1_000;
    bench.arrives(MAPPED, frame(CLAIMED, 80));
    expect(bench.take().map(({ to }) => to)).toEqual([MAPPED]);
  });

  test('never makes us send more bytes than came, however small and many they are', () => {
    const bench = newBench();
    let received = 0;
    let sent = 0;
    for (let step = 0; step < 500; step++) {
      const length = 48 + (step % 40);
      bench.arrives(MAPPED, frame(CLAIMED, length));
      received += length + 28;
      for (const { to, payload } of [...bench.take(), ...bench.waits(100)]) {
        if (to === MAPPED) sent += payload.length + 28;
      }
      expect(sent).toBeLessThanOrEqual(received);
    }
    expect(sent).toBeGreaterThan(0);
  });

  test('counts the bytes of its own endpoint alone', () => {
    const bench = newBench();
    for (let port = 6000; port < 6003; port++) {
      bench.arrives(`192.0.2.9:${port}`, frame(CLAIMED, 80));
    }
    expect(bench.take()).toEqual([]);
  });

  test('is answered five times at once and then each second, for every endpoint on its own', () => {
    const bench = newBench();
    const answers = (from: string): number => {
      for (let step = 0; step < 20; step++) bench.arrives(from, frame(CLAIMED, 200));
      return bench.take().filter(({ to }) => to === from).length;
    };
    expect(answers(MAPPED)).toBe(5);
    expect(withheld(bench)).toBe(15);
    expect(answers('192.0.2.9:6667')).toBe(5);
    bench.now += 999;
    expect(answers(MAPPED)).toBe(0);
    bench.now += 1;
    expect(answers(MAPPED)).toBe(1);
  });

  test('is not answered at an endpoint that nobody can be at, nor with an opaque lower half', () => {
    const bench = newBench();
    bench.arrives('192.0.2.9:0', frame(CLAIMED, 200));
    const opaque = parseIPv6(CLAIMED);
    opaque[8]! |= 1;
    bench.arrives(MAPPED, frame(formatIPv6(opaque), 200));
    expect(bench.take()).toEqual([]);
  });

  test('is answered also when it is a Neighbor Solicitation', () => {
    const bench = newBench();
    const nonce = { type: 'nonce', nonce: new Uint8Array(62) } as const;
    const message = (source: string): Uint8Array =>
      buildNd({
        type: 'neighbor-solicitation',
        source: parseIPv6(source),
        destination: parseIPv6(OWN),
        target: parseIPv6(OWN),
        options: [nonce],
      });
    bench.arrives(MAPPED, message(CLAIMED));
    expect(prefixesIn(bench.take()[0]!.payload)).toContain(base(PREFIX, MAPPED));
    bench.arrives(MAPPED, message(remoteAt(MAPPED)));
    expect(bench.take().map(({ payload }) => payload[40])).not.toContain(134);
  });
});

describe('a frame with a native source that comes directly', () => {
  test('is answered in draft03 with a prefix under the /64 that it is for (§10.2)', () => {
    const bench = new PeeringBench();
    bench.arrives(MAPPED, frame(NATIVE, 200));
    expect(prefixesIn(bench.take()[0]!.payload)).toContain(base(PREFIX, MAPPED));
    expect(bench.peer.counters.snapshot().drops).toEqual({ 'source-not-allowed': 1 });
  });

  test('is not answered when it is not for us, or has no source that can be answered', () => {
    const bench = new PeeringBench();
    bench.arrives(MAPPED, frame(NATIVE, 200, remoteAt('192.0.2.77:1000')));
    for (const source of ['fe80::1', 'ff02::1', '::', '::1']) {
      bench.arrives(MAPPED, frame(source, 200));
    }
    expect(bench.take()).toEqual([]);
  });

  test('is answered in draft03 with a /64 of our own where we are at the port of routers', () => {
    const bench = new PeeringBench();
    bench.movesTo('203.0.113.5:25790');
    const own = encodeAddress({ prefix: PREFIX, peer: '203.0.113.5:25790' });
    bench.arrives(MAPPED, frame(NATIVE, 200, own));
    expect(prefixesIn(bench.take()[0]!.payload)).toContain(base('fc64:bed:cb00:7105::/64', MAPPED));
  });

  test('is not answered in draft04, whose corrections keep the top half (§3.3)', () => {
    const bench = new PeeringBench({ profile: draft04Profile });
    bench.arrives(MAPPED, frame(NATIVE, 200));
    expect(bench.take()).toEqual([]);
    expect(withheld(bench)).toBe(0);
  });
});

/** The solicitation of a remote, padded enough for any answer, or without anything. */
function solicitation(
  overrides: { source?: string; destination?: string; bare?: boolean } = {},
): Uint8Array {
  return buildNd({
    type: 'router-solicitation',
    source: parseIPv6(overrides.source ?? '::'),
    destination: parseIPv6(overrides.destination ?? 'ff02::2'),
    options: overrides.bare
      ? []
      : [
          { type: 'nonce', nonce: NONCE },
          { type: 'unknown', code: 253, body: new Uint8Array(54) },
        ],
  });
}

describe('a locally routed prefix', () => {
  const LOCAL = 'fd12:3456:789a:1::/64';
  /** A peer whose router serves this prefix. */
  const benchUnder = (profile: Profile | undefined, prefix: string): PeeringBench => {
    const bench = new PeeringBench({ profile });
    bench.movesTo(OWN_ENDPOINT, prefix);
    return bench;
  };
  const claimed = frame(encodeAddress({ prefix: LOCAL, peer: '192.0.2.9:5000' }), 200);

  test.each(['fd12:3456:789a:1::/64', 'fc12:3456:789a:1::/64'])(
    'is not passed on in draft04: %s (§3.3.2)',
    (prefix) => {
      const bench = benchUnder(draft04Profile, prefix);
      const source = encodeAddress({ prefix, peer: '192.0.2.9:5000' });
      bench.arrives(MAPPED, frame(source, 200));
      bench.arrives(MAPPED, solicitation());
      expect(bench.take()).toEqual([]);
      expect(drops(bench)).toEqual({ 'source-mismatch': 1, 'nd-unexpected': 1 });
    },
  );

  test.each([
    ['a native prefix', '2001:db8:1:2::/64'],
    ['what lies below fc00::/7', 'fb00:1:2:3::/64'],
    ['fc64::/16', PREFIX],
  ])('is not meant by %s', (_, prefix) => {
    const bench = benchUnder(draft04Profile, prefix);
    bench.arrives(MAPPED, solicitation());
    expect(prefixesIn(bench.take()[0]!.payload)).toEqual([base(prefix, MAPPED)]);
  });

  test('is corrected in draft03, which does not forbid that', () => {
    const bench = benchUnder(undefined, LOCAL);
    bench.arrives(MAPPED, claimed);
    expect(prefixesIn(bench.take()[0]!.payload)).toContain(base(LOCAL, MAPPED));
  });
});

describe('a Router Solicitation of a remote', () => {
  const draft04 = (): PeeringBench => new PeeringBench({ profile: draft04Profile });

  test('is answered in draft04 with the /64 of our router and its nonce (§3.2, §3.3)', () => {
    const bench = draft04();
    bench.arrives(MAPPED, solicitation());
    const [answer] = bench.take();
    expect(answer!.to).toBe(MAPPED);
    expect(prefixesIn(answer!.payload)).toEqual([base(PREFIX, MAPPED)]);
    expect(findOption(advertisementIn(answer!.payload).options, 'nonce')?.nonce).toEqual(NONCE);
  });

  test('is answered to the link-local address that it came from, or else to all nodes', () => {
    const destinationFor = (source: string): string => {
      const bench = draft04();
      bench.arrives(MAPPED, solicitation({ source }));
      return formatIPv6(advertisementIn(bench.take()[0]!.payload).destination);
    };
    expect(destinationFor('fe80::7')).toBe('fe80::7');
    expect(destinationFor('::')).toBe('ff02::1');
    expect(destinationFor(remoteAt(MAPPED))).toBe('ff02::1');
  });

  test('is answered for link-local destinations alone, unicast and multicast (draft-03 §6)', () => {
    for (const destination of ['ff02::2', 'fe80::', 'fe80::1']) {
      const bench = draft04();
      bench.arrives(MAPPED, solicitation({ destination }));
      expect(bench.take()).toHaveLength(1);
    }
    const bench = draft04();
    for (const destination of [OWN, 'ff05::2', NATIVE]) {
      bench.arrives(MAPPED, solicitation({ destination }));
    }
    expect(bench.take()).toEqual([]);
    expect(drops(bench)).toEqual({ 'nd-unexpected': 3 });
  });

  test('of 48 bytes is answered by 88 only once as many came from there', () => {
    const bench = draft04();
    bench.arrives(MAPPED, solicitation({ bare: true }));
    expect(bench.take()).toEqual([]);
    expect(drops(bench)).toEqual({ 'rate-limited': 1 });
    bench.arrives(MAPPED, solicitation({ bare: true }));
    expect(bench.take().map(({ payload }) => payload.length)).toEqual([88]);
  });

  test('is answered five times at once', () => {
    const bench = draft04();
    for (let step = 0; step < 7; step++) bench.arrives(MAPPED, solicitation());
    expect(bench.take()).toHaveLength(5);
    expect(drops(bench)).toEqual({ 'rate-limited': 2 });
  });

  test('is answered under the router of its own address where that is ours, or the first', () => {
    const bench = draft04();
    bench.peer.addRouter('198.51.100.2', bench.now);
    const second = 'fc64:bed:c633:6402::/64';
    bench.advertise(OWN_ENDPOINT, second, '198.51.100.2:25790');
    bench.take();
    const under = (prefix: string): string => encodeAddress({ prefix, peer: '192.0.2.9:5000' });
    const offered = (source: string, from: string): string[] => {
      bench.arrives(from, solicitation({ source }));
      return prefixesIn(bench.take()[0]!.payload);
    };
    expect(offered(under(second), '192.0.2.9:1')).toEqual([base(second, '192.0.2.9:1')]);
    expect(offered(under(PREFIX), '192.0.2.9:2')).toEqual([base(PREFIX, '192.0.2.9:2')]);
    expect(offered(NATIVE, '192.0.2.9:3')).toEqual([base(PREFIX, '192.0.2.9:3')]);
    expect(offered('::', '192.0.2.9:4')).toEqual([base(PREFIX, '192.0.2.9:4')]);
  });

  test('is answered in draft03 only at the port of routers, under a /64 of our own (§10.2)', () => {
    const bench = new PeeringBench();
    bench.arrives(MAPPED, solicitation());
    bench.movesTo('203.0.113.5:25789');
    bench.arrives(MAPPED, solicitation());
    expect(bench.take()).toEqual([]);
    expect(drops(bench)).toEqual({ 'nd-unexpected': 2 });
    bench.movesTo('203.0.113.5:25790');
    bench.arrives(MAPPED, solicitation());
    expect(prefixesIn(bench.take()[0]!.payload)).toEqual([base('fc64:bed:cb00:7105::/64', MAPPED)]);
  });

  test('is not answered in draft03 at the port of routers under a native /64', () => {
    const bench = new PeeringBench();
    bench.movesTo('203.0.113.5:25790', '2001:db8:1:2::/64');
    bench.arrives(MAPPED, solicitation());
    expect(bench.take()).toEqual([]);
  });

  test('is not answered before there is an address, nor at impossible endpoints', () => {
    const bench = draft04();
    bench.arrives('127.0.0.1:5000', solicitation());
    expect(bench.take()).toEqual([]);
    expect(drops(bench)).toEqual({ 'source-endpoint-refused': 1 });
    const fresh = new RoutedPeerBench({ profile: draft04Profile });
    fresh.peer.start(fresh.now);
    expect(fresh.datagram(MAPPED, solicitation()).sent).toEqual([]);
    expect(fresh.drops).toEqual({ 'nd-unexpected': 1 });
  });

  test.each([draft00Profile, draft01Profile])('is not answered in $name', (profile) => {
    const bench = new RoutedPeerBench({ profile });
    bench.peer.start(bench.now);
    expect(bench.datagram(MAPPED, solicitation()).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });
});
