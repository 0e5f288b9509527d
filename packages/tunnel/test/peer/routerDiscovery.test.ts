import { draft01Profile, encodeAddress, formatIPv6, parseIPv6 } from '@6bed4/codec';
import { hopLimit, type NdOption, parseNd, type RouterAdvertisement } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import type { TunnelEvent } from '../../src/index.js';
import { ping } from '../support/packets.js';
import {
  advertise,
  NATIVE,
  OWN,
  OWN_ENDPOINT,
  OWN_PREFIX,
  offer,
  PREFIX,
  REMOTE,
  REMOTE_ENDPOINT,
  ROUTER,
  RoutedPeerBench,
} from '../support/routedPeerBench.js';

describe('solicitation (draft-03 §10.2)', () => {
  test('goes to the router of a started peer, from :: to all routers, without options', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    const { sent } = bench.recorder;
    expect(sent.map(({ to, ttl }) => ({ to, ttl }))).toEqual([{ to: ROUTER, ttl: 0 }]);
    const message = parseNd(sent[0]!.payload, 0, sent[0]!.payload.length);
    if (!message.ok || message.value.type !== 'router-solicitation') throw new Error('no RS');
    expect(formatIPv6(message.value.source)).toBe('::');
    expect(formatIPv6(message.value.destination)).toBe('ff02::2');
    expect(message.value.options).toEqual([]);
    expect(hopLimit(sent[0]!.payload, 0)).toBe(255);
  });

  test('is repeated after 1, 3, 7, 15 and then every 30 seconds without end', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      const before = bench.now;
      expect(bench.wake().sent).toHaveLength(1);
      waits.push((bench.now - before) / 1000);
    }
    expect(waits).toEqual([1, 3, 7, 15, 30, 30, 30, 30]);
  });

  test('reports a silent router once, and the router again when it answers', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    const seen: TunnelEvent[] = [];
    for (let attempt = 0; attempt < 8; attempt++) seen.push(...bench.wake().events);
    expect(seen).toEqual([
      { type: 'router-unreachable', router: { address: '198.51.100.1', port: 25790 }, attempts: 4 },
    ]);
    bench.datagram(ROUTER, advertise());
    expect(bench.types).toEqual(['router-reachable', 'address-acquired']);
  });

  test('is not repeated before it is due', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    bench.recorder.clear();
    bench.peer.handleTimeout(bench.now);
    bench.peer.handleTimeout(bench.now + 999);
    expect(bench.recorder.sent).toEqual([]);
  });
});

describe('accepting an advertisement (draft-03 §4, draft-04 §3.2)', () => {
  test('reports the address and all that came with it in one event', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    const route = offer({
      onLink: false,
      autonomous: false,
      prefixLength: 48,
      prefix: parseIPv6('2001:db8:77::'),
    });
    const information: NdOption = {
      type: 'route-information',
      prefixLength: 32,
      preference: 'medium',
      lifetime: 600,
      prefix: parseIPv6('2001:db9::'),
    };
    bench.datagram(ROUTER, advertise({ options: [offer(), route, information] }));
    expect(bench.recorder.events).toEqual([
      {
        type: 'address-acquired',
        router: { address: '198.51.100.1', port: 25790 },
        address: OWN,
        prefix: `${OWN_PREFIX}/114`,
        publicEndpoint: { address: '203.0.113.5', port: 40000 },
        temporary: false,
        routes: ['2001:db8:77::/48', '2001:db9::/32'],
        defaultRouter: true,
      },
    ]);
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'leased', attempts: 0 });
  });

  test.each<[string, Partial<RouterAdvertisement>]>([
    ['a source other than fe80::', { source: parseIPv6('fe80::1') }],
    ['the M flag', { managed: true }],
    ['a global destination', { destination: parseIPv6(OWN) }],
    ['no prefix', { options: [] }],
    ['another prefix length', { options: [offer({ prefixLength: 64 })] }],
    ['a prefix that is not on-link', { options: [offer({ onLink: false })] }],
    ['a prefix that is not autonomous', { options: [offer({ autonomous: false })] }],
    ['a retracted prefix', { options: [offer({ validLifetime: 0, preferredLifetime: 0 })] }],
    [
      'an endpoint of port 0',
      { options: [offer({ prefix: parseIPv6('fc64:bed:c633:6401:c800:7105:0:c000') })] },
    ],
    [
      'an opaque lower half',
      { options: [offer({ prefix: parseIPv6('fc64:bed:c633:6401:cb00:7105:9c40:c000') })] },
    ],
  ])('refuses %s', (_name, overrides) => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    bench.datagram(ROUTER, advertise(overrides));
    expect(bench.types).toEqual([]);
    expect(bench.drops).toEqual({ 'advertisement-refused': 1 });
  });

  test('refuses a bad checksum or hop limit', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    const badChecksum = advertise();
    badChecksum[50]! ^= 1;
    const badHopLimit = advertise();
    badHopLimit[7] = 64;
    bench.datagram(ROUTER, badChecksum);
    bench.datagram(ROUTER, badHopLimit);
    expect(bench.drops).toEqual({ 'nd-invalid': 2 });
  });

  test.each(['198.51.100.1:25791', '198.51.100.2:25790', REMOTE_ENDPOINT])(
    'refuses one from %s, which is not the router',
    (from) => {
      const bench = new RoutedPeerBench();
      bench.peer.start(bench.now);
      bench.datagram(from, advertise());
      expect(bench.types).toEqual([]);
      expect(bench.drops).toEqual({ 'advertisement-refused': 1 });
    },
  );

  test('takes the last of several prefixes, as deployed peers do', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    const other = encodeAddress({ prefix: PREFIX, peer: '203.0.113.5:40002', lanip: 0 });
    const first = offer({ prefix: parseIPv6(other) });
    bench.datagram(ROUTER, advertise({ options: [first, offer()] }));
    expect(bench.recorder.events[0]).toMatchObject({ address: OWN });
  });

  test('clears the bits beyond the length of an offered route (RFC 4861 §4.6.2)', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    const route = offer({
      onLink: false,
      autonomous: false,
      prefixLength: 33,
      prefix: parseIPv6('2001:db8:ffff::1'),
    });
    bench.datagram(ROUTER, advertise({ options: [offer(), route] }));
    expect(bench.recorder.events[0]).toMatchObject({ routes: ['2001:db8:8000::/33'] });
  });

  test('copies what it keeps of a Node.js Buffer, whose slice does not copy', () => {
    const bench = new RoutedPeerBench();
    bench.peer.start(bench.now);
    const buffer = Buffer.from(advertise());
    bench.peer.handleDatagram(buffer, 0, buffer.length, 0xc633_6401, 25790, bench.now);
    expect(bench.recorder.events).toMatchObject([{ address: OWN, prefix: `${OWN_PREFIX}/114` }]);
    expect(new Uint8Array(buffer)).toEqual(advertise());
    buffer.fill(0);
    expect(bench.packet(ping(OWN, REMOTE)).sent).toHaveLength(1);
  });

  test('makes the address under the prefix that the lanip option says', () => {
    const bench = new RoutedPeerBench({ lanip: 16383 });
    bench.peer.start(bench.now);
    bench.datagram(ROUTER, advertise());
    const address = encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 16383 });
    expect(bench.recorder.events[0]).toMatchObject({ address });
  });
});

describe('an unsolicited advertisement', () => {
  const moved = encodeAddress({ prefix: PREFIX, peer: '203.0.113.5:41000', lanip: 0 });
  const changed = advertise({ options: [offer({ prefix: parseIPv6(moved) })] });

  test('changes nothing where it says nothing new', () => {
    const bench = RoutedPeerBench.leased();
    const { sent, events } = bench.datagram(ROUTER, advertise());
    expect({ sent, events }).toEqual({ sent: [], events: [] });
  });

  test('causes a solicitation where it differs, and only the answer to that is adopted', () => {
    const bench = RoutedPeerBench.leased();
    const { sent, events } = bench.datagram(ROUTER, changed);
    expect(events).toEqual([]);
    expect(sent.map((datagram) => datagram.to)).toEqual([ROUTER]);
    expect(bench.peer.uplinks[0]!.state).toBe('refreshing');
    bench.datagram(ROUTER, changed);
    expect(bench.recorder.events).toMatchObject([
      { type: 'address-changed', previous: { address: OWN } },
    ]);
    expect(bench.packet(ping(OWN, REMOTE)).sent).toEqual([]);
    const now = bench.peer.uplinks[0]!.lease!.address;
    expect(bench.packet(ping(now, REMOTE)).sent).toHaveLength(1);
  });

  test('causes no more than two solicitations at once', () => {
    const bench = RoutedPeerBench.leased();
    let solicitations = 0;
    for (let index = 0; index < 100; index++) {
      solicitations += bench.datagram(ROUTER, changed).sent.length;
      bench.datagram(ROUTER, advertise());
    }
    expect(solicitations).toBe(2);
  });
});

describe('keeping NAT mappings and leases alive', () => {
  test('sends an empty datagram with TTL 3 every 30 seconds', () => {
    const bench = RoutedPeerBench.leased();
    const start = bench.now;
    expect(bench.wake().sent).toEqual([{ payload: new Uint8Array(0), to: ROUTER, tos: 0, ttl: 3 }]);
    expect(bench.now - start).toBe(30_000);
    bench.wake();
    expect(bench.now - start).toBe(60_000);
  });

  test('sends keepalives as the options say, or none', () => {
    const bench = RoutedPeerBench.leased({ keepalive: { interval: 7.5, ttl: 0 } });
    const start = bench.now;
    expect(bench.wake().sent[0]!.ttl).toBe(0);
    expect(bench.now - start).toBe(7_500);
    const never = RoutedPeerBench.leased({ keepalive: { interval: 0, ttl: 3 } });
    expect(never.peer.uplinks[0]!.nextTimer?.reason).toBe('refresh');
  });

  test('sends no keepalive while packets go to the router', () => {
    const bench = RoutedPeerBench.leased();
    const start = bench.now;
    bench.now += 20_000;
    bench.packet(ping(OWN, NATIVE));
    expect(bench.wake().sent).toEqual([]);
    expect(bench.wake().sent[0]!.payload).toHaveLength(0);
    expect(bench.now - start).toBe(50_000);
  });

  test('solicits every two minutes, and keeps the address while nobody answers', () => {
    const bench = RoutedPeerBench.leased({ keepalive: { interval: 0, ttl: 3 } });
    const start = bench.now;
    expect(bench.wake().sent[0]!.payload.length).toBeGreaterThan(0);
    expect(bench.now - start).toBe(120_000);
    for (let attempt = 0; attempt < 6; attempt++) bench.wake();
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'refreshing', lease: { address: OWN } });
    expect(bench.packet(ping(OWN, REMOTE)).sent).toHaveLength(1);
  });

  test('gives up a lease whose lifetime has ended', () => {
    const bench = new RoutedPeerBench({ keepalive: { interval: 0, ttl: 3 } });
    bench.peer.start(bench.now);
    const options = [offer({ validLifetime: 60, preferredLifetime: 30 })];
    bench.datagram(ROUTER, advertise({ options }));
    const start = bench.now;
    bench.wake();
    expect(bench.now - start).toBe(60_000);
    expect(bench.types).toEqual(['address-lost']);
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'soliciting', lease: null });
    expect(bench.recorder.sent).toHaveLength(1);
  });
});

describe('draft-01', () => {
  const DRAFT01_ROUTER = '198.51.100.1:25788';
  const answer = (destination: string): Uint8Array =>
    advertise({
      destination: parseIPv6(destination),
      options: [offer({ prefixLength: 64, prefix: parseIPv6('2001:db8:64:64::') })],
    });

  test('makes the address of the prefix and the destination of the advertisement', () => {
    const bench = new RoutedPeerBench({ profile: draft01Profile });
    bench.peer.start(bench.now);
    bench.datagram(DRAFT01_ROUTER, answer('fe80::50f5:c6ff:fe33:6402'));
    expect(bench.recorder.events).toMatchObject([
      {
        type: 'address-acquired',
        address: '2001:db8:64:64:50f5:c6ff:fe33:6402',
        prefix: '2001:db8:64:64::/64',
        publicEndpoint: { address: '198.51.100.2', port: 62802 },
      },
    ]);
  });

  test('reports an odd port, gets no address there, and solicits again on demand', () => {
    const bench = new RoutedPeerBench({ profile: draft01Profile });
    bench.peer.start(bench.now);
    bench.datagram(DRAFT01_ROUTER, answer('fe80::51f5:c6ff:fe33:6402'));
    expect(bench.recorder.events).toMatchObject([
      { type: 'port-refused', publicEndpoint: { address: '198.51.100.2', port: 62803 } },
    ]);
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'soliciting', lease: null });
    bench.recorder.clear();
    bench.peer.solicit(bench.now);
    expect(bench.recorder.sent).toHaveLength(1);
  });
});
