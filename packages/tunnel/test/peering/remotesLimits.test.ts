import { reference2020, UdpEndpoint } from '@6bed4/codec';
import { ICMPV6_ECHO_REPLY } from '@6bed4/nd';
import { Random } from '@6bed4/testing/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Remotes } from '../../src/peering/remotes.js';
import { Confirmation, Path } from '../../src/report/path.js';
import { ACK, SYN, tcp } from '../support/handshakes.js';
import { ping, udp } from '../support/packets.js';
import { OWN, remoteAt } from '../support/peerBench.js';

const NOBODY = -1;
const REPLY_TIME = 30_000;
const MOST_AT_ADDRESS = 16;

type Verb = 'arrives' | 'request' | 'reply' | 'udp' | 'segment' | 'syn';

/** A node by its number: four IPv4 addresses with many ports each. */
const endpointOf = (node: number): UdpEndpoint =>
  new UdpEndpoint(0xc000_0200 + (node & 3), 1_000 + (node >> 2));

const packetTo = (node: number, verb: Verb): Uint8Array => {
  const { addressBits, port } = endpointOf(node);
  const remote = remoteAt(`192.0.2.${addressBits & 0xff}:${port}`);
  if (verb === 'udp') return udp(OWN, remote, new Uint8Array(8));
  if (verb === 'syn') return tcp(OWN, remote, { flags: SYN, sequence: 1 });
  if (verb === 'segment') return tcp(OWN, remote, { flags: ACK, sequence: 1 });
  const packet = ping(OWN, remote);
  if (verb === 'reply') packet[40] = ICMPV6_ECHO_REPLY;
  return packet;
};

/** A table, used as the path finder does, and its evictions. */
class Bench {
  readonly remotes: Remotes;
  readonly searched = new Set<number>();
  readonly capacities: number[] = [];
  /** Directions in the reports of paths. */
  readonly directions: string[] = [];
  evicted: ((slot: number) => void) | null = null;
  now = 0;

  constructor(maximum: number) {
    const random = new Random(7).fraction;
    this.remotes = new Remotes(reference2020.layout, 'address', maximum, random, (change) => {
      this.directions.push(change.direction);
    });
    this.remotes.attach({
      grow: (capacity) => this.capacities.push(capacity),
      isSearching: (slot) => this.searched.has(slot),
      search: () => ({ state: 'idle', failures: 0, triedAt: 0, retryAt: 0 }),
      removed: (slot) => {
        this.evicted?.(slot);
        this.searched.delete(slot);
      },
    });
  }

  find(node: number): number {
    return this.remotes.find(packetTo(node, 'request'), 24);
  }

  /** Something arrives from a node, or the local side sends to it; returns its slot. */
  does(verb: Verb, node: number): number {
    const { remotes, now } = this;
    const packet = packetTo(node, verb);
    let slot = remotes.find(packet, 24);
    if (verb === 'arrives') {
      if (slot === NOBODY) slot = remotes.createSource(packet, 24, endpointOf(node), now);
      if (slot !== NOBODY) remotes.received(slot, true, packet.length, now);
      return slot;
    }
    if (slot === NOBODY) slot = remotes.createDestination(packet, 0, endpointOf(node), now);
    if (slot === NOBODY) return NOBODY;
    if (!remotes.isOutbound(slot)) remotes.considerOutbound(slot, packet, 0, now);
    remotes.sent(slot, false, now);
    return slot;
  }

  isOutbound(node: number): boolean {
    return this.remotes.isOutbound(this.find(node));
  }

  confirm(slot: number, validUntil: number): void {
    const { paths } = this.remotes;
    const endpoint = new UdpEndpoint();
    paths.readEncodedEndpoint(slot, endpoint);
    paths.confirm(slot, Path.direct, endpoint, Confirmation.seen, validUntil, this.now);
  }
}

describe('a remote', () => {
  test.each([
    ['request', true],
    ['syn', true],
    ['udp', true],
    ['reply', false],
    ['segment', false],
    ['arrives', false],
  ] as const)('met by what is called %s is outbound: %s', (verb, isOutbound) => {
    const bench = new Bench(64);
    bench.does(verb, 1);
    expect(bench.isOutbound(1)).toBe(isOutbound);
    bench.confirm(bench.find(1), 1000);
    const direction = isOutbound ? 'outbound' : 'inbound';
    expect(bench.directions).toEqual([direction]);
    expect(bench.remotes.snapshot(bench.find(1), bench.now)).toMatchObject({ direction });
  });

  test.each([
    ['request', true],
    ['syn', true],
    ['udp', false],
    ['reply', false],
    ['segment', false],
  ] as const)('that began is outbound after what is called %s: %s', (verb, isOutbound) => {
    const bench = new Bench(64);
    bench.does('arrives', 1);
    bench.confirm(bench.find(1), 1000);
    bench.does(verb, 1);
    expect(bench.isOutbound(1)).toBe(isOutbound);
    bench.does('arrives', 1);
    bench.does(verb, 1);
    expect(bench.isOutbound(1)).toBe(isOutbound);
    // Once more when it has become outbound, and never again.
    expect(bench.directions).toEqual(isOutbound ? ['inbound', 'outbound'] : ['inbound']);
  });

  test('that began and fell silent is outbound once a packet that may be no reply goes there', () => {
    const bench = new Bench(64);
    bench.does('arrives', 1);
    bench.now = 10_000;
    bench.does('arrives', 1);
    bench.now += REPLY_TIME - 1;
    bench.does('udp', 1);
    expect(bench.isOutbound(1)).toBe(false);
    bench.now++;
    for (const verb of ['reply', 'segment'] as const) bench.does(verb, 1);
    expect(bench.isOutbound(1)).toBe(false);
    bench.does('udp', 1);
    expect(bench.isOutbound(1)).toBe(true);
  });

  test('met by a reply is not outbound for the next packet that may be one', () => {
    const bench = new Bench(64);
    bench.now = 5;
    bench.does('segment', 1);
    bench.now += REPLY_TIME - 1;
    bench.does('udp', 1);
    expect(bench.isOutbound(1)).toBe(false);
    bench.now++;
    bench.does('udp', 1);
    expect(bench.isOutbound(1)).toBe(true);
  });

  test('is trusted only if the local side began', () => {
    const bench = new Bench(64);
    const trusted = (['request', 'udp', 'segment', 'arrives'] as const).map((verb, node) =>
      bench.remotes.credit.isTrusted(bench.does(verb, node)),
    );
    expect(trusted).toEqual([true, true, false, false]);
  });
});

describe('strangers', () => {
  /** Remotes at the first IPv4 address, all with valid paths, so that none makes place. */
  function full(bench: Bench, count: number): void {
    for (let index = 0; index < count; index++) {
      const slot = bench.does('arrives', 4 * index);
      if (slot !== NOBODY) bench.confirm(slot, 1_000_000);
    }
  }

  test('get sixteen places at one IPv4 address, and as many at the next', () => {
    const bench = new Bench(1_000);
    full(bench, 20);
    expect(bench.remotes.size).toBe(16);
    expect(bench.does('arrives', 1)).not.toBe(NOBODY);
  });

  test('at one IPv4 address take the place of the one there that was idle longest', () => {
    const bench = new Bench(1_000);
    for (let index = 0; index < 16; index++) {
      bench.now = index === 3 ? 1 : 5 + index;
      const slot = bench.does('arrives', 4 * index);
      if (index === 2) bench.searched.add(slot);
    }
    bench.now = 0;
    bench.does('arrives', 1);
    const idle = bench.find(12);
    bench.now = 99;
    expect(bench.does('arrives', 4 * 16)).toBe(idle);
  });

  test('cannot have a remote be outbound by packets that get replies, even of UDP', () => {
    const bench = new Bench(1_000);
    full(bench, 16);
    for (let index = 16; index < 300; index++) {
      bench.does('arrives', 4 * index);
      // A long reply comes in fragments, which nobody can tell from requests.
      for (const verb of ['udp', 'udp', 'udp', 'reply', 'segment'] as const) {
        expect(bench.does(verb, 4 * index), verb).toBe(NOBODY);
      }
    }
    expect(bench.remotes.size).toBe(16);
  });

  test('cannot have another node at their IPv4 address be kept out', () => {
    const bench = new Bench(1_000);
    full(bench, 16);
    expect(bench.does('arrives', 400)).toBe(NOBODY);
    for (let count = 0; count < 4; count++) expect(bench.does('udp', 400)).toBe(NOBODY);
    bench.does('udp', 400);
    bench.does('udp', 404);
    expect([bench.isOutbound(400), bench.isOutbound(404)]).toEqual([true, true]);
  });

  test.each([
    [REPLY_TIME - 1, false],
    [REPLY_TIME, true],
  ])(
    'whose place was taken %s ms after their last packet: a later one is outbound: %s',
    (age, isOutbound) => {
      const bench = new Bench(1_000);
      bench.does('arrives', 0);
      bench.now = age;
      for (let index = 1; index <= 16; index++) {
        bench.confirm(bench.does('arrives', 4 * index), 1_000_000);
      }
      expect(bench.find(0)).toBe(NOBODY);
      expect(bench.does('udp', 0) !== NOBODY).toBe(isOutbound);
    },
  );
});

describe('the table of remotes', () => {
  test('doubles from 64 places to its maximum, and tells its owner', () => {
    const bench = new Bench(300);
    expect(bench.remotes.capacity).toBe(64);
    for (let node = 0; node < 64; node++) bench.does('request', node);
    expect(bench.capacities).toEqual([]);
    for (let node = 64; node < 400; node++) bench.does('request', node);
    expect(bench.capacities).toEqual([128, 256, 300]);
    expect([bench.remotes.size, bench.remotes.capacity]).toEqual([300, 300]);
  });

  const verbs = fc.constantFrom<Verb>('arrives', 'arrives', 'request', 'reply', 'segment', 'syn');
  const command = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        verb: verbs,
        node: fc.nat(500),
        count: fc.integer({ min: 1, max: 60 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        verb: fc.constantFrom('confirm' as const, 'search' as const, 'rest' as const),
        node: fc.nat(500),
        count: fc.nat(40),
      }),
    },
    fc.record({ verb: fc.constant('wait' as const), node: fc.nat(2_000), count: fc.constant(0) }),
  );

  interface Known {
    slot: number;
    outbound: boolean;
    validUntil: number;
    sent: number;
    received: number;
  }

  test('keeps what it knows, its shares, and whoever must not go, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(3, 40, 64, 100, 400),
        fc.array(command, { maxLength: 25, size: 'max' }),
        (maximum, commands) => {
          const bench = new Bench(maximum);
          const { remotes } = bench;
          const model = new Map<number, Known>();
          let by: 'inbound' | 'outbound' = 'inbound';
          bench.evicted = (slot) => {
            const [node, known] = [...model].find(([, entry]) => entry.slot === slot)!;
            const isUsed = known.validUntil > bench.now || bench.searched.has(slot);
            if (by === 'inbound') expect(known.outbound || isUsed).toBe(false);
            else expect(known.outbound && isUsed).toBe(false);
            model.delete(node);
          };
          const step = (verb: Verb, node: number): void => {
            const began = verb === 'request' || verb === 'syn';
            const isNew = !model.has(node);
            by = began ? 'outbound' : 'inbound';
            const slot = bench.does(verb, node);
            expect(slot).toBe(bench.find(node));
            if (slot === NOBODY) return;
            if (isNew) {
              expect([...model.values()].some((known) => known.slot === slot)).toBe(false);
              model.set(node, { slot, outbound: false, validUntil: -1, sent: 0, received: 0 });
            }
            const known = model.get(node)!;
            known.outbound ||= began;
            if (verb === 'arrives') known.received++;
            else known.sent++;
          };
          for (const { verb, node, count } of commands) {
            if (verb === 'wait') bench.now += node;
            for (let next = node; next < node + count; next++) {
              const known = model.get(next);
              if (verb === 'confirm' || verb === 'search' || verb === 'rest') {
                if (known === undefined) continue;
                if (verb === 'search') bench.searched.add(known.slot);
                else if (verb === 'rest') bench.searched.delete(known.slot);
                else {
                  known.validUntil = bench.now + 1_000;
                  bench.confirm(known.slot, known.validUntil);
                }
              } else if (verb !== 'wait') step(verb, next);
            }
          }
          expect(remotes.size).toBe(model.size);
          expect(remotes.size).toBeLessThanOrEqual(maximum);
          const inbound = [...model].filter(([, known]) => !known.outbound);
          expect(inbound.length).toBeLessThanOrEqual(Math.max(1, Math.floor(maximum / 4)));
          for (let address = 0; address < 4; address++) {
            const there = inbound.filter(([node]) => (node & 3) === address);
            expect(there.length).toBeLessThanOrEqual(MOST_AT_ADDRESS);
          }
          const endpoint = new UdpEndpoint();
          for (const [node, known] of model) {
            const { slot } = known;
            expect(bench.find(node)).toBe(slot);
            expect(remotes.isOutbound(slot)).toBe(known.outbound);
            expect(remotes.paths.isValid(slot, bench.now)).toBe(known.validUntil > bench.now);
            remotes.paths.readEncodedEndpoint(slot, endpoint);
            expect([endpoint.addressBits, endpoint.port]).toEqual([
              endpointOf(node).addressBits,
              endpointOf(node).port,
            ]);
            const shown = remotes.snapshot(slot, bench.now);
            expect([shown.packetsSentRelayed, shown.packetsReceivedDirect]).toEqual([
              known.sent,
              known.received,
            ]);
          }
          bench.evicted = null;
          for (const slot of [...model.values()].map((known) => known.slot)) remotes.remove(slot);
          expect(remotes.size).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
