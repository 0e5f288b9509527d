import { draft01Profile, type Profile, profileOf, reference2020 } from '@6bed4/codec';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  NATIVE,
  PEERS,
  type Run,
  type RunFields,
  RunWorld,
  run,
  STRANGER,
  type WorldOptions,
} from '../support/runWorld.js';

const NATIVE_PREFIXES = ['2001:db8:1:1::/64', '2001:db8:1:2::/64'] as const;
const OWN_PREFIXES = [undefined, undefined] as const;
const strategies = ['via-router', 'neighbor-discovery', 'probe-and-seen'] as const;

const networks: readonly [string, Profile, WorldOptions['prefixes']][] = [
  ['draft00', profileOf('draft00'), NATIVE_PREFIXES],
  ['draft01', draft01Profile, NATIVE_PREFIXES],
  ['draft03', reference2020, OWN_PREFIXES],
  ['draft03 under native prefixes', reference2020, NATIVE_PREFIXES],
  ['draft04', profileOf('draft04'), OWN_PREFIXES],
];
const worlds = networks.flatMap(([name, profile, prefixes]) =>
  strategies.map((strategy): [string, WorldOptions] => {
    // In one network, the table of remotes is full at once.
    const maxRemotes = name.includes('native') ? 1 : 100;
    return [`${name}, ${strategy}`, { profile, prefixes, peering: { strategy, maxRemotes } }];
  }),
);

const SENDERS = [...PEERS, STRANGER, '198.51.100.1:25790', '198.51.100.254:25790'];

/** Peers, the IPv6 side, a stranger, the host of the first router, and nobody. */
const PLACES = PEERS.length + 4;

const fields = fc.record({
  from: fc.nat({ max: PLACES - 1 }),
  to: fc.nat({ max: PLACES - 1 }),
  protocol: fc.constantFrom(6 as const, 17 as const),
  count: fc.integer({ min: 1, max: 5 }),
  payload: fc.constantFrom(20, 60, 1240, 1241),
  lastPayload: fc.constantFrom(20, 33, 1240),
  // Policies and the flag of draft-04 §6, ECN, and what is none of them.
  trafficClass: fc.constantFrom(0, 0, 0, 0x20, 0x22, 0x40, 0x80, 0xa0, 0xc0, 0xe0, 0x03, 0xb8),
  hopLimit: fc.constantFrom(64, 64, 64, 255, 2, 1, 0),
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), fields }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('arrive' as const),
      at: fc.nat({ max: PEERS.length + 1 }),
      sender: fc.nat({ max: SENDERS.length - 1 }),
      isPlausible: fc.constantFrom(true, true, true, false),
      fields,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      time: fc.constantFrom(1, 100, 500, 1_250, 2_000, 5_000, 26_000, 31_000, 120_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), loses: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('solicit' as const), peer: fc.nat({ max: 2 }) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Arrival = Extract<Step, { kind: 'arrive' }>;
type Fields = typeof fields extends fc.Arbitrary<infer T> ? T : never;

function addressAt(world: RunWorld, place: number): string {
  if (place < PEERS.length) return world.addressOf(place);
  const others = [NATIVE, world.stranger, world.routerAddress, 'fe80::1'];
  return others[place - PEERS.length]!;
}

function runOf(world: RunWorld, { from, to, ...rest }: Fields): Run {
  const [source, destination] = [addressAt(world, from), addressAt(world, to)];
  return run({ ...rest, source, destination });
}

/** What a sender may send to a node, or anything. */
function arrivingOf({ at, sender, isPlausible, fields }: Arrival): Fields {
  if (!isPlausible) return fields;
  const from = [0, 1, 2, PEERS.length + 1][sender] ?? fields.from;
  return { ...fields, from, to: at < PEERS.length ? at : fields.to };
}

function play(world: RunWorld, one: Step): void {
  switch (one.kind) {
    case 'send':
      // What is nobody's comes from the IPv6 side of the first router.
      world.sends(Math.min(one.fields.from, PEERS.length), runOf(world, one.fields));
      break;
    case 'arrive':
      world.arrives(one.at, SENDERS[one.sender]!, runOf(world, arrivingOf(one)));
      break;
    case 'wait':
      world.advance(one.time);
      break;
    case 'lose':
      world.losesDirect = one.loses;
      break;
    case 'solicit':
      world.peer(one.peer).solicit(world.now);
      break;
  }
}

const usual: Omit<RunFields, 'source' | 'destination'> = {
  protocol: 6,
  count: 10,
  payload: 1240,
  lastPayload: 100,
  trafficClass: 0,
  hopLimit: 64,
};

describe('a run of packets with one header, at a router that masquerades', () => {
  const masquerade = ['udp:1-65535', 'tcp:1-65535'];
  const peering = { strategy: 'via-router' } as const;
  const options = { profile: reference2020, prefixes: OWN_PREFIXES, peering, masquerade };

  test.prop([fc.array(step, { minLength: 1, maxLength: 30, size: 'max' })], { numRuns: 20 })(
    'has the effects of its packets one by one',
    (steps) => {
      const [together, apart] = [new RunWorld(options, true), new RunWorld(options, false)];
      for (const one of steps) {
        play(together, one);
        play(apart, one);
      }
      expect(together.log).toEqual(apart.log);
    },
  );

  test('is rewritten, each packet by itself', () => {
    const world = new RunWorld(options, true);
    const way = { source: world.addressOf(0), destination: world.routerAddress };
    world.sends(0, run({ ...usual, ...way, protocol: 17 }));
    expect(world.runs.delivered).toBe(0);
    expect(world.nodes[PEERS.length]!.machine.counters.snapshot().packetsDelivered).toBe(10);
  });
});

describe.each(worlds)('a run of packets with one header, in %s', (_, options) => {
  test.prop([fc.array(step, { minLength: 1, maxLength: 30, size: 'max' })], { numRuns: 8 })(
    'has the effects of its packets one by one',
    (steps) => {
      const [together, apart] = [new RunWorld(options, true), new RunWorld(options, false)];
      for (const one of steps) {
        play(together, one);
        play(apart, one);
      }
      expect(together.log).toEqual(apart.log);
    },
  );

  test('is decided once, from peer to peer and to the IPv6 side and back', () => {
    const world = new RunWorld(options, true);
    const between = { source: world.addressOf(0), destination: world.addressOf(1) };
    const back = { source: world.addressOf(1), destination: world.addressOf(0) };
    for (let count = 0; count < 5; count++) {
      world.sends(0, run({ ...usual, ...between, count: 1 }));
      world.sends(1, run({ ...usual, ...back, count: 1 }));
      world.advance(600);
    }
    const host = { source: world.addressOf(0), destination: world.routerAddress };
    const native = { source: NATIVE, destination: world.addressOf(0) };
    const ways = [
      [0, between],
      [1, back],
      [0, host],
      [PEERS.length, native],
    ] as const;
    for (const [index, way] of ways) {
      const before = world.runs;
      world.sends(index, run({ ...usual, ...way }));
      const after = world.runs;
      expect(after.sent).toBeGreaterThan(before.sent);
      expect(after.delivered).toBe(before.delivered + 1);
    }
  });
});
