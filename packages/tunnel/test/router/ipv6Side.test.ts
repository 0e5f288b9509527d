import { draft01Profile, draft04Profile, formatIPv6, parseIPv6, reference2020 } from '@6bed4/codec';
import { buildEcho, hopLimit, parseEcho } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import type { RouterOptions } from '../../src/index.js';
import { ping, udp } from '../support/packets.js';
import { RouterBench } from '../support/routerBench.js';
import {
  A,
  ADDRESS_A,
  ADDRESS_B,
  addressOf,
  B,
  FOREIGN_ADDRESS,
  icmpError,
  NATIVE,
  ROUTER,
  solicit,
  solicitation,
} from '../support/routerMessages.js';

describe('the IPv6 side', () => {
  test('gets what is for native destinations, unchanged', () => {
    const packet = ping(ADDRESS_A, NATIVE);
    const { sent, delivered } = new RouterBench().datagram(A, packet);
    expect(sent).toEqual([]);
    expect(delivered).toEqual([packet]);
  });

  test('gets only what is for prefixes that were set last', () => {
    const bench = new RouterBench();
    bench.router.setRoutes({ routes: [], forwardTo: ['2001:db8:5::/48'] });
    expect(bench.datagram(A, ping(ADDRESS_A, '2001:db8:5::1')).delivered).toHaveLength(1);
    expect(bench.datagram(A, ping(ADDRESS_A, NATIVE)).delivered).toEqual([]);
    bench.router.setRoutes({});
    expect(bench.datagram(A, ping(ADDRESS_A, NATIVE)).delivered).toHaveLength(1);
  });

  test('that does not exist is reported as no route', () => {
    const bench = new RouterBench({ ipv6Side: false });
    expect(bench.datagram(A, ping(ADDRESS_A, NATIVE)).sent).toEqual([]); // does not pay for it
    const { sent } = bench.datagram(A, ping(ADDRESS_A, NATIVE));
    expect(icmpError(sent[0]!.payload)).toMatchObject({ type: 'destination-unreachable', code: 0 });
    expect(bench.drops).toEqual({ 'no-route': 2 });
  });

  test('gets 1280 bytes, and 1281 are answered with Packet Too Big', () => {
    const bench = new RouterBench();
    const packet = ping(ADDRESS_A, NATIVE, { size: 1232 });
    expect(bench.datagram(A, packet).delivered).toEqual([packet]);
    const { sent, delivered } = bench.datagram(A, ping(ADDRESS_A, NATIVE, { size: 1233 }));
    expect(delivered).toEqual([]);
    expect(icmpError(sent[0]!.payload)).toMatchObject({ type: 'packet-too-big', mtu: 1280 });
    expect(bench.drops).toEqual({ 'too-big': 1 });
  });

  test('sends to peers under the /64, hop limit one less', () => {
    const { sent } = new RouterBench().packet(ping(NATIVE, ADDRESS_B));
    expect(sent.map((datagram) => datagram.to)).toEqual([B]);
    expect(hopLimit(sent[0]!.payload, 0)).toBe(63);
  });

  test('sends from the router’s own host', () => {
    expect(new RouterBench().packet(ping(ROUTER, ADDRESS_B)).sent[0]!.to).toBe(B);
  });

  test.each([
    ['another prefix', NATIVE, '2001:db8:99::1', 'destination-not-ours'],
    ['multicast', NATIVE, 'ff02::1', 'destination-not-allowed'],
    ['our own address', NATIVE, ROUTER, 'loop'],
    ['a peer, claiming to be a peer', ADDRESS_A, ADDRESS_B, 'source-not-allowed'],
    [
      'a peer, claiming to be a peer elsewhere',
      addressOf(A, 1, 'fc64:bed:c633:6409::/64'),
      ADDRESS_B,
      'source-not-allowed',
    ],
    ['a peer, from link-local', 'fe80::1', ADDRESS_B, 'source-not-allowed'],
    ['a private endpoint', NATIVE, addressOf('192.168.0.1:80'), 'destination-endpoint-refused'],
  ])('may not send to %s', (_name, source, destination, reason) => {
    const bench = new RouterBench();
    const { sent, delivered } = bench.packet(ping(source, destination));
    expect({ sent, delivered }).toEqual({ sent: [], delivered: [] });
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test('never sends Neighbor Discovery into the tunnel', () => {
    const bench = new RouterBench();
    const { sent, delivered } = bench.packet(solicitation());
    expect({ sent, delivered }).toEqual({ sent: [], delivered: [] });
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });

  test('gets ICMPv6 errors about packets that are too big, end here or have no address to go to', () => {
    const bench = new RouterBench();
    const errorOf = (packet: Uint8Array): unknown => {
      const { delivered, sent } = bench.packet(packet);
      expect(sent).toEqual([]);
      const error = icmpError(delivered[0]!);
      expect(formatIPv6(error.source)).toBe(ROUTER);
      expect(formatIPv6(error.destination)).toBe(NATIVE);
      return error;
    };
    expect(errorOf(ping(NATIVE, ADDRESS_B, { size: 1352 }))).toMatchObject({
      type: 'packet-too-big',
      mtu: 1280,
    });
    expect(errorOf(ping(NATIVE, ADDRESS_B, { hopLimit: 1 }))).toMatchObject({
      type: 'time-exceeded',
    });
    expect(errorOf(ping(NATIVE, 'fc64:bed:c633:6401::'))).toMatchObject({
      type: 'destination-unreachable',
      code: 3,
    });
  });
});

describe('what peers may reach on the IPv6 side', () => {
  const TBD1 = '2001:64:c633:64fe:c433:6402:9c40:8001';
  const reached = (options: Partial<RouterOptions>, destinations: readonly string[]): string[] => {
    const bench = new RouterBench(options);
    const source = addressOf(A, 1, bench.router.prefix);
    const isDelivered = (destination: string): boolean =>
      bench.datagram(A, ping(source, destination)).delivered.length === 1;
    return destinations.filter(isDelivered);
  };
  const GLOBAL = ['2001:db8:77::5', '2a00:1450::1', '2000::1', '3fff:ffff::1'];
  const ELSEWHERE = ['1fff::1', '4000::1', '100::1', 'fbff::1'];
  const INTERNAL = ['fc00::1', 'fd00:1234::1', 'fec0::1', 'feff::1'];
  const NAT64 = '64:ff9b::808:808';
  const all = [...GLOBAL, ...ELSEWHERE, ...INTERNAL, NAT64];

  test('is the global Internet, and not the networks of whoever runs the router', () => {
    expect(reached({}, all)).toEqual(GLOBAL);
    const bench = new RouterBench();
    for (const destination of INTERNAL) bench.datagram(A, ping(ADDRESS_A, destination));
    expect(bench.drops).toEqual({ 'no-route': INTERNAL.length });
  });

  test('is what is announced, too', () => {
    const routes = ['fd00:1234::/32', '64:ff9b::/96'];
    expect(reached({ routes }, all)).toEqual([...GLOBAL, 'fd00:1234::1', NAT64]);
  });

  test('is only what is announced in draft04 (draft-04 §5.1)', () => {
    const routes = ['2001:db8:77::/48', 'fec0::/10'];
    expect(reached({ profile: draft04Profile, routes }, all)).toEqual([
      '2001:db8:77::5',
      'fec0::1',
      'feff::1',
    ]);
    expect(reached({ profile: draft04Profile }, all)).toEqual([]);
  });

  test('is limited and widened by who runs the router', () => {
    const forwardTo = ['2001:db8:77::/48', 'fd00:1234::/32'];
    for (const profile of [reference2020, draft04Profile]) {
      expect(reached({ profile, forwardTo }, all)).toEqual(['2001:db8:77::5', 'fd00:1234::1']);
      expect(reached({ profile, forwardTo: [] }, all)).toEqual([]);
      const both = { profile, forwardTo, routes: ['2a00::/16'] };
      expect(reached(both, all)).toEqual(['2001:db8:77::5', '2a00:1450::1', 'fd00:1234::1']);
    }
  });

  test('is not internal by a prefix that is shorter than /7', () => {
    for (const profile of [reference2020, draft04Profile]) {
      const global = [...GLOBAL, ...ELSEWHERE, NAT64];
      expect(reached({ profile, routes: ['::/0'] }, all)).toEqual(global);
      expect(reached({ profile, forwardTo: ['fc00::/6', 'c000::/2'] }, all)).toEqual(['fbff::1']);
      expect(reached({ profile, forwardTo: ['fc00::/7'] }, all)).toEqual(INTERNAL.slice(0, 2));
      expect(reached({ profile, forwardTo: ['fe00::/7'] }, all)).toEqual(INTERNAL.slice(2));
    }
  });

  test.each(['a00:1', 'c0a8:101', 'ac10:1', '7f00:1', '6440:1', 'e000:1', '1'])(
    'has no private IPv4 address %s behind a translator or 6to4 relay',
    (ipv4) => {
      const sixToFour = `2002:${ipv4.includes(':') ? ipv4 : `0:${ipv4}`}::1`;
      const destinations = [`64:ff9b::${ipv4}`, sixToFour];
      expect(reached({ routes: ['::/0', '64:ff9b::/96', '2002::/16'] }, destinations)).toEqual([]);
    },
  );

  test('has public IPv4 addresses there, and private ones of a private router', () => {
    const destinations = ['64:ff9b::808:808', '2002:808:808::1', '64:ff9b::a00:1', '2002:a00:1::1'];
    expect(reached({ routes: ['::/0'] }, destinations)).toEqual(destinations.slice(0, 2));
    expect(reached({ routes: ['::/0'], allowPrivate: true }, destinations)).toEqual(destinations);
    // Other prefixes have no IPv4 address at that place.
    const others = ['64:ff9b:0:1::a00:1', '64:ff9b::1:a00:1', '64:ff9c::a00:1', '2003:a00:1::1'];
    expect(reached({ routes: ['::/0'] }, others)).toEqual(others);
  });

  test('has to be prefixes', () => {
    expect(() => new RouterBench({ forwardTo: ['2001:db8::1/32'] })).toThrow(/forwardTo/);
  });

  test('goes by the other router where the destination names one', () => {
    expect(reached({ routes: ['2000::/3', 'fc64::/16'] }, [TBD1, FOREIGN_ADDRESS])).toEqual([]);
  });
});

describe('the router’s own address', () => {
  test('answers echo requests', () => {
    const { sent, delivered } = new RouterBench().datagram(A, ping(ADDRESS_A, ROUTER));
    expect(delivered).toEqual([]);
    expect(sent[0]!.to).toBe(A);
    const reply = parseEcho(sent[0]!.payload, 0, sent[0]!.payload.length);
    if (!reply.ok) throw new Error('no echo');
    expect(reply.value).toMatchObject({ type: 'echo-reply', identifier: 7, sequence: 1 });
    expect(formatIPv6(reply.value.source)).toBe(ROUTER);
  });

  test('answers echo requests of 1280 bytes, and 1281 with Packet Too Big', () => {
    const bench = new RouterBench();
    const whole = bench.datagram(A, ping(ADDRESS_A, ROUTER, { size: 1232 })).sent[0]!.payload;
    expect(parseEcho(whole, 0, whole.length)).toMatchObject({ value: { type: 'echo-reply' } });
    const { sent } = bench.datagram(A, ping(ADDRESS_A, ROUTER, { size: 1233 }));
    expect(icmpError(sent[0]!.payload)).toMatchObject({ type: 'packet-too-big', mtu: 1280 });
    expect(bench.drops).toEqual({ 'too-big': 1 });
  });

  test('leaves echo replies to its host, which asked', () => {
    const reply = buildEcho({
      type: 'echo-reply',
      source: parseIPv6(ADDRESS_A),
      destination: parseIPv6(ROUTER),
      hopLimit: 64,
      identifier: 7,
      sequence: 1,
      data: new Uint8Array(8),
    });
    const { sent, delivered } = new RouterBench().datagram(A, reply);
    expect(sent).toEqual([]);
    expect(delivered).toEqual([reply]);
  });

  test('gives the rest to its host, and refuses it where there is none', () => {
    const packet = udp(ADDRESS_A, ROUTER, Uint8Array.of(1));
    expect(new RouterBench().datagram(A, packet).delivered).toEqual([packet]);
    const alone = new RouterBench({ ipv6Side: false });
    alone.datagram(A, packet);
    const { sent } = alone.datagram(A, packet);
    expect(icmpError(sent[0]!.payload)).toMatchObject({ type: 'destination-unreachable', code: 4 });
    expect(alone.drops).toEqual({ 'no-listener': 2 });
  });

  test('lanip 0 of a peer’s endpoint ends at the router, not at the peer (draft-04 §5.2)', () => {
    const bench = new RouterBench();
    const { sent, delivered } = bench.datagram(A, ping(ADDRESS_A, addressOf(B, 0)));
    expect(delivered).toEqual([]);
    expect(sent.map((datagram) => datagram.to)).toEqual([A]);
    expect(bench.datagram(A, udp(ADDRESS_A, addressOf(B, 0), Uint8Array.of(1))).delivered).toEqual(
      [],
    );
    // The sender's own as well: that is the router on its link.
    bench.datagram(A, ping(ADDRESS_A, addressOf(A, 0)));
    expect(bench.drops).toEqual({ 'no-listener': 1 });
  });

  test('draft-01: the all-zero identifier is the router on the link (RFC 4291 §2.6.1)', () => {
    const prefix = '2001:db8:64:64::';
    const bench = new RouterBench({ profile: draft01Profile, prefix: `${prefix}/64` });
    const from = '2001:db8:64:64:429c:c6ff:fe33:6402';
    const { sent } = bench.datagram(A, ping(from, prefix));
    expect(sent.map(({ to }) => to)).toEqual([A]);
    for (const identifier of ['100:0:0:0', '200:0:0:0', '1:0:0:0', '0:1:0:0', '0:0:100:0']) {
      bench.datagram(A, ping(from, `2001:db8:64:64:${identifier}`));
    }
    expect(bench.drops).toEqual({ 'destination-not-endpoint': 5 });
  });
});

describe('Neighbor Discovery behind extension headers (RFC 6980)', () => {
  const solicited = solicit(NATIVE, ADDRESS_B);
  /** The packet with a header of 8 bytes of that kind in front of the message. */
  const behind = (header: number, source: string): Uint8Array => {
    const bytes = new Uint8Array(solicited.length + 8);
    bytes.set(solicited.subarray(0, 40));
    bytes.set(solicited.subarray(40), 48);
    bytes.set(parseIPv6(source), 8);
    bytes[5]! += 8;
    bytes[6] = header;
    bytes[40] = 58;
    return bytes;
  };

  test.each([
    ['destination options', 60],
    ['an atomic fragment', 44],
  ])('is not relayed behind %s, from neither side', (_name, header) => {
    const bench = new RouterBench();
    expect(bench.packet(behind(header, NATIVE)).sent).toEqual([]);
    expect(bench.datagram(A, behind(header, ADDRESS_A)).sent).toEqual([]);
    const toHost = behind(header, ADDRESS_A);
    toHost.set(parseIPv6(ROUTER), 24);
    expect(bench.datagram(A, toHost).delivered).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 3 });
  });

  test('is nothing else: an echo request there passes', () => {
    const bytes = behind(60, NATIVE);
    bytes[48] = 128;
    expect(new RouterBench().packet(bytes).sent.map(({ to }) => to)).toEqual([B]);
  });
});
