import {
  defineProfile,
  draft00Profile,
  draft01Profile,
  draft02Profile,
  draft04Profile,
  encodeAddress,
  formatIPv6,
  type Profile,
  parseIPv6,
} from '@6bed4/codec';
import { buildNd, findOption, parseNd, type RouterAdvertisement } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { udp } from '../support/packets.js';
import { OWN, OWN_ENDPOINT, PeeringBench, PREFIX, ROUTER, remoteAt } from '../support/peerBench.js';
import { RoutedPeerBench } from '../support/routedPeerBench.js';

const MAPPED = '192.0.2.9:6666';
const CLAIMED = remoteAt('192.0.2.9:5000');
const NATIVE = '2001:db8:77::5';
/** An address under the /64 of a second router, which is native or locally routed. */
const OTHER_ROUTER = '198.51.100.2:25790';

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
    // 119 bytes and their outer headers are left; one more byte is needed.
    const rest = newBench();
    rest.arrives(MAPPED, frame(CLAIMED, 120));
    expect(rest.take()).toHaveLength(1);
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
    bench.advertise('203.0.113.5:25790');
    bench.take();
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

describe('a locally routed prefix, in a frame with a false lower half', () => {
  const LOCAL = 'fd12:3456:789a:1::/64';
  /** A peer whose router serves this prefix. */
  const benchOf = (profile: Profile | undefined, prefix: string): RoutedPeerBench => {
    const bench = new RoutedPeerBench({ profile });
    bench.peer.start(bench.now);
    bench.datagram(ROUTER, advertisementOf(prefix));
    bench.recorder.clear();
    return bench;
  };
  const advertisementOf = (prefix: string): Uint8Array =>
    buildNd({
      type: 'router-advertisement',
      source: parseIPv6('fe80::'),
      destination: parseIPv6('ff02::1'),
      currentHopLimit: 0,
      managed: false,
      other: false,
      homeAgent: false,
      proxy: false,
      preference: 'low',
      routerLifetime: 0xffff,
      reachableTime: 0,
      retransTimer: 0,
      options: [
        {
          type: 'prefix-information',
          prefixLength: 114,
          onLink: true,
          autonomous: true,
          validLifetime: 0xffff_ffff,
          preferredLifetime: 0xffff_ffff,
          prefix: parseIPv6(encodeAddress({ prefix, peer: OWN_ENDPOINT, lanip: 0 })),
        },
      ],
    });
  const solicitation = buildNd({
    type: 'router-solicitation',
    source: parseIPv6('::'),
    destination: parseIPv6('ff02::2'),
    options: [{ type: 'nonce', nonce: new Uint8Array(62) }],
  });

  test('is not passed on in draft04 (§3.3.2): neither corrected nor offered', () => {
    const bench = benchOf(draft04Profile, LOCAL);
    const own = bench.peer.uplinks[0]!.lease!.address;
    const claimed = encodeAddress({ prefix: LOCAL, peer: '192.0.2.9:5000' });
    expect(bench.datagram(MAPPED, frame(claimed, 200, own)).sent).toEqual([]);
    expect(bench.datagram(MAPPED, solicitation).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'source-mismatch': 1, 'nd-unexpected': 1 });
  });

  test.each([
    ['a native prefix', '2001:db8:1:2::/64'],
    ['the neighbor of fc00::/7 below', 'fb00:1:2:3::/64'],
    ['fc64::/16', PREFIX],
  ])('is passed on in draft04 when it is %s', (_, prefix) => {
    const bench = benchOf(draft04Profile, prefix);
    expect(prefixesIn(bench.datagram(MAPPED, solicitation).sent[0]!.payload)).toEqual([
      base(prefix, MAPPED),
    ]);
  });

  test('is corrected in draft03, which does not forbid that', () => {
    const bench = benchOf(undefined, LOCAL);
    const own = bench.peer.uplinks[0]!.lease!.address;
    const claimed = encodeAddress({ prefix: LOCAL, peer: '192.0.2.9:5000' });
    const { sent } = bench.datagram(MAPPED, frame(claimed, 200, own));
    expect(prefixesIn(sent[0]!.payload)).toContain(base(LOCAL, MAPPED));
  });
});

describe('a Router Solicitation of a remote', () => {
  const solicitation = (
    overrides: { source?: string; destination?: string; nonce?: number } = {},
  ): Uint8Array =>
    buildNd({
      type: 'router-solicitation',
      source: parseIPv6(overrides.source ?? '::'),
      destination: parseIPv6(overrides.destination ?? 'ff02::2'),
      options:
        overrides.nonce === 0
          ? []
          : [{ type: 'nonce', nonce: new Uint8Array(overrides.nonce ?? 62).fill(7) }],
    });
  const draft04 = (): PeeringBench => new PeeringBench({ profile: draft04Profile });

  test('is answered in draft04 with the /64 of our router and its nonce (§3.2, §3.3)', () => {
    const bench = draft04();
    bench.arrives(MAPPED, solicitation());
    const [answer] = bench.take();
    expect(answer!.to).toBe(MAPPED);
    expect(prefixesIn(answer!.payload)).toEqual([base(PREFIX, MAPPED)]);
    const { options } = advertisementIn(answer!.payload);
    expect(findOption(options, 'nonce')?.nonce).toEqual(new Uint8Array(62).fill(7));
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
    expect(bench.peer.counters.snapshot().drops).toEqual({ 'nd-unexpected': 3 });
  });

  test('of 48 bytes is answered by 88 only once as many came from there', () => {
    const bench = draft04();
    bench.arrives(MAPPED, solicitation({ nonce: 0 }));
    expect(bench.take()).toEqual([]);
    expect(bench.peer.counters.snapshot().drops).toEqual({ 'rate-limited': 1 });
    bench.arrives(MAPPED, solicitation({ nonce: 0 }));
    expect(bench.take().map(({ payload }) => payload.length)).toEqual([88]);
  });

  test('is answered under the router of its own address where that is ours, or the first', () => {
    const bench = draft04();
    bench.peer.addRouter('198.51.100.2', bench.now);
    const second = 'fc64:bed:c633:6402::/64';
    bench.arrives(
      OTHER_ROUTER,
      buildNd({
        ...advertisementIn(offerOf(second)),
        type: 'router-advertisement',
      }),
    );
    bench.take();
    const under = (prefix: string): string => encodeAddress({ prefix, peer: '192.0.2.9:5000' });
    const offered = (source: string, from: string): string[] => {
      bench.arrives(from, solicitation({ source }));
      return prefixesIn(bench.take()[0]!.payload);
    };
    expect(offered(under(second), '192.0.2.9:1')).toEqual([base(second, '192.0.2.9:1')]);
    expect(offered(under(PREFIX), '192.0.2.9:2')).toEqual([base(PREFIX, '192.0.2.9:2')]);
    expect(offered('::', '192.0.2.9:3')).toEqual([base(PREFIX, '192.0.2.9:3')]);
    expect(offered('fe80::1', '192.0.2.9:4')).toEqual([base(PREFIX, '192.0.2.9:4')]);
  });

  test('is answered in draft03 only by a peer at the port of routers, under a /64 of its own (§10.2)', () => {
    const bench = new PeeringBench();
    bench.arrives(MAPPED, solicitation());
    expect(bench.take()).toEqual([]);
    bench.advertise('203.0.113.5:25789');
    bench.take();
    bench.arrives(MAPPED, solicitation());
    expect(bench.take()).toEqual([]);
    bench.advertise('203.0.113.5:25790');
    bench.take();
    bench.arrives(MAPPED, solicitation());
    expect(prefixesIn(bench.take()[0]!.payload)).toEqual([base('fc64:bed:cb00:7105::/64', MAPPED)]);
  });

  test('is not answered before there is an address, nor at impossible endpoints', () => {
    const bench = draft04();
    bench.arrives('127.0.0.1:5000', solicitation());
    expect(bench.take()).toEqual([]);
    const fresh = new RoutedPeerBench({ profile: draft04Profile });
    fresh.peer.start(fresh.now);
    expect(fresh.datagram(MAPPED, solicitation()).sent).toEqual([]);
    expect(fresh.drops).toEqual({ 'nd-unexpected': 1 });
  });

  test.each([draft00Profile, draft01Profile])('is not answered in $name', (profile) => {
    const bench = new RoutedPeerBench({ profile });
    bench.peer.start(bench.now);
    bench.recorder.clear();
    expect(bench.datagram(MAPPED, solicitation()).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });
});

/** What a router of draft04 offers under a prefix. */
function offerOf(prefix: string): Uint8Array {
  return buildNd({
    type: 'router-advertisement',
    source: parseIPv6('fe80::'),
    destination: parseIPv6('ff02::1'),
    currentHopLimit: 0,
    managed: false,
    other: false,
    homeAgent: false,
    proxy: false,
    preference: 'low',
    routerLifetime: 0xffff,
    reachableTime: 0,
    retransTimer: 0,
    options: [
      {
        type: 'prefix-information',
        prefixLength: 114,
        onLink: true,
        autonomous: true,
        validLifetime: 0xffff_ffff,
        preferredLifetime: 0xffff_ffff,
        prefix: parseIPv6(encodeAddress({ prefix, peer: OWN_ENDPOINT, lanip: 0 })),
      },
    ],
  });
}

test('a peer of another profile at its own port offers a /64 of its own', () => {
  const profile = defineProfile({
    name: 'lab',
    dialect: 'draft03',
    port: draft02Profile.port,
    prefixes: ['fc64::/16'],
    defaultPrefix: 'fc64::/16',
  });
  const bench = new RoutedPeerBench({ profile });
  bench.peer.start(bench.now);
  const own = encodeAddress({ prefix: PREFIX, peer: '203.0.113.5:27629', lanip: 0 });
  const offer = parseNd(offerOf(PREFIX), 0, offerOf(PREFIX).length);
  if (!offer.ok || offer.value.type !== 'router-advertisement') throw new Error('no RA');
  const [option] = offer.value.options;
  if (option?.type !== 'prefix-information') throw new Error('no prefix');
  bench.datagram(
    '198.51.100.1:27629',
    buildNd({ ...offer.value, options: [{ ...option, prefix: parseIPv6(own) }] }),
  );
  const { sent } = bench.datagram(MAPPED, frame(NATIVE, 200, own.replace(/4000$/, '4001')));
  expect(bench.peer.uplinks[0]!.lease?.publicEndpoint.port).toBe(27629);
  expect(sent.length).toBeLessThanOrEqual(1);
});
