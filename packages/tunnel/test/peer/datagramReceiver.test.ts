import {
  draft01Profile,
  draft04Profile,
  encodeAddress,
  formatIPv6,
  type Profile,
  parseIPv6,
  reference2020,
} from '@6bed4/codec';
import { buildNd, parseIcmpError } from '@6bed4/nd';
import { hex } from '@6bed4/testing/bytes';
import { describe, expect, test } from 'vitest';
import { Draft01Bench } from '../support/draft01Bench.js';
import { ping } from '../support/packets.js';
import { PeeringBench, remoteAt } from '../support/peerBench.js';
import {
  NATIVE,
  OWN,
  OWN_PREFIX,
  REMOTE,
  REMOTE_ENDPOINT,
  ROUTER,
  RoutedPeerBench,
} from '../support/routedPeerBench.js';

describe('a packet from the tunnel (draft-03 §6, draft-04 §4.2)', () => {
  test('is delivered unchanged from any source when the router brings it', () => {
    for (const source of [REMOTE, NATIVE, '2002:c000:201::1']) {
      const packet = ping(source, OWN);
      expect(RoutedPeerBench.leased().datagram(ROUTER, packet).delivered).toEqual([packet]);
    }
  });

  test('is delivered directly from the endpoint that its source address encodes', () => {
    const packet = ping(REMOTE, OWN);
    expect(RoutedPeerBench.leased().datagram(REMOTE_ENDPOINT, packet).delivered).toEqual([packet]);
    const elsewhere = encodeAddress({
      prefix: 'fc64:1:203.0.113.200::/64'.replace('203.0.113.200', 'cb00:71c8'),
      peer: REMOTE_ENDPOINT,
      lanip: 5,
    });
    const trapezium = ping(elsewhere, OWN);
    expect(RoutedPeerBench.leased().datagram(REMOTE_ENDPOINT, trapezium).delivered).toEqual([
      trapezium,
    ]);
  });

  test.each([
    ['another port', REMOTE, '203.0.113.9:5001', 'source-mismatch'],
    ['another address', REMOTE, '203.0.113.8:5000', 'source-mismatch'],
    ['a native source', NATIVE, REMOTE_ENDPOINT, 'source-not-allowed'],
    ['port 0', REMOTE, '203.0.113.9:0', 'source-endpoint-refused'],
    ['loopback', REMOTE, '127.0.0.1:5000', 'source-endpoint-refused'],
    ['multicast', REMOTE, '224.0.0.1:5000', 'source-endpoint-refused'],
  ])('is dropped directly from %s', (_name, source, from, reason) => {
    const bench = RoutedPeerBench.leased();
    expect(bench.datagram(from, ping(source, OWN)).delivered).toEqual([]);
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test.each([
    ['our own address', OWN, OWN, 'loop'],
    ['a link-local address', 'fe80::1', OWN, 'source-not-allowed'],
    ['::1', '::1', OWN, 'source-not-allowed'],
  ])('is dropped from the router when its source is %s', (_name, source, destination, reason) => {
    const bench = RoutedPeerBench.leased();
    expect(bench.datagram(ROUTER, ping(source, destination)).delivered).toEqual([]);
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test.each([
    ['another peer', REMOTE, 'destination-not-ours'],
    ['a native node', NATIVE, 'destination-not-ours'],
    ['lanip 0', OWN_PREFIX, 'destination-not-ours'],
    ['a multicast address', 'ff02::1', 'destination-not-allowed'],
  ])('is dropped when its destination is %s', (_name, destination, reason) => {
    const bench = RoutedPeerBench.leased();
    expect(bench.datagram(ROUTER, ping('2001:db8::1', destination)).delivered).toEqual([]);
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test('is dropped when oversized or compressed', () => {
    const bench = RoutedPeerBench.leased();
    bench.datagram(ROUTER, ping(REMOTE, OWN, { size: 1300 }));
    bench.datagram(REMOTE_ENDPOINT, Uint8Array.of(0xfd, ...new Uint8Array(60)));
    expect(bench.drops).toEqual({ 'too-big': 1, rohc: 1 });
  });
});

describe('Neighbor Discovery behind extension headers or in fragments (RFC 6980)', () => {
  const wrapped = (kind: number, header: string): Uint8Array => {
    const message = buildNd({
      type: 'neighbor-solicitation',
      source: parseIPv6(REMOTE),
      destination: parseIPv6(OWN),
      target: parseIPv6(OWN),
      options: [],
    });
    const bytes = Uint8Array.from([
      ...message.subarray(0, 40),
      ...hex(header),
      ...message.subarray(40),
    ]);
    bytes[5]! += 8;
    bytes[6] = kind;
    return bytes;
  };

  test.each([
    ['destination options', 60, '3a00010400000000'],
    ['an atomic fragment', 44, '3a00000000000001'],
    ['a first fragment', 44, '3a00000100000001'],
  ])('is dropped from both sides, in %s', (_, kind, header) => {
    const bench = RoutedPeerBench.leased();
    for (const from of [ROUTER, REMOTE_ENDPOINT]) {
      const { sent, delivered } = bench.datagram(from, wrapped(kind, header));
      expect({ sent, delivered }).toEqual({ sent: [], delivered: [] });
    }
    expect(bench.packet(wrapped(kind, header)).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 3 });
  });
});

describe('a packet that is too big (draft-01 §6.15)', () => {
  const errorIn = (payload: Uint8Array): object => {
    const error = parseIcmpError(payload, 0, payload.length);
    if (!error.ok) throw new Error('no error');
    const { source, destination, ...rest } = error.value;
    return { ...rest, source: formatIPv6(source), destination: formatIPv6(destination) };
  };
  const big = ping(REMOTE, OWN, { size: 1233 });

  test.each([
    ['directly', REMOTE_ENDPOINT],
    ['through the router', ROUTER],
  ])('is answered on the path that it took: %s', (_, from) => {
    const bench = RoutedPeerBench.leased();
    const { sent, delivered } = bench.datagram(from, big);
    expect(delivered).toEqual([]);
    expect(sent.map(({ to }) => to)).toEqual([from]);
    const { payload } = sent[0]!;
    expect(payload.length).toBe(1280);
    expect(errorIn(payload)).toMatchObject({
      type: 'packet-too-big',
      mtu: 1280,
      source: OWN,
      destination: REMOTE,
    });
    expect(bench.drops).toEqual({ 'too-big': 1 });
  });

  test('is one of more than 1280 bytes', () => {
    const bench = RoutedPeerBench.leased();
    const { sent, delivered } = bench.datagram(ROUTER, ping(REMOTE, OWN, { size: 1232 }));
    expect([sent.length, delivered.length]).toEqual([0, 1]);
  });

  test('is not answered when the filters refuse it', () => {
    const bench = RoutedPeerBench.leased();
    for (const [from, source, destination] of [
      ['203.0.113.9:5001', REMOTE, OWN],
      [REMOTE_ENDPOINT, NATIVE, REMOTE],
      [REMOTE_ENDPOINT, REMOTE, REMOTE],
      [ROUTER, NATIVE, OWN_PREFIX],
      [ROUTER, 'fe80::1', OWN],
    ] as const) {
      const { sent } = bench.datagram(from, ping(source, destination, { size: 1300 }));
      expect(sent.filter(({ payload }) => payload[40] === 2)).toEqual([]);
    }
  });

  test('is not answered when it is an ICMPv6 error (RFC 4443 §2.4 (e))', () => {
    const bench = RoutedPeerBench.leased();
    const error = big.slice();
    error[40] = 1;
    expect(bench.datagram(ROUTER, error).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'too-big': 1 });
  });

  test('is answered 20 times at once and then 10 times a second, for every sender on its own', () => {
    const bench = RoutedPeerBench.leased();
    const answers = (from: string, source: string): number => {
      let count = 0;
      for (let step = 0; step < 50; step++) {
        count += bench.datagram(from, ping(source, OWN, { size: 1300 })).sent.length;
      }
      return count;
    };
    expect(answers(REMOTE_ENDPOINT, REMOTE)).toBe(20);
    expect(answers(ROUTER, NATIVE)).toBe(20);
    expect(answers(ROUTER, '2001:db8:77::6')).toBe(20);
    bench.now += 1_000;
    expect(answers(REMOTE_ENDPOINT, REMOTE)).toBe(10);
    expect(bench.peer.counters.snapshot().answersWithheld).toBe(130);
  });
});

describe('a direct packet between different /64s (draft-04 §4.2)', () => {
  const FOREIGN = encodeAddress({ prefix: 'fc64:bed:c633:6409::/64', peer: REMOTE_ENDPOINT });
  const NATIVE_PREFIX = '2001:db8:1:2::/64';
  const nativeOwn = encodeAddress({ prefix: NATIVE_PREFIX, peer: '203.0.113.5:40000', lanip: 1 });
  const benchOf = (profile: Profile, subnet?: string): PeeringBench => {
    const bench = new PeeringBench({ profile });
    if (subnet !== undefined) bench.movesTo('203.0.113.5:40000', subnet);
    return bench;
  };
  const isDelivered = (bench: PeeringBench, source: string, destination: string): boolean => {
    bench.recorder.clear();
    bench.arrives(REMOTE_ENDPOINT, ping(source, destination));
    return bench.recorder.delivered.length === 1;
  };

  test('is accepted in draft04 when both are 6bed4-prefixed', () => {
    expect(isDelivered(benchOf(draft04Profile), FOREIGN, OWN)).toBe(true);
  });

  test('is refused in draft04 when the destination is native, again and again', () => {
    const bench = benchOf(draft04Profile, NATIVE_PREFIX);
    for (let step = 0; step < 3; step++) {
      expect(isDelivered(bench, FOREIGN, nativeOwn)).toBe(false);
      // Now a known remote.
      bench.sends(ping(nativeOwn, FOREIGN));
    }
    expect(bench.peer.counters.snapshot().drops).toEqual({ 'source-not-allowed': 3 });
    const neighbor = encodeAddress({ prefix: NATIVE_PREFIX, peer: REMOTE_ENDPOINT, lanip: 1 });
    expect(isDelivered(bench, neighbor, nativeOwn)).toBe(true);
  });

  test('is accepted in draft04 when its sender has an address of another router of ours', () => {
    const bench = benchOf(draft04Profile, NATIVE_PREFIX);
    bench.peer.addRouter('198.51.100.2', bench.now);
    const second = '2001:db8:3:4::/64';
    bench.advertise('203.0.113.5:40000', second, '198.51.100.2:25790');
    const source = encodeAddress({ prefix: second, peer: REMOTE_ENDPOINT });
    expect(isDelivered(bench, source, nativeOwn)).toBe(true);
  });

  test('is accepted in draft03 when the destination is native', () => {
    expect(isDelivered(benchOf(reference2020, NATIVE_PREFIX), FOREIGN, nativeOwn)).toBe(true);
  });
});

describe('a frame without a whole IPv6 header', () => {
  const REMOTE_OF_US = remoteAt('192.0.2.9:5000');
  const PROBED = '192.0.2.9:5000';
  const SEEN = 0x20;

  /** Whether a frame makes us report that we see its sender. */
  const isProbe = (frame: Uint8Array): boolean => {
    const bench = new PeeringBench({ profile: draft04Profile });
    bench.pings(REMOTE_OF_US);
    bench.arrives(PROBED, frame);
    const sent = bench.pings(REMOTE_OF_US).find(({ payload }) => payload.length > 0)!;
    const probed = (((sent.payload[0]! & 0xf) << 4) & SEEN) !== 0;
    const { drops, keepalivesReceived } = bench.peer.counters.snapshot();
    expect(keepalivesReceived).toBe(probed ? 1 : 0);
    expect(Object.keys(drops)).toHaveLength(probed ? 0 : 1);
    return probed;
  };

  test.each([
    ['nothing', 0, 0],
    ['one byte', 1, 0],
    ['what begins like IPv6', 39, 0x60],
    ['what begins like compressed headers', 3, 0xe0],
  ])('is a probe in draft04: %s (§4.2)', (_, length, first) => {
    expect(isProbe(new Uint8Array(length).fill(first, 0, 1))).toBe(true);
  });

  test('is not one of 40 bytes', () => {
    expect(isProbe(new Uint8Array(40))).toBe(false);
    expect(isProbe(new Uint8Array(40).fill(0xe0, 0, 1))).toBe(false);
  });

  test.each([draft01Profile, reference2020])(
    'is dropped by a peer of $name, unless it is empty',
    (profile) => {
      const bench = new RoutedPeerBench({ profile });
      bench.peer.start(bench.now);
      bench.datagram(REMOTE_ENDPOINT, new Uint8Array(1));
      bench.datagram(REMOTE_ENDPOINT, new Uint8Array(39).fill(0x60, 0, 1));
      bench.datagram(REMOTE_ENDPOINT, new Uint8Array(0));
      expect(bench.peer.counters.snapshot()).toMatchObject({
        keepalivesReceived: 1,
        drops: { 'too-short': 2 },
      });
    },
  );

  test('is what a driver says is longer than it is', () => {
    const bench = RoutedPeerBench.leased();
    const packet = ping(REMOTE, OWN, { size: 100 });
    bench.peer.handleDatagram(
      packet.subarray(0, 100),
      0,
      packet.length,
      0xc633_6401,
      25_790,
      bench.now,
    );
    expect(bench.recorder.delivered).toEqual([]);
    expect(bench.drops).toEqual({ 'length-mismatch': 1 });
  });
});

describe('link-local addresses between peers (draft-01 §6.1, §6.9)', () => {
  const { linkLocalOf } = Draft01Bench;
  const OTHER = '192.0.2.8:5000';

  test.each(['identifier', 'linkScoped'] as const)(
    'are acceptable sources when they encode the endpoint, as %s',
    (form) => {
      const bench = new Draft01Bench();
      bench.arrives(OTHER, ping(linkLocalOf(OTHER)[form], bench.own));
      expect(bench.recorder.delivered).toHaveLength(1);
      bench.arrives('192.0.2.8:5002', ping(linkLocalOf(OTHER)[form], bench.own));
      bench.arrives(OTHER, ping('fe80::1', bench.own));
      expect(bench.recorder.delivered).toHaveLength(1);
      expect(bench.peer.counters.snapshot().drops).toEqual({ 'source-not-allowed': 2 });
    },
  );

  test('are acceptable destinations when they are ours, and the packet came directly', () => {
    const bench = new Draft01Bench();
    const own = linkLocalOf(Draft01Bench.OWN_ENDPOINT).identifier;
    bench.arrives(OTHER, ping(linkLocalOf(OTHER).identifier, own));
    bench.arrives(OTHER, ping(bench.remoteAt(OTHER), own));
    expect(bench.recorder.delivered).toHaveLength(2);
    bench.arrives(OTHER, ping(linkLocalOf(OTHER).identifier, 'fe80::1'));
    bench.arrives(Draft01Bench.ROUTER, ping(bench.remoteAt(OTHER), own));
    expect(bench.recorder.delivered).toHaveLength(2);
    expect(bench.peer.counters.snapshot().drops).toEqual({ 'destination-not-allowed': 2 });
  });

  test('are not acceptable elsewhere', () => {
    const bench = RoutedPeerBench.leased();
    const source = encodeAddress({ prefix: 'fe80::/64', peer: REMOTE_ENDPOINT });
    expect(bench.datagram(REMOTE_ENDPOINT, ping(source, OWN)).delivered).toEqual([]);
    const own = encodeAddress({ prefix: 'fe80::/64', peer: '203.0.113.5:40000' });
    expect(bench.datagram(REMOTE_ENDPOINT, ping(REMOTE, own)).delivered).toEqual([]);
    expect(bench.drops).toEqual({ 'source-not-allowed': 1, 'destination-not-allowed': 1 });
  });
});
