import { draft01Profile, encodeAddress, formatIPv6, parseIPv6 } from '@6bed4/codec';
import {
  buildNd,
  findOption,
  hopLimit,
  type NdOption,
  parseIcmpError,
  parseNd,
  type RouterAdvertisement,
} from '@6bed4/nd';
import { seededRandom } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { Peer, type PeerOptions, type TunnelEvent } from '../../src/index.js';
import { advertisement, ping, prefixOption } from '../support/packets.js';
import { Recorder } from '../support/recorder.js';

const ROUTER = '198.51.100.1:25790';
const PREFIX = 'fc64:bed:c633:6401::/64';
const OWN_ENDPOINT = '203.0.113.5:40000';
const OWN = encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 1 });
const OWN_PREFIX = encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 0 });
const REMOTE_ENDPOINT = '203.0.113.9:5000';
const REMOTE = encodeAddress({ prefix: PREFIX, peer: REMOTE_ENDPOINT, lanip: 1 });
const NATIVE = '2001:db8:77::5';

const offer = (overrides: Parameters<typeof prefixOption>[1] = {}): NdOption =>
  prefixOption(parseIPv6(OWN_PREFIX), overrides);

const advertise = (overrides: Partial<RouterAdvertisement> = {}): Uint8Array =>
  advertisement({ options: [offer()], ...overrides });

/** A peer with a recorder, in virtual time. */
class PeerBench {
  readonly recorder = new Recorder();
  readonly peer: Peer;
  now = 10_000;

  constructor(options: Partial<PeerOptions> = {}) {
    this.peer = new Peer(
      {
        routers: ['198.51.100.1'],
        random: seededRandom(2),
        // Direct paths have tests of their own, in peering/.
        peering: { strategy: 'via-router' },
        ...options,
      },
      this.recorder,
    );
  }

  /** A started peer that has its address. */
  static leased(options: Partial<PeerOptions> = {}): PeerBench {
    const bench = new PeerBench(options);
    bench.peer.start(bench.now);
    bench.datagram(ROUTER, advertise());
    bench.recorder.clear();
    return bench;
  }

  datagram(from: string, payload: Uint8Array): Recorder {
    this.recorder.clear();
    const [address, port] = from.split(':') as [string, string];
    const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    this.peer.handleDatagram(payload.slice(), 0, payload.length, number, Number(port), this.now);
    return this.recorder;
  }

  packet(bytes: Uint8Array): Recorder {
    this.recorder.clear();
    this.peer.handlePacket(bytes.slice(), 0, bytes.length, this.now);
    return this.recorder;
  }

  /** Jumps to the next timeout and handles it. */
  wake(): Recorder {
    this.recorder.clear();
    this.now = this.peer.nextTimeout();
    this.peer.handleTimeout(this.now);
    return this.recorder;
  }

  get drops(): Readonly<Partial<Record<string, number>>> {
    return this.peer.counters.snapshot().drops;
  }

  get types(): string[] {
    return this.recorder.events.map((event) => event.type);
  }
}

describe('solicitation (draft-03 §10.2)', () => {
  test('a started peer asks its router, from :: to all routers, without options', () => {
    const bench = new PeerBench();
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

  test('is repeated after 1, 3, 7, 15 and then every 30 seconds, for ever', () => {
    const bench = new PeerBench();
    bench.peer.start(bench.now);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      const before = bench.now;
      expect(bench.wake().sent).toHaveLength(1);
      waits.push((bench.now - before) / 1000);
    }
    expect(waits).toEqual([1, 3, 7, 15, 30, 30, 30, 30]);
  });

  test('without an answer is reported once, and so is the answer after that', () => {
    const bench = new PeerBench();
    bench.peer.start(bench.now);
    const seen: TunnelEvent[] = [];
    for (let attempt = 0; attempt < 8; attempt++) seen.push(...bench.wake().events);
    expect(seen).toEqual([
      { type: 'router-unreachable', router: { address: '198.51.100.1', port: 25790 }, attempts: 4 },
    ]);
    bench.datagram(ROUTER, advertise());
    expect(bench.types).toEqual(['router-reachable', 'address-acquired']);
  });

  test('waking early or twice does nothing', () => {
    const bench = new PeerBench();
    bench.peer.start(bench.now);
    bench.recorder.clear();
    bench.peer.handleTimeout(bench.now);
    bench.peer.handleTimeout(bench.now + 999);
    expect(bench.recorder.sent).toEqual([]);
  });
});

describe('accepting an advertisement (draft-03 §4, draft-04 §3.2)', () => {
  test('gives an address, with everything about it in one event', () => {
    const bench = new PeerBench();
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
        routes: ['2001:db8:77::/48', '2001:db9::/32'],
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
  ])('%s is refused', (_name, overrides) => {
    const bench = new PeerBench();
    bench.peer.start(bench.now);
    bench.datagram(ROUTER, advertise(overrides));
    expect(bench.types).toEqual([]);
    expect(bench.drops).toEqual({ 'advertisement-refused': 1 });
  });

  test('a bad checksum or hop limit is refused', () => {
    const bench = new PeerBench();
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
    'from %s, which is not the router, is refused',
    (from) => {
      const bench = new PeerBench();
      bench.peer.start(bench.now);
      bench.datagram(from, advertise());
      expect(bench.types).toEqual([]);
      expect(bench.drops).toEqual({ 'advertisement-refused': 1 });
    },
  );

  test('the last of several prefixes counts, as with deployed peers', () => {
    const bench = new PeerBench();
    bench.peer.start(bench.now);
    const other = encodeAddress({ prefix: PREFIX, peer: '203.0.113.5:40002', lanip: 0 });
    const first = offer({ prefix: parseIPv6(other) });
    bench.datagram(ROUTER, advertise({ options: [first, offer()] }));
    expect(bench.recorder.events[0]).toMatchObject({ address: OWN });
  });

  test('bits beyond the length of a route are ignored (RFC 4861 §4.6.2)', () => {
    const bench = new PeerBench();
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

  test('works the same on a Node.js Buffer, whose slice does not copy', () => {
    const bench = new PeerBench();
    bench.peer.start(bench.now);
    const buffer = Buffer.from(advertise());
    bench.peer.handleDatagram(buffer, 0, buffer.length, 0xc633_6401, 25790, bench.now);
    expect(bench.recorder.events).toMatchObject([{ address: OWN, prefix: `${OWN_PREFIX}/114` }]);
    expect(new Uint8Array(buffer)).toEqual(advertise());
    buffer.fill(0);
    expect(bench.packet(ping(OWN, REMOTE)).sent).toHaveLength(1);
  });

  test('lanip chooses the address under the prefix', () => {
    const bench = new PeerBench({ lanip: 16383 });
    bench.peer.start(bench.now);
    bench.datagram(ROUTER, advertise());
    const address = encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 16383 });
    expect(bench.recorder.events[0]).toMatchObject({ address });
  });
});

describe('an advertisement that nobody asked for', () => {
  const moved = encodeAddress({ prefix: PREFIX, peer: '203.0.113.5:41000', lanip: 0 });
  const changed = advertise({ options: [offer({ prefix: parseIPv6(moved) })] });

  test('that says nothing new changes nothing', () => {
    const bench = PeerBench.leased();
    const { sent, events } = bench.datagram(ROUTER, advertise());
    expect({ sent, events }).toEqual({ sent: [], events: [] });
  });

  test('that differs makes the peer ask; only the answer is believed', () => {
    const bench = PeerBench.leased();
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

  test('does not make it ask more often than every few seconds', () => {
    const bench = PeerBench.leased();
    let solicitations = 0;
    for (let index = 0; index < 100; index++) {
      solicitations += bench.datagram(ROUTER, changed).sent.length;
      bench.datagram(ROUTER, advertise());
    }
    expect(solicitations).toBe(2);
  });
});

describe('keeping the way open', () => {
  test('an empty datagram with TTL 3 every 30 seconds', () => {
    const bench = PeerBench.leased();
    const start = bench.now;
    expect(bench.wake().sent).toEqual([{ payload: new Uint8Array(0), to: ROUTER, tos: 0, ttl: 3 }]);
    expect(bench.now - start).toBe(30_000);
    bench.wake();
    expect(bench.now - start).toBe(60_000);
  });

  test('as the user sets it, or not at all', () => {
    const bench = PeerBench.leased({ keepalive: { interval: 7.5, ttl: 0 } });
    const start = bench.now;
    expect(bench.wake().sent[0]!.ttl).toBe(0);
    expect(bench.now - start).toBe(7_500);
    const never = PeerBench.leased({ keepalive: { interval: 0, ttl: 3 } });
    expect(never.peer.uplinks[0]!.nextTimer?.reason).toBe('refresh');
  });

  test('is not needed while packets go to the router', () => {
    const bench = PeerBench.leased();
    const start = bench.now;
    bench.now += 20_000;
    bench.packet(ping(OWN, NATIVE));
    expect(bench.wake().sent).toEqual([]);
    expect(bench.wake().sent[0]!.payload).toHaveLength(0);
    expect(bench.now - start).toBe(50_000);
  });

  test('asks again every two minutes, and keeps the address while nobody answers', () => {
    const bench = PeerBench.leased({ keepalive: { interval: 0, ttl: 3 } });
    const start = bench.now;
    expect(bench.wake().sent[0]!.payload.length).toBeGreaterThan(0);
    expect(bench.now - start).toBe(120_000);
    for (let attempt = 0; attempt < 6; attempt++) bench.wake();
    expect(bench.peer.uplinks[0]).toMatchObject({ state: 'refreshing', lease: { address: OWN } });
    expect(bench.packet(ping(OWN, REMOTE)).sent).toHaveLength(1);
  });

  test('gives a lease up whose lifetime has ended', () => {
    const bench = new PeerBench({ keepalive: { interval: 0, ttl: 3 } });
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

describe('from the local side (draft-04 §4.1)', () => {
  test.each([REMOTE, NATIVE])(
    'a packet to %s goes through the router, hop limit one less',
    (to) => {
      const packet = ping(OWN, to);
      const { sent } = PeerBench.leased().packet(packet);
      packet[7]!--;
      expect(sent).toEqual([{ payload: packet, to: ROUTER, tos: 0, ttl: 0 }]);
    },
  );

  test('1 or 0 hops left: Time Exceeded to the local side', () => {
    const { sent, delivered } = PeerBench.leased().packet(ping(OWN, REMOTE, { hopLimit: 1 }));
    expect(sent).toEqual([]);
    const error = parseIcmpError(delivered[0]!, 0, delivered[0]!.length);
    if (!error.ok) throw new Error('no error');
    expect(error.value).toMatchObject({ type: 'time-exceeded', code: 0 });
    expect(formatIPv6(error.value.source)).toBe(OWN_PREFIX);
    expect(formatIPv6(error.value.destination)).toBe(OWN);
  });

  test('more than 1280 bytes: Packet Too Big to the local side', () => {
    const bench = PeerBench.leased();
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
    ['lanip 0, which is the router’s', OWN_PREFIX, REMOTE, 'source-not-allowed'],
    ['a link-local source', 'fe80::1', REMOTE, 'source-not-allowed'],
    ['multicast', OWN, 'ff02::16', 'destination-not-allowed'],
    ['link-local', OWN, 'fe80::1', 'destination-not-allowed'],
    ['ourselves', OWN, encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 2 }), 'loop'],
  ])('%s is dropped', (_name, source, destination, reason) => {
    const bench = PeerBench.leased();
    const { sent, delivered } = bench.packet(ping(source, destination));
    expect({ sent, delivered }).toEqual({ sent: [], delivered: [] });
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test('lanip 0 of our own prefix is the router’s, and goes there (draft-04 §5.2)', () => {
    expect(PeerBench.leased().packet(ping(OWN, OWN_PREFIX)).sent[0]!.to).toBe(ROUTER);
  });

  test('any lanip but 0 is ours to use', () => {
    const other = encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 4711 });
    const bench = PeerBench.leased();
    expect(bench.packet(ping(other, REMOTE)).sent).toHaveLength(1);
    expect(bench.datagram(ROUTER, ping(REMOTE, other)).delivered).toHaveLength(1);
  });

  test('the kernel’s own Neighbor Discovery stays at home', () => {
    const bench = PeerBench.leased();
    const bytes = buildNd({
      type: 'router-solicitation',
      source: parseIPv6('fe80::1'),
      destination: parseIPv6('ff02::2'),
      options: [],
    });
    expect(bench.packet(bytes).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });

  test('nothing passes before the start, before an address and after the stop', () => {
    const bench = new PeerBench();
    bench.packet(ping(OWN, REMOTE));
    bench.datagram(ROUTER, ping(REMOTE, OWN));
    expect(bench.drops).toEqual({ stopped: 2 });
    bench.peer.start(bench.now);
    expect(bench.packet(ping(OWN, REMOTE)).sent).toEqual([]);
    bench.datagram(ROUTER, advertise());
    bench.recorder.clear();
    bench.peer.stop(bench.now);
    expect(bench.types).toEqual(['address-lost']);
    expect(bench.peer.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
    expect(bench.datagram(ROUTER, ping(REMOTE, OWN)).delivered).toEqual([]);
  });
});

describe('from the tunnel (draft-03 §6, draft-04 §4.2)', () => {
  test('the router may bring packets from anywhere, delivered unchanged', () => {
    for (const source of [REMOTE, NATIVE, '2002:c000:201::1']) {
      const packet = ping(source, OWN);
      expect(PeerBench.leased().datagram(ROUTER, packet).delivered).toEqual([packet]);
    }
  });

  test('a remote may come directly when its address spells where it is', () => {
    const packet = ping(REMOTE, OWN);
    expect(PeerBench.leased().datagram(REMOTE_ENDPOINT, packet).delivered).toEqual([packet]);
    const elsewhere = encodeAddress({
      prefix: 'fc64:1:203.0.113.200::/64'.replace('203.0.113.200', 'cb00:71c8'),
      peer: REMOTE_ENDPOINT,
      lanip: 5,
    });
    const trapezium = ping(elsewhere, OWN);
    expect(PeerBench.leased().datagram(REMOTE_ENDPOINT, trapezium).delivered).toEqual([trapezium]);
  });

  test.each([
    ['another port', REMOTE, '203.0.113.9:5001', 'source-mismatch'],
    ['another address', REMOTE, '203.0.113.8:5000', 'source-mismatch'],
    ['a native source', NATIVE, REMOTE_ENDPOINT, 'source-not-allowed'],
    ['port 0', REMOTE, '203.0.113.9:0', 'source-endpoint-refused'],
    ['loopback', REMOTE, '127.0.0.1:5000', 'source-endpoint-refused'],
    ['multicast', REMOTE, '224.0.0.1:5000', 'source-endpoint-refused'],
  ])('directly from %s is dropped', (_name, source, from, reason) => {
    const bench = PeerBench.leased();
    expect(bench.datagram(from, ping(source, OWN)).delivered).toEqual([]);
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test.each([
    ['our own address', OWN, OWN, 'loop'],
    ['link-local', 'fe80::1', OWN, 'source-not-allowed'],
    ['::1', '::1', OWN, 'source-not-allowed'],
  ])('not even the router may speak as %s', (_name, source, destination, reason) => {
    const bench = PeerBench.leased();
    expect(bench.datagram(ROUTER, ping(source, destination)).delivered).toEqual([]);
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test.each([
    ['another peer', REMOTE, 'destination-not-ours'],
    ['a native node', NATIVE, 'destination-not-ours'],
    ['lanip 0', OWN_PREFIX, 'destination-not-ours'],
    ['multicast', 'ff02::1', 'destination-not-allowed'],
  ])('what is for %s is dropped', (_name, destination, reason) => {
    const bench = PeerBench.leased();
    expect(bench.datagram(ROUTER, ping('2001:db8::1', destination)).delivered).toEqual([]);
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test('oversized and RoHC frames are dropped', () => {
    const bench = PeerBench.leased();
    bench.datagram(ROUTER, ping(REMOTE, OWN, { size: 1300 }));
    bench.datagram(REMOTE_ENDPOINT, Uint8Array.of(0xfd, ...new Uint8Array(60)));
    expect(bench.drops).toEqual({ 'too-big': 1, rohc: 1 });
  });
});

describe('Neighbor Solicitation for us (draft-03 §8.2)', () => {
  const ask = (source: string, target: string): Uint8Array =>
    buildNd({
      type: 'neighbor-solicitation',
      source: parseIPv6(source),
      destination: parseIPv6(target),
      target: parseIPv6(target),
      options: [{ type: 'nonce', nonce: Uint8Array.of(1, 2, 3, 4, 5, 6) }],
    });

  test.each([
    ['the router', ROUTER, NATIVE],
    ['a remote, directly', REMOTE_ENDPOINT, REMOTE],
  ])('from %s is answered on the path it came by, with its nonce', (_name, from, source) => {
    const { sent } = PeerBench.leased().datagram(from, ask(source, OWN));
    expect(sent.map((datagram) => datagram.to)).toEqual([from]);
    const answer = parseNd(sent[0]!.payload, 0, sent[0]!.payload.length);
    if (!answer.ok || answer.value.type !== 'neighbor-advertisement') throw new Error('no NA');
    expect(answer.value).toMatchObject({ router: false, solicited: true, override: true });
    expect(formatIPv6(answer.value.target)).toBe(OWN);
    expect(formatIPv6(answer.value.source)).toBe(OWN);
    expect(findOption(answer.value.options, 'nonce')?.nonce).toEqual(
      Uint8Array.of(1, 2, 3, 4, 5, 6),
    );
  });

  test('from an address that spells another endpoint is not answered', () => {
    const bench = PeerBench.leased();
    expect(bench.datagram('203.0.113.9:5001', ask(REMOTE, OWN)).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'source-mismatch': 1 });
  });

  test('for somebody else is not answered', () => {
    const bench = PeerBench.leased();
    expect(bench.datagram(ROUTER, ask(NATIVE, REMOTE)).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });
});

describe('several routers', () => {
  const OTHER = '192.0.2.1:25790';
  const otherPrefix = encodeAddress({
    prefix: 'fc64:bed:c000:201::/64',
    peer: OWN_ENDPOINT,
    lanip: 0,
  });
  const otherAddress = encodeAddress({
    prefix: 'fc64:bed:c000:201::/64',
    peer: OWN_ENDPOINT,
    lanip: 1,
  });
  const twoLeases = (): PeerBench => {
    const bench = PeerBench.leased();
    bench.peer.addRouter('192.0.2.1', bench.now);
    bench.datagram(OTHER, advertise({ options: [offer({ prefix: parseIPv6(otherPrefix) })] }));
    return bench;
  };

  test('the source address chooses the router (draft-04 §4.1)', () => {
    const bench = twoLeases();
    expect(bench.packet(ping(OWN, NATIVE)).sent[0]!.to).toBe(ROUTER);
    expect(bench.packet(ping(otherAddress, NATIVE)).sent[0]!.to).toBe(OTHER);
  });

  test('removing one gives its address up and keeps the other', () => {
    const bench = twoLeases();
    bench.recorder.clear();
    expect(bench.peer.removeRouter('198.51.100.1:25790')).toBe(true);
    expect(bench.peer.removeRouter('198.51.100.1')).toBe(false);
    expect(bench.recorder.events).toMatchObject([{ type: 'address-lost', address: OWN }]);
    expect(bench.packet(ping(OWN, NATIVE)).sent).toEqual([]);
    expect(bench.packet(ping(otherAddress, NATIVE)).sent).toHaveLength(1);
  });

  test('the same one twice, nonsense and more than sixteen are refused by name', () => {
    const bench = PeerBench.leased();
    expect(() => bench.peer.addRouter('198.51.100.1:25790', 0)).toThrow(/router/);
    expect(() => bench.peer.addRouter('198.51.100.256', 0)).toThrow(/found/);
    expect(() => bench.peer.addRouter('224.0.0.1', 0)).toThrow(/router/);
    for (let index = 2; index <= 16; index++) bench.peer.addRouter(`192.0.2.${index}`, 0);
    expect(() => bench.peer.addRouter('192.0.2.99', 0)).toThrow(/routers/);
  });
});

describe('draft-01', () => {
  const DRAFT01_ROUTER = '198.51.100.1:25788';
  const answer = (destination: string): Uint8Array =>
    advertise({
      destination: parseIPv6(destination),
      options: [offer({ prefixLength: 64, prefix: parseIPv6('2001:db8:64:64::') })],
    });

  test('the address is made of the prefix and the destination of the advertisement', () => {
    const bench = new PeerBench({ profile: draft01Profile });
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

  test('an odd port is refused: the driver must move, and the peer asks again', () => {
    const bench = new PeerBench({ profile: draft01Profile });
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

describe('options', () => {
  test.each([
    [{ keepalive: { interval: -1, ttl: 3 } }, /keepalive.interval/],
    [{ keepalive: { interval: 30, ttl: 256 } }, /keepalive.ttl/],
    [{ lanip: 0 }, /lanip/],
    [{ lanip: 16384 }, /lanip/],
    [{ routers: ['nowhere'] }, /found/],
    [{ routers: ['198.51.100.1', '198.51.100.1:25790'] }, /router/],
  ])('%j is refused by name', (options, message) => {
    expect(() => new PeerBench(options)).toThrow(message);
  });
});
