import { parseIPv6, sameIPv6Address } from '@6bed4/codec';
import { buildEcho, buildUdp } from '@6bed4/nd';
import { fc, test as property } from '@fast-check/vitest';
import { beforeEach, describe, expect, test } from 'vitest';
import { fragmentAt } from '../../../src/socket/fragments/fragmentHeader.js';
import { Reassembler } from '../../../src/socket/fragments/reassembler.js';
import {
  fragmentOf,
  fragmentsOf,
  numbered,
  type Piece,
  withOptions,
} from '../../support/fragments.js';

const LIMIT = 60_000;
const IPV6 = 40;
const SOURCE = 8;
/** Bytes of UDP payload in the largest packet. */
const MAX_PAYLOAD = 65_527;

interface UdpOptions {
  readonly payload?: number;
  readonly from?: number;
  readonly to?: number;
}

/** A UDP packet whose payload differs at every place. */
function udp({ payload = 3000, from = 1, to = 2 }: UdpOptions = {}): Uint8Array {
  const bytes = new Uint8Array(payload).map((_, index) => index ^ (index >>> 8));
  return buildUdp({
    source: numbered(from),
    destination: numbered(to),
    sourcePort: 5060,
    destinationPort: 5060,
    payload: bytes,
  });
}

let counters: { reassembled: number; reassemblyFailures: number };
let outbound: Uint8Array[];
let reassembler: Reassembler;

beforeEach(() => {
  reset();
});

function reset(): void {
  counters = { reassembled: 0, reassemblyFailures: 0 };
  outbound = [];
  reassembler = new Reassembler(counters, (bytes, source) =>
    outbound.some((address) => sameIPv6Address(address, 0, bytes, source)),
  );
}

function take(fragment: Uint8Array, now = 0): ReturnType<Reassembler['take']> {
  return reassembler.take(fragment, 0, fragment.length, now);
}

function takeAll(fragments: readonly Uint8Array[]): ReturnType<Reassembler['take']>[] {
  return fragments.map((fragment) => take(fragment));
}

/** Places to cut a packet, multiples of 8, and a payload length. */
const split = fc.integer({ min: 9, max: MAX_PAYLOAD }).chain((payload) =>
  fc.record({
    payload: fc.constant(payload),
    cuts: fc.array(
      fc.integer({ min: 1, max: Math.floor((payload + 7) / 8) }).map((n) => n * 8),
      {
        minLength: 1,
        maxLength: 60,
        size: 'max',
      },
    ),
  }),
);

const startOf = (fragment: Uint8Array): number => fragmentAt.offset(fragment, IPV6);
const sizeOf = (fragment: Uint8Array): number => fragment.length - IPV6 - 8;
const sumOf = (fragments: readonly Uint8Array[]): number =>
  fragments.reduce((sum, fragment) => sum + sizeOf(fragment), 0);

function overlapping(fragments: readonly Uint8Array[]): boolean {
  const sorted = [...fragments].sort((a, b) => startOf(a) - startOf(b));
  return sorted.some((fragment, index) => {
    const next = sorted[index + 1];
    return next !== undefined && startOf(fragment) + sizeOf(fragment) > startOf(next);
  });
}

describe('fragments of one packet', () => {
  property.prop([
    split,
    fc.infiniteStream(fc.nat()),
    fc.array(fc.nat(), { maxLength: 10, size: 'max' }),
  ])(
    'give the packet when the last of them arrives, in any order, some twice',
    ({ payload, cuts }, keys, repeated) => {
      reset();
      const packet = udp({ payload });
      const fragments = fragmentsOf(packet, cuts);
      fc.pre(fragments.length > 1);
      const order = fragments
        .map((fragment) => ({ fragment, key: keys.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ fragment }) => fragment);
      const last = order.pop()!;
      for (const index of repeated) order.splice(index % (order.length + 1), 0, order[0] ?? last);
      if (order.includes(last)) return;
      expect(takeAll(order).every((taken) => taken === null)).toBe(true);
      expect(Buffer.compare(take(last) as Uint8Array, packet)).toBe(0);
      expect(counters).toEqual({ reassembled: 1, reassemblyFailures: 0 });
      expect(reassembler.size).toBe(0);
    },
  );

  property.prop([
    split,
    fc.array(
      fc.record({ at: fc.nat(), units: fc.integer({ min: 1, max: 200 }), place: fc.nat() }),
      {
        minLength: 1,
        maxLength: 3,
        size: 'max',
      },
    ),
  ])('never give one after any two of them overlapped', ({ payload, cuts }, extra) => {
    reset();
    const packet = udp({ payload });
    const total = packet.length - IPV6;
    const order = fragmentsOf(packet, cuts);
    for (const { at, units, place } of extra) {
      const start = (at % Math.floor((total + 7) / 8)) * 8;
      const end = Math.min(start + units * 8, total);
      if (start === 0 && end === total) continue;
      const overlap = fragmentOf(packet, { start, end });
      // What is in it makes no difference.
      if (place % 2 === 0) overlap[overlap.length - 1]! ^= 1;
      order.splice(place % order.length, 0, overlap);
    }
    const before: Uint8Array[] = [];
    for (const fragment of order) {
      const taken = take(fragment);
      const isCopy = before.some((other) => Buffer.compare(other, fragment) === 0);
      if (!isCopy) before.push(fragment);
      const isOverlap = overlapping(before);
      const isWhole = !isOverlap && sumOf(before) === total;
      expect(taken instanceof Uint8Array).toBe(isWhole && !isCopy);
      if (isWhole) return;
    }
  });

  test('that were discarded for an overlap take those that still come with them, for 60 s', () => {
    const packet = udp();
    const [first, second, third] = fragmentsOf(packet, [1232, 2464]);
    take(first!);
    expect(take(fragmentOf(packet, { start: 1224, end: 2464 }))).toBeNull();
    expect(counters.reassemblyFailures).toBe(1);
    expect(takeAll([first!, second!, third!])).toEqual([null, null, null]);
    expect(reassembler.size).toBe(1);
    expect(reassembler.expire(LIMIT)).toEqual([]);
    expect(counters).toEqual({ reassembled: 0, reassemblyFailures: 1 });
    expect(takeAll([first!, second!, third!]).at(-1)).toEqual(packet);
  });

  test.each<[string, Piece]>([
    ['begins where the last one ended', { start: 3008, end: 3016, hasMore: true }],
    ['ends elsewhere as the last one', { start: 3008, end: 3016, hasMore: false }],
    ['is the last one again, but says that more follow', { start: 2464, end: 3008, hasMore: true }],
    ['is the last one, but has another behind it', { start: 1232, end: 2464, hasMore: false }],
  ])('are discarded with one that %s', (_title, piece) => {
    const packet = udp({ payload: 4000 });
    const fragments = [
      fragmentOf(packet, { start: 2464, end: 3008, hasMore: false }),
      fragmentOf(packet, piece),
      fragmentOf(packet, { start: 0, end: 1232 }),
      fragmentOf(packet, { start: 1232, end: 2464 }),
    ];
    expect(takeAll(fragments).some((one) => one instanceof Uint8Array)).toBe(false);
    expect(counters.reassemblyFailures).toBeGreaterThanOrEqual(1);
  });

  test('may be 128, and no more', () => {
    const packet = udp({ payload: 8 * 200 });
    const cuts = (count: number) => Array.from({ length: count - 1 }, (_, index) => 8 * index + 8);
    expect(takeAll(fragmentsOf(packet, cuts(128), 1)).at(-1)).toEqual(packet);
    expect(takeAll(fragmentsOf(packet, cuts(129), 2)).at(-1)).toBeNull();
    expect(counters).toEqual({ reassembled: 1, reassemblyFailures: 1 });
  });

  test('may have options before the fragment header, of which those of the first remain', () => {
    const packet = udp();
    const [first, second] = fragmentsOf(packet, [1600]);
    expect(take(withOptions(first!))).toBeNull();
    expect(take(second!)).toEqual(withOptions(packet));
  });

  test('are told apart by source, destination and identification', () => {
    const packets = [udp(), udp({ from: 3 }), udp({ to: 4 })];
    const all = packets.map((packet) => fragmentsOf(packet, [1232]));
    all.push(fragmentsOf(packets[0]!, [1232], 2));
    for (const [first] of all) expect(take(first!)).toBeNull();
    expect(reassembler.size).toBe(4);
    expect(all.map(([, last]) => take(last!))).toEqual([...packets, packets[0]]);
  });
});

describe('a fragment', () => {
  test('that is a whole packet is one at once, and has nothing to do with others', () => {
    const packet = udp();
    const [first, second] = fragmentsOf(packet, [1232], 7);
    take(first!);
    const small = udp({ payload: 20 });
    expect(take(fragmentOf(small, { start: 0, end: 28 }, 7))).toEqual(small);
    expect(reassembler.size).toBe(1);
    expect(take(second!)).toEqual(packet);
    expect(counters).toEqual({ reassembled: 2, reassemblyFailures: 0 });
  });

  test('that has others behind it has a multiple of 8 bytes, or its sender is told', () => {
    const packet = udp();
    expect(take(fragmentOf(packet, { start: 0, end: 1231 }))).toEqual({ code: 0, pointer: 4 });
    expect(counters.reassemblyFailures).toBe(1);
    expect(reassembler.size).toBe(0);
  });

  test('ends at most 65,535 bytes behind the IPv6 header', () => {
    const packet = udp({ payload: MAX_PAYLOAD });
    const fragments = fragmentsOf(
      packet,
      [...new Array(53).keys()].map((n) => (n + 1) * 1232),
    );
    expect(Buffer.compare(takeAll(fragments).at(-1) as Uint8Array, packet)).toBe(0);
    const beyond = fragmentOf(udp(), { start: 0, end: 8, hasMore: false });
    // Offset 65,528 in units of 8, with 8 bytes behind it.
    beyond.set([0xff, 0xf8], IPV6 + 2);
    expect(take(beyond)).toBeNull();
    expect(counters.reassemblyFailures).toBe(1);
    expect(reassembler.size).toBe(0);
    expect(take(beyond.subarray(0, beyond.length))).toBeNull();
  });

  test('ends so also where only the first one has options', () => {
    const packet = udp({ payload: MAX_PAYLOAD });
    const [first, ...others] = fragmentsOf(
      packet,
      [...new Array(53).keys()].map((n) => (n + 1) * 1232),
    );
    expect(takeAll([withOptions(first!), ...others]).every((taken) => taken === null)).toBe(true);
    expect(counters).toEqual({ reassembled: 0, reassemblyFailures: 1 });
  });

  test('that is the first one has the header of the upper layer, or its sender is told', () => {
    const tcp = (end: number, identification: number): Uint8Array => {
      const packet = udp();
      packet[6] = 6;
      return fragmentOf(packet, { start: 0, end }, identification);
    };
    expect(take(tcp(16, 1))).toEqual({ code: 3, pointer: 0 });
    expect(take(tcp(24, 2))).toBeNull();
    expect(reassembler.size).toBe(1);
    expect(counters.reassemblyFailures).toBe(1);
  });

  test('that is the first one and ends within extension headers is dropped, as it may hide ND', () => {
    const cut = fragmentOf(withOptions(udp()), { start: 0, end: 16 });
    // The options claim 32 bytes.
    cut[49] = 3;
    expect(take(cut)).toBeNull();
    expect(reassembler.size).toBe(0);
    expect(counters.reassemblyFailures).toBe(1);
  });

  test.each([133, 134, 135, 136, 137])('is never of Neighbor Discovery, type %d', (type) => {
    const packet = buildEcho({
      type: 'echo-request',
      source: numbered(1),
      destination: numbered(2),
      hopLimit: 255,
      identifier: 1,
      sequence: 1,
      data: new Uint8Array(3000),
    });
    packet[IPV6] = type;
    const fragments = fragmentsOf(packet, [1232, 2464]);
    expect(takeAll(fragments)).toEqual([null, null, null]);
    expect(take(fragmentOf(packet, { start: 0, end: packet.length - IPV6 }, 5))).toBeNull();
    expect(counters.reassembled).toBe(0);
  });

  test('without payload is ignored', () => {
    const packet = udp();
    expect(take(fragmentOf(packet, { start: 1232, end: 1232 }))).toBeNull();
    expect(reassembler.size).toBe(0);
  });

  test('whose payload length disagrees with its bytes is dropped, as that of a jumbogram', () => {
    const [first] = fragmentsOf(udp(), [1232]);
    for (const length of [0, 1, 1239, 1241]) {
      const wrong = first!.slice();
      wrong.set([length >>> 8, length & 0xff], 4);
      expect(take(wrong)).toBeNull();
    }
    expect(reassembler.size).toBe(0);
    expect(counters.reassemblyFailures).toBe(4);
  });

  property.prop([fc.uint8Array({ maxLength: 200, size: 'max' }), fc.nat(300), fc.nat(20)])(
    'of any bytes causes no exception, and nothing outside it is read',
    (tail, length, before) => {
      reset();
      const header = new Uint8Array(IPV6);
      header[0] = 0x60;
      header[5] = tail.length;
      header[6] = [44, 60, 0][length % 3]!;
      const whole = Buffer.concat([new Uint8Array(before).fill(44), header, tail]);
      const other = Buffer.concat([
        new Uint8Array(before),
        header,
        tail,
        new Uint8Array(99).fill(44),
      ]);
      const size = IPV6 + tail.length;
      const one = reassembler.take(whole, before, size, 0);
      reset();
      expect(reassembler.take(other, before, size, 0)).toEqual(one);
      expect(() => reassembler.take(whole, before, length, 0)).not.toThrow();
    },
  );
});

describe('time', () => {
  test('gives up a packet 60 s after its first fragment, whatever came since, and returns its offset 0', () => {
    const [first, second] = fragmentsOf(udp(), [1232, 2464]);
    expect(reassembler.expiresAt).toBe(Number.POSITIVE_INFINITY);
    take(second!, 1000);
    take(first!, 50_000);
    expect(reassembler.expiresAt).toBe(1000 + LIMIT);
    expect(reassembler.expire(1000 + LIMIT - 1)).toEqual([]);
    expect(reassembler.size).toBe(1);
    expect(reassembler.expire(1000 + LIMIT)).toEqual([first]);
    expect(reassembler.size).toBe(0);
    expect(counters).toEqual({ reassembled: 0, reassemblyFailures: 1 });
  });

  test('returns nothing of a packet whose offset 0 did not arrive', () => {
    take(fragmentsOf(udp(), [1232, 2464])[1]!);
    expect(reassembler.expire(LIMIT)).toEqual([]);
    expect(counters.reassemblyFailures).toBe(1);
  });
});

describe('room', () => {
  const begin = (from: number, identification: number, now = 0): Uint8Array => {
    const [first, last] = fragmentsOf(udp({ from }), [1232], identification);
    take(first!, now);
    return last!;
  };

  test('is for 8 packets of one source, of which the oldest goes', () => {
    const last = Array.from({ length: 9 }, (_, index) => begin(1, index));
    expect(reassembler.size).toBe(8);
    expect(counters.reassemblyFailures).toBe(1);
    expect(take(last[1]!)).toBeInstanceOf(Uint8Array);
    // The rest of one that was given up begins another.
    expect(take(last[0]!)).toBeNull();
  });

  test('is for 32 packets of strangers, who never displace those of own conversations', () => {
    outbound = Array.from({ length: 8 }, (_, index) => numbered(100 + index));
    const own = outbound.flatMap((_, index) =>
      Array.from({ length: 8 }, (_, id) => begin(100 + index, id)),
    );
    expect(reassembler.size).toBe(64);
    const strangers = Array.from({ length: 1000 }, (_, index) => begin(1000 + index, 1));
    expect(reassembler.size).toBe(96);
    expect(own.map((last) => take(last)).every((one) => one instanceof Uint8Array)).toBe(true);
    expect(strangers.slice(-32).map((last) => take(last))).not.toContain(null);
  });

  test('is for 64 packets of own conversations, of which the oldest goes', () => {
    outbound = Array.from({ length: 9 }, (_, index) => numbered(100 + index));
    const own = outbound.flatMap((_, index) =>
      Array.from({ length: 8 }, (_, id) => begin(100 + index, id)),
    );
    expect(reassembler.size).toBe(64);
    expect(take(own[7]!)).toBeNull();
    expect(take(own.at(-1)!)).toBeInstanceOf(Uint8Array);
  });

  test('is free again when all is cleared', () => {
    begin(1, 1);
    reassembler.clear();
    expect(reassembler.size).toBe(0);
    expect(reassembler.expiresAt).toBe(Number.POSITIVE_INFINITY);
  });
});

test('the source of a packet is where it says', () => {
  const packet = udp({ from: 9 });
  expect(packet.subarray(SOURCE, SOURCE + 16)).toEqual(parseIPv6('2001:db8::9'));
  expect(Reassembler.isFragment(packet, 0, packet.length)).toBe(false);
  const [first] = fragmentsOf(packet, [8]);
  expect(Reassembler.isFragment(first!, 0, first!.length)).toBe(true);
  expect(Reassembler.isFragment(withOptions(first!), 0, first!.length + 8)).toBe(true);
});
