import { draft01Profile, encodeAddress, formatIPv6, parseIPv6 } from '@6bed4/codec';
import {
  buildNd,
  buildUdp,
  findOption,
  hopLimit,
  type NdMessage,
  parseEcho,
  parseIcmpError,
  parseNd,
} from '@6bed4/nd';
import { seededRandom } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { Router } from '../../src/index.js';
import { ping, udp } from '../support/packets.js';
import { Recorder } from '../support/recorder.js';
import { RouterBench } from '../support/routerBench.js';

const PREFIX = 'fc64:bed:c633:6401::/64';
const A = '198.51.100.2:40000';
const B = '198.51.100.3:40001';
const addressOf = (peer: string, lanip = 1, prefix = PREFIX): string =>
  encodeAddress({ prefix, peer, lanip });
const ADDRESS_A = addressOf(A);
const ADDRESS_B = addressOf(B);
const NATIVE = '2001:db8:77::5';
const ROUTER = 'fc64:bed:c633:6401:c433:6401:64be:8000';

function solicitation(
  overrides: Partial<Extract<NdMessage, { type: 'router-solicitation' }>> = {},
): Uint8Array {
  return buildNd({
    type: 'router-solicitation',
    source: parseIPv6('::'),
    destination: parseIPv6('ff02::2'),
    options: [],
    ...overrides,
  });
}

function parsed(payload: Uint8Array): NdMessage {
  const result = parseNd(payload, 0, payload.length);
  if (!result.ok) throw new Error(`not Neighbor Discovery: ${JSON.stringify(result.error)}`);
  return result.value;
}

function advertisement(payload: Uint8Array): Extract<NdMessage, { type: 'router-advertisement' }> {
  const message = parsed(payload);
  if (message.type !== 'router-advertisement') throw new Error(message.type);
  return message;
}

function prefixes(payload: Uint8Array): string[] {
  return advertisement(payload).options.flatMap((option) =>
    option.type === 'prefix-information'
      ? [
          `${formatIPv6(option.prefix)}/${option.prefixLength}` +
            `${option.onLink ? ' L' : ''}${option.autonomous ? ' A' : ''} ${option.validLifetime}`,
        ]
      : [],
  );
}

describe('the identity of a router', () => {
  test('has an address of its own endpoint under its /64 with lanip 0', () => {
    const { router } = new RouterBench();
    expect(router.address).toBe(ROUTER);
    expect(router.prefix).toBe(PREFIX);
    expect(router.endpoint).toEqual({ address: '198.51.100.1', port: 25790 });
  });

  test.each([
    [{ address: '300.1.1.1' }, /address/],
    [{ port: 0 }, /port/],
    [{ port: 70_000 }, /port/],
    [{ prefix: 'fc64::/20' }, /prefix/],
    [{ prefix: '2001:db8::1/64' }, /prefix/],
    [{ netid: 0x1_0000 }, /netid/],
    [{ routes: ['2001:db8::/129'] }, /route/],
    [{ profile: draft01Profile, port: 25_789, prefix: '2001:db8:64:64::/64' }, /port/],
  ])('cannot be made of %j, which names the option', (options, message) => {
    expect(() => new RouterBench(options)).toThrow(message);
  });

  test('needs no timeout', () => {
    const { router } = new RouterBench();
    expect(router.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
    router.handleTimeout(5);
  });

  test('refuses to be called from its own sink', () => {
    const recorder = new Recorder();
    const router: Router = new Router(
      { address: '198.51.100.1', random: seededRandom(1) },
      {
        sendDatagram: () => router.handleDatagram(new Uint8Array(0), 0, 0, 1, 1, 0),
        deliverPacket: recorder.deliverPacket.bind(recorder),
        event: recorder.event.bind(recorder),
      },
    );
    const bytes = solicitation();
    const call = (): void => router.handleDatagram(bytes, 0, bytes.length, 0xc633_6402, 40_000, 0);
    expect(call).toThrow(/sink/);
    expect(call).toThrow(/sink/); // and is not left locked
  });
});

describe('Router Solicitation (draft-03 §4)', () => {
  test('is answered to the UDP source with the prefix that encodes it', () => {
    const bench = new RouterBench();
    const { sent } = bench.datagram(A, solicitation());
    expect(sent.map((datagram) => datagram.to)).toEqual([A]);
    const message = advertisement(sent[0]!.payload);
    expect(formatIPv6(message.source)).toBe('fe80::');
    expect(formatIPv6(message.destination)).toBe('ff02::1');
    expect(message.managed || message.other).toBe(false);
    expect(prefixes(sent[0]!.payload)).toEqual([
      'fc64:bed:c633:6401:c433:6402:9c40:8000/114 L A 4294967295',
    ]);
  });

  test('from a link-local source is answered to that source', () => {
    const source = parseIPv6('fe80::1234');
    const { sent } = new RouterBench().datagram(A, solicitation({ source }));
    expect(formatIPv6(advertisement(sent[0]!.payload).destination)).toBe('fe80::1234');
  });

  test('brings the routes of the router', () => {
    const bench = new RouterBench({ routes: ['2001:db8:77::/48', '::/0'] });
    const { sent } = bench.datagram(A, solicitation());
    expect(prefixes(sent[0]!.payload).slice(1)).toEqual([
      '2001:db8:77::/48 4294967295',
      '::/0 4294967295',
    ]);
  });

  test('has its nonce and timestamp repeated', () => {
    const options = [
      { type: 'timestamp', timestamp: 0x1234_5678_9abc_def0n },
      { type: 'nonce', nonce: Uint8Array.of(1, 2, 3, 4, 5, 6) },
    ] as const;
    const { sent } = new RouterBench().datagram(A, solicitation({ options: [...options] }));
    const answer = advertisement(sent[0]!.payload);
    expect(findOption(answer.options, 'timestamp')).toEqual(options[0]);
    expect(findOption(answer.options, 'nonce')).toEqual(options[1]);
  });

  test('to a global destination is not answered', () => {
    const bench = new RouterBench();
    const { sent } = bench.datagram(A, solicitation({ destination: parseIPv6(ROUTER) }));
    expect(sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });

  test('floods from one address run dry without starving another', () => {
    const bench = new RouterBench();
    let answered = 0;
    for (let index = 0; index < 1_000; index++) {
      answered += bench.datagram(A, solicitation()).sent.length;
    }
    expect(answered).toBe(100);
    expect(bench.datagram(B, solicitation()).sent).toHaveLength(1);
    bench.now += 1_000;
    expect(bench.datagram(A, solicitation()).sent).toHaveLength(1);
    expect(bench.drops).toEqual({ 'rate-limited': 900 });
  });

  test('draft-01: the destination encodes the endpoint, and an odd port shows', () => {
    const bench = new RouterBench({ profile: draft01Profile, prefix: '2001:db8:64:64::/64' });
    const even = bench.datagram('198.51.100.2:40000', solicitation()).sent[0]!.payload;
    expect(formatIPv6(advertisement(even).destination)).toBe('fe80::429c:c6ff:fe33:6402');
    expect(prefixes(even)).toEqual(['2001:db8:64:64::/64 L A 4294967295']);
    const odd = bench.datagram('198.51.100.2:40001', solicitation()).sent[0]!.payload;
    expect(formatIPv6(advertisement(odd).destination)).toBe('fe80::439c:c6ff:fe33:6402');
  });
});

describe('Neighbor Solicitation to the router (RFC 4861 §7.2.4)', () => {
  const solicit = (source: string, target: string, destination = target): Uint8Array =>
    buildNd({
      type: 'neighbor-solicitation',
      source: parseIPv6(source),
      destination: parseIPv6(destination),
      target: parseIPv6(target),
      options: [{ type: 'nonce', nonce: Uint8Array.of(9, 8, 7, 6, 5, 4) }],
    });

  test.each(['fe80::', ROUTER, 'fe80::c433:6401:64be:8000'])('is answered for %s', (target) => {
    const { sent } = new RouterBench().datagram(A, solicit(ADDRESS_A, target));
    const answer = parsed(sent[0]!.payload);
    if (answer.type !== 'neighbor-advertisement') throw new Error(answer.type);
    expect(formatIPv6(answer.target)).toBe(target);
    expect(answer).toMatchObject({ router: true, solicited: true });
    expect(findOption(answer.options, 'nonce')?.nonce).toEqual(Uint8Array.of(9, 8, 7, 6, 5, 4));
    expect(findOption(answer.options, 'target-link-layer')?.address).toEqual(
      Uint8Array.of(0xbe, 0x64, 198, 51, 100, 1),
    );
  });

  test('for another address is not answered', () => {
    const bench = new RouterBench();
    expect(bench.datagram(A, solicit(ADDRESS_A, ADDRESS_B)).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': 1 });
  });

  test('from somebody else’s address is not answered', () => {
    const bench = new RouterBench();
    expect(bench.datagram(A, solicit(ADDRESS_B, ROUTER)).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'source-mismatch': 1 });
  });
});

describe('relaying between peers (draft-04 §5.2)', () => {
  test('goes to the endpoint in the destination, hop limit one less, nothing else changed', () => {
    const packet = ping(ADDRESS_A, ADDRESS_B);
    const { sent, delivered } = new RouterBench().datagram(A, packet);
    expect(delivered).toEqual([]);
    expect(sent.map(({ to, tos, ttl }) => ({ to, tos, ttl }))).toEqual([{ to: B, tos: 0, ttl: 0 }]);
    packet[7]!--;
    expect(sent[0]!.payload).toEqual(packet);
  });

  test('copies the DS field to the outer packet, without ECN (RFC 6040 §4.3)', () => {
    const packet = ping(ADDRESS_A, ADDRESS_B);
    packet[0] = 0x6b;
    packet[1] = 0xb0;
    expect(new RouterBench().datagram(A, packet).sent[0]!.tos).toBe(0xb8);
  });

  test('answers hop limits that end here with Time Exceeded from its own address', () => {
    const bench = new RouterBench();
    for (const last of [0, 1]) {
      const packet = ping(ADDRESS_A, ADDRESS_B, { hopLimit: last });
      const { sent } = bench.datagram(A, packet);
      expect(sent.map((datagram) => datagram.to)).toEqual([A]);
      const error = parseIcmpError(sent[0]!.payload, 0, sent[0]!.payload.length);
      if (!error.ok) throw new Error('no error');
      expect(error.value).toMatchObject({ type: 'time-exceeded', code: 0 });
      expect(formatIPv6(error.value.source)).toBe(ROUTER);
      expect(formatIPv6(error.value.destination)).toBe(ADDRESS_A);
      expect(error.value.invoking).toEqual(packet);
    }
    expect(bench.drops).toEqual({ 'hop-limit-exceeded': 2 });
  });

  test('carries 1280 bytes and answers 1281 with Packet Too Big', () => {
    const bench = new RouterBench();
    expect(bench.datagram(A, ping(ADDRESS_A, ADDRESS_B, { size: 1232 })).sent[0]!.to).toBe(B);
    const { sent } = bench.datagram(A, ping(ADDRESS_A, ADDRESS_B, { size: 1233 }));
    expect(sent.map((datagram) => datagram.to)).toEqual([A]);
    const error = parseIcmpError(sent[0]!.payload, 0, sent[0]!.payload.length);
    expect(error).toMatchObject({ ok: true, value: { type: 'packet-too-big', mtu: 1280 } });
    expect(sent[0]!.payload.length).toBeLessThanOrEqual(1280);
    expect(bench.drops).toEqual({ 'too-big': 1 });
  });

  test('limits errors per receiver and says so', () => {
    const bench = new RouterBench();
    const packet = ping(ADDRESS_A, ADDRESS_B, { hopLimit: 1 });
    let errors = 0;
    for (let index = 0; index < 100; index++) errors += bench.datagram(A, packet).sent.length;
    expect(errors).toBe(20);
    expect(bench.router.counters.snapshot().answersWithheld).toBe(80);
    expect(bench.datagram(B, ping(ADDRESS_B, ADDRESS_A, { hopLimit: 1 })).sent).toHaveLength(1);
  });

  test('never answers an ICMPv6 error with another (RFC 4443 §2.4 (e))', () => {
    const bench = new RouterBench();
    const { sent } = bench.datagram(A, ping(ADDRESS_A, ADDRESS_B, { hopLimit: 1 }));
    const error = sent[0]!.payload;
    const forged = error.slice();
    forged.set(parseIPv6(ADDRESS_A), 8);
    forged.set(parseIPv6(ADDRESS_B), 24);
    forged[7] = 1;
    expect(bench.datagram(A, forged).sent).toEqual([]);
  });

  test.each([
    ['itself', addressOf(A, 2), 'loop'],
    ['port 0', addressOf(A).replace(':9c40:', ':0:'), 'destination-not-endpoint'],
    ['0.0.0.0', 'fc64:bed:c633:6401::9c40:1', 'destination-not-endpoint'],
    ['an opaque lower half', 'fc64:bed:c633:6401:c533:6403:9c40:8001', 'destination-not-endpoint'],
    ['loopback', addressOf('127.0.0.1:53'), 'destination-endpoint-refused'],
    ['private space', addressOf('10.1.2.3:53'), 'destination-endpoint-refused'],
    ['shared space', addressOf('100.64.2.3:53'), 'destination-endpoint-refused'],
    ['multicast', addressOf('224.0.0.1:53'), 'destination-endpoint-refused'],
    ['broadcast', addressOf('255.255.255.255:53'), 'destination-endpoint-refused'],
    ['this network', addressOf('0.1.2.3:53'), 'destination-endpoint-refused'],
    ['IPv6 multicast', 'ff05::1', 'destination-not-allowed'],
    ['link-local', 'fe80::1', 'destination-not-allowed'],
    ['::1', '::1', 'destination-not-allowed'],
    ['IPv4-mapped', '::ffff:192.0.2.1', 'destination-not-allowed'],
  ])('silently refuses a destination of %s', (_name, destination, reason) => {
    const bench = new RouterBench();
    const { sent, delivered } = bench.datagram(A, ping(ADDRESS_A, destination));
    expect({ sent, delivered }).toEqual({ sent: [], delivered: [] });
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test('relays private endpoints on a private router, and loopback on loopback', () => {
    const privately = new RouterBench({ address: '10.0.0.1' });
    const prefix = privately.router.prefix;
    const [a, b] = ['10.0.0.2:4000', '192.168.1.3:4000'];
    const packet = ping(addressOf(a, 1, prefix), addressOf(b, 1, prefix));
    expect(privately.datagram(a, packet).sent[0]!.to).toBe(b);
    const loopback = new RouterBench({ address: '127.0.0.1' });
    const [c, d] = ['127.0.0.1:4000', '127.0.0.1:4001'];
    const local = ping(
      addressOf(c, 1, loopback.router.prefix),
      addressOf(d, 1, loopback.router.prefix),
    );
    expect(loopback.datagram(c, local).sent[0]!.to).toBe(d);
  });
});

describe('the source filter (draft-03 §6)', () => {
  test('drops and corrects a source that encodes another endpoint', () => {
    const bench = new RouterBench();
    const { sent } = bench.datagram(
      '198.51.100.2:40024',
      ping(addressOf('198.51.100.2:40026'), ADDRESS_B),
    );
    expect(sent.map((datagram) => datagram.to)).toEqual(['198.51.100.2:40024']);
    expect(formatIPv6(advertisement(sent[0]!.payload).destination)).toBe('ff02::1');
    // The retraction comes first: deployed peers take the last prefix they see.
    expect(prefixes(sent[0]!.payload)).toEqual([
      'fc64:bed:c633:6401:c433:6402:9c5a:8000/114 L A 0',
      'fc64:bed:c633:6401:c433:6402:9c58:8000/114 L A 4294967295',
    ]);
    expect(bench.drops).toEqual({ 'source-mismatch': 1 });
  });

  test('limits corrections per sender', () => {
    const bench = new RouterBench();
    const spoofed = ping(ADDRESS_B, ADDRESS_A);
    let corrections = 0;
    for (let index = 0; index < 50; index++) corrections += bench.datagram(A, spoofed).sent.length;
    expect(corrections).toBe(5);
    bench.now += 1_000;
    expect(bench.datagram(A, spoofed).sent).toHaveLength(1);
  });

  test.each([
    [
      'a prefix not served here',
      addressOf(A, 1, 'fc64:bed:c633:6409::/64'),
      A,
      'source-not-allowed',
    ],
    ['a native source', NATIVE, A, 'source-not-allowed'],
    ['multicast', 'ff02::1', A, 'source-not-allowed'],
    ['::', '::', A, 'source-not-allowed'],
    ['an endpoint of port 0', ADDRESS_A, '198.51.100.2:0', 'source-endpoint-refused'],
    ['private space', addressOf('10.0.0.1:99'), '10.0.0.1:99', 'source-endpoint-refused'],
    ['our own endpoint', ROUTER, '198.51.100.1:25790', 'loop'],
  ])('drops %s without an answer', (_name, source, from, reason) => {
    const bench = new RouterBench();
    const recorder = new Recorder();
    const packet = ping(source === 'ff02::1' ? ADDRESS_A : source, ADDRESS_B);
    packet.set(parseIPv6(source), 8);
    const [address, port] = from.split(':') as [string, string];
    bench.recorder.clear();
    bench.router.handleDatagram(
      packet,
      0,
      packet.length,
      address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0),
      Number(port),
      1,
    );
    expect(bench.recorder.sent).toEqual(recorder.sent);
    expect(bench.drops).toEqual({ [reason]: 1 });
  });
});

describe('frames that are not one IPv6 packet (draft-03 §6)', () => {
  const packet = ping(ADDRESS_A, ADDRESS_B);
  const altered = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = packet.slice();
    change(bytes);
    return bytes;
  };
  test.each([
    ['39 bytes', packet.slice(0, 39), 'too-short'],
    ['one byte', Uint8Array.of(0x60), 'too-short'],
    [
      'IPv4',
      altered((bytes) => {
        bytes[0] = 0x45;
      }),
      'not-ipv6',
    ],
    [
      'RoHC 14',
      altered((bytes) => {
        bytes[0] = 0xe0;
      }),
      'rohc',
    ],
    [
      'RoHC 15',
      altered((bytes) => {
        bytes[0] = 0xfd;
      }),
      'rohc',
    ],
    ['one byte missing', packet.slice(0, -1), 'length-mismatch'],
    ['one byte more', Uint8Array.of(...packet, 0), 'length-mismatch'],
  ])('%s is dropped', (_name, frame, reason) => {
    const bench = new RouterBench();
    expect(bench.datagram(A, frame).sent).toEqual([]);
    expect(bench.drops).toEqual({ [reason]: 1 });
  });

  test('an empty datagram is a keepalive, no drop', () => {
    const bench = new RouterBench();
    expect(bench.datagram(A, new Uint8Array(0)).sent).toEqual([]);
    expect(bench.router.counters.snapshot()).toMatchObject({ keepalivesReceived: 1, drops: {} });
  });

  test('Neighbor Discovery that fails RFC 4861 is dropped', () => {
    const bench = new RouterBench();
    const badChecksum = solicitation();
    badChecksum[42]! ^= 1;
    const badHopLimit = solicitation();
    badHopLimit[7] = 254;
    expect(bench.datagram(A, badChecksum).sent).toEqual([]);
    expect(bench.datagram(A, badHopLimit).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-invalid': 2 });
  });
});

describe('the IPv6 side', () => {
  test('gets what is for native destinations, unchanged', () => {
    const packet = ping(ADDRESS_A, NATIVE);
    const { sent, delivered } = new RouterBench().datagram(A, packet);
    expect(sent).toEqual([]);
    expect(delivered).toEqual([packet]);
  });

  test('that does not exist is reported as no route', () => {
    const bench = new RouterBench({ ipv6Side: false });
    const { sent } = bench.datagram(A, ping(ADDRESS_A, NATIVE));
    const error = parseIcmpError(sent[0]!.payload, 0, sent[0]!.payload.length);
    expect(error).toMatchObject({ ok: true, value: { type: 'destination-unreachable', code: 0 } });
    expect(bench.drops).toEqual({ 'no-route': 1 });
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
    [
      'a peer of another router',
      NATIVE,
      addressOf(B, 1, 'fc64:bed:c633:6409::/64'),
      'destination-not-ours',
    ],
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
      const error = parseIcmpError(delivered[0]!, 0, delivered[0]!.length);
      if (!error.ok) throw new Error('no error');
      expect(formatIPv6(error.value.source)).toBe(ROUTER);
      expect(formatIPv6(error.value.destination)).toBe(NATIVE);
      return error.value;
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

  test('gives the rest to its host, and refuses it where there is none', () => {
    const packet = udp(ADDRESS_A, ROUTER, Uint8Array.of(1));
    expect(new RouterBench().datagram(A, packet).delivered).toEqual([packet]);
    const alone = new RouterBench({ ipv6Side: false });
    const { sent } = alone.datagram(A, packet);
    const error = parseIcmpError(sent[0]!.payload, 0, sent[0]!.payload.length);
    expect(error).toMatchObject({ ok: true, value: { type: 'destination-unreachable', code: 4 } });
    expect(alone.drops).toEqual({ 'no-listener': 1 });
  });

  test('lanip 0 of a peer’s endpoint ends at the router, not at the peer (draft-04 §5.2)', () => {
    const bench = new RouterBench();
    const { sent, delivered } = bench.datagram(A, ping(ADDRESS_A, addressOf(B, 0)));
    expect(delivered).toEqual([]);
    expect(sent.map((datagram) => datagram.to)).toEqual([A]);
    expect(bench.datagram(A, udp(ADDRESS_A, addressOf(B, 0), Uint8Array.of(1))).delivered).toEqual(
      [],
    );
  });
});

describe('trapezium routing (draft-04 §5.1)', () => {
  const OTHER_PREFIX = 'fc64:bed:c633:64fe::/64'; // router 198.51.100.254
  const OTHER_ROUTER = '198.51.100.254:25790';
  const REMOTE = addressOf('203.0.113.7:5000', 1, OTHER_PREFIX);

  test('first stage: to the router in the top half, at the well-known port', () => {
    const { sent } = new RouterBench().datagram(A, ping(ADDRESS_A, REMOTE));
    expect(sent.map((datagram) => datagram.to)).toEqual([OTHER_ROUTER]);
    expect(hopLimit(sent[0]!.payload, 0)).toBe(63);
  });

  test('second stage: only from the router in the source’s top half, at the well-known port', () => {
    const bench = new RouterBench();
    const packet = ping(REMOTE, ADDRESS_B);
    expect(bench.datagram(OTHER_ROUTER, packet).sent[0]!.to).toBe(B);
    expect(bench.datagram('198.51.100.254:25791', packet).sent).toEqual([]);
    expect(bench.datagram('198.51.100.253:25790', packet).sent).toEqual([]);
    expect(bench.datagram('203.0.113.7:5000', packet).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'source-not-allowed': 3 });
  });

  test('there is no third stage', () => {
    const bench = new RouterBench();
    const third = addressOf('203.0.113.8:5000', 1, 'fc64:bed:c633:64fd::/64');
    expect(bench.datagram(OTHER_ROUTER, ping(REMOTE, third)).sent).toEqual([]);
    expect(bench.datagram(OTHER_ROUTER, ping(REMOTE, NATIVE)).delivered).toEqual([]);
    expect(bench.drops).toEqual({ 'destination-not-ours': 2 });
  });

  test('a prefix that names ourselves under another netid is a loop', () => {
    const bench = new RouterBench();
    const self = addressOf(B, 1, 'fc64:999:c633:6401::/64');
    expect(bench.datagram(A, ping(ADDRESS_A, self)).sent).toEqual([]);
    expect(bench.drops).toEqual({ loop: 1 });
  });

  test('two routers carry a packet from one peer to another and back', () => {
    const here = new RouterBench();
    const there = new RouterBench({ address: '198.51.100.254' });
    const first = here.datagram(A, ping(ADDRESS_A, REMOTE)).sent[0]!;
    const second = there.datagram('198.51.100.1:25790', first.payload).sent[0]!;
    expect(second.to).toBe('203.0.113.7:5000');
    const back = there.datagram('203.0.113.7:5000', ping(REMOTE, ADDRESS_A)).sent[0]!;
    expect(back.to).toBe('198.51.100.1:25790');
    expect(here.datagram(OTHER_ROUTER, back.payload).sent[0]!.to).toBe(A);
  });

  test('a native /64 has no top half to read', () => {
    const bench = new RouterBench({ prefix: '2001:db8:64:64::/64' });
    const a = addressOf(A, 1, '2001:db8:64:64::/64');
    expect(bench.datagram(A, ping(a, addressOf(B, 1, '2001:db8:64:64::/64'))).sent[0]!.to).toBe(B);
    expect(bench.datagram(A, ping(a, '2001:db8:64:65::1')).delivered).toHaveLength(1);
  });
});

test('counters add up', () => {
  const bench = new RouterBench();
  const packet = buildUdp({
    source: parseIPv6(ADDRESS_A),
    destination: parseIPv6(ADDRESS_B),
    sourcePort: 1,
    destinationPort: 2,
    payload: new Uint8Array(52),
    hopLimit: 64,
  });
  for (let index = 0; index < 10; index++) bench.datagram(A, packet);
  bench.packet(ping(NATIVE, ADDRESS_B));
  bench.datagram(A, ping(ADDRESS_A, NATIVE));
  expect(bench.router.counters.snapshot()).toMatchObject({
    datagramsReceived: 11,
    datagramBytesReceived: 10 * 100 + 56,
    datagramsSent: 11,
    datagramBytesSent: 10 * 100 + 56,
    packetsTaken: 1,
    packetBytesTaken: 56,
    packetsDelivered: 1,
    packetBytesDelivered: 56,
    drops: {},
  });
});
