import {
  draft04Profile,
  encodeAddress,
  formatIPv6,
  type Profile,
  parseIPv6,
  reference2020,
} from '@6bed4/codec';
import { buildNd, parseIcmpError, setTrafficClass, trafficClass } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { Draft01Bench } from '../support/draft01Bench.js';
import { ping } from '../support/packets.js';
import { PeeringBench, remoteAt } from '../support/peerBench.js';
import {
  NATIVE,
  OWN,
  OWN_ENDPOINT,
  OWN_PREFIX,
  PREFIX,
  REMOTE,
  ROUTER,
  RoutedPeerBench,
} from '../support/routedPeerBench.js';

describe('a packet of the local side (draft-04 §4.1)', () => {
  test.each([REMOTE, NATIVE])('goes to %s through the router, with one hop less', (to) => {
    const packet = ping(OWN, to);
    const { sent } = RoutedPeerBench.leased().packet(packet);
    packet[7]!--;
    expect(sent).toEqual([{ payload: packet, to: ROUTER, tos: 0, ttl: 0 }]);
  });

  test('without a hop left is answered with Time Exceeded', () => {
    const { sent, delivered } = RoutedPeerBench.leased().packet(ping(OWN, REMOTE, { hopLimit: 1 }));
    expect(sent).toEqual([]);
    const error = parseIcmpError(delivered[0]!, 0, delivered[0]!.length);
    if (!error.ok) throw new Error('no error');
    expect(error.value).toMatchObject({ type: 'time-exceeded', code: 0 });
    expect(formatIPv6(error.value.source)).toBe(OWN_PREFIX);
    expect(formatIPv6(error.value.destination)).toBe(OWN);
  });

  test('of more than 1280 bytes is answered with Packet Too Big', () => {
    const bench = RoutedPeerBench.leased();
    expect(bench.packet(ping(OWN, REMOTE, { size: 1232 })).sent).toHaveLength(1);
    const { sent, delivered } = bench.packet(ping(OWN, REMOTE, { size: 1352 }));
    expect(sent).toEqual([]);
    expect(parseIcmpError(delivered[0]!, 0, delivered[0]!.length)).toMatchObject({
      ok: true,
      value: { type: 'packet-too-big', mtu: 1280 },
    });
  });

  test.each([
    ['a source that is not ours', NATIVE, REMOTE, 'source-not-allowed'],
    ['a source of lanip 0, which is the router’s', OWN_PREFIX, REMOTE, 'source-not-allowed'],
    ['a source that is not ours, to an address of ours', NATIVE, OWN, 'source-not-allowed'],
    ['a link-local source', 'fe80::1', REMOTE, 'source-not-allowed'],
    ['a multicast destination', OWN, 'ff02::16', 'destination-not-allowed'],
    ['a link-local destination', OWN, 'fe80::1', 'destination-not-allowed'],
    [
      'a destination of ours',
      OWN,
      encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 2 }),
      'loop',
    ],
  ])('is dropped for %s', (_name, source, destination, reason) => {
    const bench = RoutedPeerBench.leased();
    const { sent, delivered } = bench.packet(ping(source, destination));
    expect({ sent, delivered }).toEqual({ sent: [], delivered: [] });
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test('to lanip 0 of our own prefix goes to the router, which has it (draft-04 §5.2)', () => {
    expect(RoutedPeerBench.leased().packet(ping(OWN, OWN_PREFIX)).sent[0]!.to).toBe(ROUTER);
  });

  test('may come from any lanip but 0, and so may its reply go there', () => {
    const other = encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 4711 });
    const bench = RoutedPeerBench.leased();
    expect(bench.packet(ping(other, REMOTE)).sent).toHaveLength(1);
    expect(bench.datagram(ROUTER, ping(REMOTE, other)).delivered).toHaveLength(1);
  });

  test('is dropped when it is Neighbor Discovery of the kernel', () => {
    const bench = RoutedPeerBench.leased();
    const bytes = buildNd({
      type: 'router-solicitation',
      source: parseIPv6('fe80::1'),
      destination: parseIPv6('ff02::2'),
      options: [],
    });
    expect(bench.packet(bytes).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });

  test('is dropped before the start, before there is an address, and after the stop', () => {
    const bench = new RoutedPeerBench();
    bench.packet(ping(OWN, REMOTE));
    bench.datagram(ROUTER, ping(REMOTE, OWN));
    expect(bench.drops).toEqual({ stopped: 2 });
    bench.peer.start(bench.now);
    expect(bench.packet(ping(OWN, REMOTE)).sent).toEqual([]);
    bench.answer();
    bench.recorder.clear();
    bench.peer.stop(bench.now);
    expect(bench.types).toEqual(['address-lost']);
    expect(bench.peer.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
    expect(bench.datagram(ROUTER, ping(REMOTE, OWN)).delivered).toEqual([]);
  });
});

describe('the bit that is Adaptive before the tunnel and Seen in it (draft-04 §6)', () => {
  const CS1 = 0x20;
  const withClass = (value: number, destination: string, source = OWN): Uint8Array => {
    const packet = ping(source, destination);
    setTrafficClass(packet, 0, value);
    return packet;
  };
  /** The traffic classes that leave for these. */
  const leaving = (bench: PeeringBench, destination: string, values: number[]): number[] =>
    values.map((value) => {
      bench.sends(withClass(value, destination));
      const [sent] = bench.take().filter(({ payload }) => payload[40] === 128);
      return trafficClass(sent!.payload, 0);
    });
  const opaque = (): string => {
    const address = parseIPv6(REMOTE);
    address[8]! |= 1;
    return formatIPv6(address);
  };
  const benchOf = (profile: Profile, peering: object): PeeringBench =>
    new PeeringBench({ profile, peering });

  test.each([
    ['native', NATIVE],
    ['opaque', opaque()],
    ['of lanip 0', remoteAt('192.0.2.9:5000', 0)],
    ['a remote', remoteAt('192.0.2.9:5000')],
  ])(
    'never leaves in draft04, with any strategy: to a destination that is %s',
    (_, destination) => {
      for (const strategy of ['via-router', 'neighbor-discovery', 'probe-and-seen'] as const) {
        const bench = benchOf(draft04Profile, { strategy });
        expect(leaving(bench, destination, [CS1, CS1 | 3, CS1 | 0x40])).toEqual([0, 3, 0x40]);
      }
    },
  );

  test('never leaves where there is no room for the remote', () => {
    const bench = benchOf(draft04Profile, { maxRemotes: 1 });
    bench.pings(remoteAt('192.0.2.77:1000'));
    expect(leaving(bench, remoteAt('192.0.2.9:5000'), [CS1])).toEqual([0]);
  });

  test('is not meant by traffic classes that do not speak of peering', () => {
    const bench = benchOf(draft04Profile, { strategy: 'via-router' });
    const values = [CS1 | 4, CS1 | 8, CS1 | 0x10, 0xb8, 0, 0xc0];
    expect(leaving(bench, NATIVE, values)).toEqual(values);
  });

  test.each(['via-router', 'neighbor-discovery'] as const)(
    'does not leave to 6bed4 peers in draft03, and does to others: %s',
    (strategy) => {
      const bench = benchOf(reference2020, { strategy });
      const values = [CS1, CS1 | 3, CS1 | 0xc0];
      expect(leaving(bench, remoteAt('192.0.2.9:5000'), values)).toEqual([0, 3, 0xc0]);
      expect(leaving(bench, opaque(), values)).toEqual([0, 3, 0xc0]);
      expect(leaving(bench, NATIVE, values)).toEqual(values);
    },
  );

  test('is Seen in draft03 too where the strategy is probe-and-seen', () => {
    const bench = benchOf(reference2020, { strategy: 'probe-and-seen' });
    expect(leaving(bench, NATIVE, [CS1])).toEqual([0]);
    expect(leaving(bench, remoteAt('192.0.2.9:5000'), [CS1])).toEqual([0]);
    bench.arrives('192.0.2.9:5000', new Uint8Array(0));
    expect(leaving(bench, remoteAt('192.0.2.9:5000'), [0])).toEqual([CS1]);
    expect(leaving(bench, remoteAt('192.0.2.9:5000', 0), [CS1])).toEqual([0]);
  });

  test('is a bit like any other in draft01', () => {
    const bench = new Draft01Bench();
    bench.sends(withClass(CS1, bench.remoteAt('192.0.2.8:5000'), bench.own));
    const [sent] = bench.take().filter(({ payload }) => payload[40] === 128);
    expect([trafficClass(sent!.payload, 0), sent!.tos]).toEqual([CS1, CS1]);
  });
});

describe('the outer TOS of a packet (draft-01 §5.2)', () => {
  test.each([
    [reference2020, 0xc2, 0xc0],
    [reference2020, 0xb8, 0xb8],
    [draft04Profile, 0xc2, 0],
    [draft04Profile, 0xbb, 0xb8],
  ])('in $name for traffic class %i is %i', (profile, value, tos) => {
    const bench = new PeeringBench({ profile, peering: { strategy: 'via-router' } });
    const packet = ping(OWN, REMOTE);
    setTrafficClass(packet, 0, value);
    bench.sends(packet);
    expect(bench.take().map((sent) => sent.tos)).toEqual([tos]);
  });

  test('says nothing of policies in draft03 either, with probe-and-seen', () => {
    const bench = new PeeringBench({ peering: { strategy: 'probe-and-seen' } });
    const packet = ping(OWN, REMOTE);
    setTrafficClass(packet, 0, 0x40);
    bench.sends(packet);
    expect(bench.take().map((sent) => sent.tos)).toEqual([0]);
  });
});

describe('a packet from a native address to another /64 (draft-04 §4.2)', () => {
  const NATIVE_PREFIX = '2001:db8:1:2::/64';
  const FROM = '192.0.2.9:5000';
  /** Where a packet goes to a remote that says that it sees us. */
  const wayTo = (remote: string, subnet: string, profile: Profile): string[] => {
    const bench = new PeeringBench({ profile, peering: { strategy: 'probe-and-seen' } });
    bench.movesTo('203.0.113.5:40000', subnet);
    const source = encodeAddress({ prefix: subnet, peer: '203.0.113.5:40000', lanip: 1 });
    // Its probe makes the remote see us.
    bench.sends(ping(source, encodeAddress({ prefix: subnet, peer: FROM, lanip: 3 })));
    const seen = ping(encodeAddress({ prefix: subnet, peer: FROM, lanip: 3 }), source);
    setTrafficClass(seen, 0, 0x20);
    bench.arrives(ROUTER, seen);
    bench.take();
    bench.sends(ping(source, remote));
    return bench.take().map(({ to }) => to);
  };

  test('goes through the router in draft04, as its receiver would refuse it', () => {
    expect(wayTo(remoteAt(FROM), NATIVE_PREFIX, draft04Profile)).toEqual([ROUTER]);
  });

  test('goes directly within a /64, between 6bed4 prefixes, and in draft03', () => {
    const neighbor = encodeAddress({ prefix: NATIVE_PREFIX, peer: FROM, lanip: 1 });
    expect(wayTo(neighbor, NATIVE_PREFIX, draft04Profile)).toEqual([FROM]);
    const foreign = encodeAddress({ prefix: 'fc64:bed:c633:6409::/64', peer: FROM });
    expect(wayTo(foreign, PREFIX, draft04Profile)).toEqual([FROM]);
    expect(wayTo(remoteAt(FROM), NATIVE_PREFIX, reference2020)).toEqual([FROM]);
  });
});
