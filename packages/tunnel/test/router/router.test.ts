import { draft01Profile, formatIPv6, parseIPv6 } from '@6bed4/codec';
import { buildNd, buildUdp, hopLimit } from '@6bed4/nd';
import { seededRandom } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { Router } from '../../src/index.js';
import { advertisement as fromRouter, ping } from '../support/packets.js';
import { Recorder } from '../support/recorder.js';
import { RouterBench } from '../support/routerBench.js';
import {
  A,
  ADDRESS_A,
  ADDRESS_B,
  addressOf,
  B,
  icmpError,
  NATIVE,
  PREFIX,
  ROUTER,
  solicitation,
} from '../support/routerMessages.js';

const manyRoutes = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `2001:db8:${index.toString(16)}::/48`);

describe('the identity of a router', () => {
  test('has an address of its own endpoint under its /64 with lanip 0', () => {
    const { router } = new RouterBench();
    expect(router.address).toBe(ROUTER);
    expect(router.prefix).toBe(PREFIX);
    expect(router.endpoint).toEqual({ address: '198.51.100.1', port: 25790 });
  });

  test.each([
    [{ address: '300.1.1.1' }, /^address: /],
    [{ port: 0 }, /^port: /],
    [{ port: 70_000 }, /^port: /],
    [{ prefix: 'fc64::/20' }, /^prefix: /],
    [{ prefix: '2001:db8::/65' }, /^prefix: /],
    [{ prefix: '2001:db8::1/64' }, /^prefix: /],
    [{ netid: 0x1_0000 }, /^netid: /],
    [{ netid: -1 }, /^netid: /],
    [{ routes: ['2001:db8::/129'] }, /^routes: /],
    [{ routes: manyRoutes(33) }, /^routes: /],
    [{ profile: draft01Profile, port: 25_789, prefix: '2001:db8:64:64::/64' }, /^port: /],
  ])('cannot be made of %j, which names the option', (options, message) => {
    expect(() => new RouterBench(options)).toThrow(message);
  });

  test.each([
    [{ port: 1 }, PREFIX],
    [{ port: 65_535 }, PREFIX],
    [{ netid: 0 }, 'fc64:0:c633:6401::/64'],
    [{ netid: 0xffff }, 'fc64:ffff:c633:6401::/64'],
    [{ routes: manyRoutes(32) }, PREFIX],
  ])('can be made of %j', (options, prefix) => {
    expect(new RouterBench({ prefix: 'fc64::/16', ...options }).router.prefix).toBe(prefix);
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
    for (const last of [0, 1]) {
      const bench = new RouterBench();
      const packet = ping(ADDRESS_A, ADDRESS_B, { hopLimit: last, size: 100 });
      bench.datagram(A, packet); // the error is larger than one packet
      const { sent } = bench.datagram(A, packet);
      expect(sent.map((datagram) => datagram.to)).toEqual([A]);
      const error = icmpError(sent[0]!.payload);
      expect(error).toMatchObject({ type: 'time-exceeded', code: 0 });
      expect(formatIPv6(error.source)).toBe(ROUTER);
      expect(formatIPv6(error.destination)).toBe(ADDRESS_A);
      expect(error.invoking).toEqual(packet);
      expect(bench.drops).toEqual({ 'hop-limit-exceeded': 2 });
    }
  });

  test('forwards hop limit 2 as 1', () => {
    const { sent } = new RouterBench().datagram(A, ping(ADDRESS_A, ADDRESS_B, { hopLimit: 2 }));
    expect(hopLimit(sent[0]!.payload, 0)).toBe(1);
  });

  test('carries 1280 bytes and answers 1281 with Packet Too Big', () => {
    const bench = new RouterBench();
    expect(bench.datagram(A, ping(ADDRESS_A, ADDRESS_B, { size: 1232 })).sent[0]!.to).toBe(B);
    const { sent } = bench.datagram(A, ping(ADDRESS_A, ADDRESS_B, { size: 1233 }));
    expect(sent.map((datagram) => datagram.to)).toEqual([A]);
    expect(icmpError(sent[0]!.payload)).toMatchObject({ type: 'packet-too-big', mtu: 1280 });
    expect(sent[0]!.payload.length).toBeLessThanOrEqual(1280);
    expect(bench.drops).toEqual({ 'too-big': 1 });
  });

  test('never answers an ICMPv6 error with another (RFC 4443 §2.4 (e))', () => {
    const bench = new RouterBench();
    const { sent } = bench.datagram(A, ping(ADDRESS_A, ADDRESS_B, { size: 1233 }));
    const forged = sent[0]!.payload.slice();
    forged.set(parseIPv6(ADDRESS_A), 8);
    forged.set(parseIPv6(ADDRESS_B), 24);
    forged[7] = 1;
    for (let index = 0; index < 5; index++) expect(bench.datagram(A, forged).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'too-big': 1, 'hop-limit-exceeded': 5 });
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

  test('is silent about a destination that encodes no endpoint, even if an answer is paid for', () => {
    const bench = new RouterBench();
    const packet = ping(ADDRESS_A, addressOf(A).replace(':9c40:', ':0:'), { size: 1000 });
    expect(bench.datagram(A, packet).sent).toEqual([]);
    expect(bench.router.counters.snapshot().answersWithheld).toBe(0);
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
      'version 7',
      altered((bytes) => {
        bytes[0] = 0x7f;
      }),
      'not-ipv6',
    ],
    [
      'version 13, below RoHC',
      altered((bytes) => {
        bytes[0] = 0xdf;
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

  test('a header without payload is one, and 40 bytes', () => {
    const header = altered((bytes) => {
      bytes[5] = 0;
      bytes[6] = 59;
    }).slice(0, 40);
    expect(new RouterBench().datagram(A, header).sent.map(({ to }) => to)).toEqual([B]);
  });

  test('an empty datagram is a keepalive, no drop', () => {
    const bench = new RouterBench();
    expect(bench.datagram(A, new Uint8Array(0)).sent).toEqual([]);
    expect(bench.router.counters.snapshot()).toMatchObject({ keepalivesReceived: 1, drops: {} });
  });

  test('advertisements are not for routers', () => {
    const bench = new RouterBench();
    const [source, destination, target] = [ADDRESS_A, ROUTER, ADDRESS_A].map((text) =>
      parseIPv6(text),
    ) as [Uint8Array, Uint8Array, Uint8Array];
    const flags = { router: false, solicited: true, override: false } as const;
    const frames = [
      fromRouter({}),
      buildNd({
        type: 'neighbor-advertisement',
        source,
        destination,
        target,
        options: [],
        ...flags,
      }),
    ];
    for (const frame of frames) expect(bench.datagram(A, frame).sent).toEqual([]);
    expect(bench.drops).toEqual({ 'nd-unexpected': frames.length });
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
