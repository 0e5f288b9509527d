import { draft01Profile, draft04Profile, formatIPv6, parseIPv4, parseIPv6 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { ping } from '../support/packets.js';
import { RouterBench } from '../support/routerBench.js';
import {
  A,
  ADDRESS_A,
  ADDRESS_B,
  addressOf,
  advertisement,
  FOREIGN,
  FOREIGN_ADDRESS,
  NATIVE,
  OTHER_PREFIX,
  OTHER_ROUTER,
  prefixes,
  ROUTER,
  SELF,
} from '../support/routerMessages.js';

/** A packet large enough to pay for its correction. */
function packet(source: string, destination: string): Uint8Array {
  const bytes = ping(ADDRESS_A, destination, { size: 100 });
  bytes.set(parseIPv6(source), 8);
  return bytes;
}

describe('the source filter (draft-03 §6)', () => {
  test('drops and corrects a source that encodes another endpoint', () => {
    const bench = new RouterBench();
    const { sent } = bench.datagram(
      '198.51.100.2:40024',
      packet(addressOf('198.51.100.2:40026'), ADDRESS_B),
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

  test('corrects from 120 bytes on at once, and smaller frames with the second', () => {
    const corrections = (size: number): number[] => {
      const bench = new RouterBench();
      const spoofed = ping(ADDRESS_B, ADDRESS_A, { size: size - 48 });
      return [0, 1].map(() => bench.datagram(A, spoofed).sent.length);
    };
    expect(corrections(120)).toEqual([1, 1]);
    expect(corrections(119)).toEqual([0, 1]);
    expect(corrections(48)).toEqual([0, 1]);
  });

  test('limits corrections per sender', () => {
    const bench = new RouterBench();
    const spoofed = packet(ADDRESS_B, ADDRESS_A);
    let corrections = 0;
    for (let index = 0; index < 150; index++) corrections += bench.datagram(A, spoofed).sent.length;
    expect(corrections).toBe(100);
    expect(bench.router.counters.snapshot().answersWithheld).toBe(50);
    bench.now += 20;
    expect(bench.datagram(A, spoofed).sent).toHaveLength(1);
  });

  test('draft-01 §5.2: treats a false identifier as a solicitation', () => {
    const bench = new RouterBench({ profile: draft01Profile, prefix: '2001:db8:64:64::/64' });
    const spoofed = ping(
      '2001:db8:64:64:589c:c6ff:fe33:6402',
      '2001:db8:64:64:5e9c:c6ff:fe33:6402',
      {
        size: 0,
      },
    );
    for (const answers of [1, 1, 1]) {
      const { sent } = bench.datagram('198.51.100.2:40024', spoofed);
      expect(sent).toHaveLength(answers);
      expect(prefixes(sent[0]!.payload)).toEqual(['2001:db8:64:64::/64 L A 4294967295']);
      expect(formatIPv6(advertisement(sent[0]!.payload).destination)).toBe(
        'fe80::5a9c:c6ff:fe33:6402',
      );
    }
    const elsewhere = ping('2001:db8:64:65:5a9c:c6ff:fe33:6402', NATIVE, { size: 200 });
    expect(bench.datagram('198.51.100.2:40024', elsewhere).sent).toEqual([]);
  });

  test.each([
    ['a native source', '2001:db8:77::300:5', A, 'source-not-allowed'],
    ['multicast', 'ff02::1', A, 'source-not-allowed'],
    ['link-local', 'fe80::c433:6402:9c40:8001', A, 'source-not-allowed'],
    ['::', '::', A, 'source-not-allowed'],
    ['an endpoint of port 0', ADDRESS_A, '198.51.100.2:0', 'source-endpoint-refused'],
    ['our own endpoint', ROUTER, SELF, 'loop'],
  ])('drops %s without an answer', (_name, source, from, reason) => {
    const bench = new RouterBench();
    const bytes = packet(source, ADDRESS_B);
    if (source.startsWith('2001')) bytes[16] = 0x01; // opaque
    const [address, port] = from.split(':') as [string, string];
    bench.router.handleDatagram(bytes, 0, bytes.length, parseIPv4(address), Number(port), 1);
    expect(bench.recorder.sent).toEqual([]);
    expect(bench.recorder.delivered).toEqual([]);
    expect(bench.drops).toEqual({ [reason]: 1 });
  });
});

describe('a source under another prefix (draft-03 §10.1)', () => {
  const FORMER = 'fc64:999:c633:6401::/64'; // ours, under another netid

  test.each([
    ['of another router, wrong endpoint', addressOf('192.0.2.1:9', 3, OTHER_PREFIX)],
    ['of another router, right endpoint', addressOf(A, 3, OTHER_PREFIX)],
    ['that we served before, right endpoint', addressOf(A, 3, FORMER)],
    ['that we served before, wrong endpoint', addressOf('192.0.2.1:9', 3, FORMER)],
    ['that is native, right endpoint', addressOf(A, 3, '2001:db8:1:2::/64')],
    ['that is native, wrong endpoint', addressOf('192.0.2.1:9', 3, '2001:db8:1:2::/64')],
  ])('%s is corrected', (_name, source) => {
    const bench = new RouterBench();
    const { sent, delivered } = bench.datagram(A, packet(source, NATIVE));
    expect(delivered).toEqual([]);
    expect(sent.map(({ to }) => to)).toEqual([A]);
    const retracted = parseIPv6(source);
    retracted[14]! &= 0xc0;
    retracted[15] = 0;
    expect(prefixes(sent[0]!.payload)).toEqual([
      `${formatIPv6(retracted)}/114 L A 0`,
      `${addressOf(A, 0)}/114 L A 4294967295`,
    ]);
    expect(bench.drops).toEqual({ 'source-not-allowed': 1 });
  });

  test('that we served before is corrected on the way to our peers and to us as well', () => {
    const bench = new RouterBench();
    for (const destination of [ADDRESS_B, ROUTER]) {
      const { sent, delivered } = bench.datagram(A, packet(addressOf(A, 1, FORMER), destination));
      expect(delivered).toEqual([]);
      expect(sent.map(({ to }) => to)).toEqual([A]);
      expect(prefixes(sent[0]!.payload)).toHaveLength(2);
    }
  });

  test('is not corrected when another router sends it, whose peers are not ours', () => {
    const bench = new RouterBench();
    const third = addressOf(FOREIGN, 1, 'fc64:bed:c633:64fd::/64');
    expect(bench.datagram(OTHER_ROUTER, packet(third, ADDRESS_B)).sent).toEqual([]);
    const neighbor = '198.51.100.254:25791'; // no router's port
    expect(bench.datagram(neighbor, packet(third, NATIVE)).sent).toHaveLength(1);
    expect(bench.drops).toEqual({ 'source-not-allowed': 2 });
  });

  test('is not corrected when its lower half is opaque', () => {
    const bench = new RouterBench();
    const opaque = packet(FOREIGN_ADDRESS, NATIVE);
    opaque[16]! |= 0x02;
    expect(bench.datagram(FOREIGN, opaque).sent).toEqual([]);
    opaque[16]! ^= 0x03;
    expect(bench.datagram(FOREIGN, opaque).sent).toEqual([]);
    opaque[16]! ^= 0x01;
    expect(bench.datagram(FOREIGN, opaque).sent).toHaveLength(1);
  });

  test('draft04: is not corrected, since top halves never change (draft-04 §3.3)', () => {
    const bench = new RouterBench({ profile: draft04Profile });
    expect(bench.datagram(A, packet(addressOf(A, 1, FORMER), NATIVE)).sent).toEqual([]);
    expect(bench.datagram(A, packet(ADDRESS_B, NATIVE)).sent).toHaveLength(1);
  });

  test('two routers never answer each other', () => {
    const here = new RouterBench();
    const there = new RouterBench({ address: '198.51.100.254' });
    const first = here.datagram(OTHER_ROUTER, packet(ADDRESS_A, ADDRESS_B)).sent[0]!;
    expect(first.to).toBe(OTHER_ROUTER); // a correction: the source names an endpoint under our prefix
    expect(there.datagram(SELF, first.payload).sent).toEqual([]);
  });
});
