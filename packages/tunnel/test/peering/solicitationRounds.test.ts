import { reference2020, UdpEndpoint } from '@6bed4/codec';
import { Random } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { Remotes } from '../../src/peering/remotes.js';
import { SolicitationRounds } from '../../src/peering/solicitationRounds.js';
import { Confirmation, Path } from '../../src/report/path.js';
import { ping } from '../support/packets.js';
import { OWN, remoteAt } from '../support/peerBench.js';

const { layout } = reference2020;
const REACHABLE_TIME = 5_000;
const RENEWALS_AT_ONCE = 2_000;

/** The rounds of remotes on nodes of one network. */
class Bench {
  readonly remotes: Remotes;
  readonly rounds: SolicitationRounds;
  solicited: number[] = [];

  constructor() {
    const random = new Random(4).fraction;
    this.remotes = new Remotes(layout, 'address', 16_384, random, () => {});
    this.rounds = new SolicitationRounds(this.remotes, random, {
      solicit: (slot) => this.solicited.push(slot),
      unreachable: () => {},
    });
    this.remotes.attach({
      grow: (capacity) => this.rounds.grow(capacity),
      isSearching: (slot) => this.rounds.isUnderWay(slot),
      search: () => ({ state: 'idle', failures: 0, triedAt: 0, retryAt: 0 }),
      removed: (slot) => this.rounds.removed(slot),
    });
  }

  /** A remote with credit for many solicitations. */
  create(node: number, port: number, isOutbound = true): number {
    const endpoint = new UdpEndpoint(0xc633_0000 + node, port);
    const packet = ping(OWN, remoteAt(`198.51.${node >> 8}.${node & 0xff}:${port}`));
    const slot = isOutbound
      ? this.remotes.createDestination(packet, 0, endpoint, 0)
      : this.remotes.createSource(packet, 24, endpoint, 0);
    this.rounds.restart(slot);
    this.remotes.credit.grant(slot, 1_000_000);
    return slot;
  }

  confirm(slot: number, now: number): void {
    this.rounds.confirmed(slot, now);
    const endpoint = new UdpEndpoint();
    this.remotes.paths.readEncodedEndpoint(slot, endpoint);
    const { neighborAdvertisement } = Confirmation;
    const until = now + 25_000;
    this.remotes.paths.confirm(slot, Path.direct, endpoint, neighborAdvertisement, until, now);
  }

  /** The remotes of a list for which a round begins at this time. */
  begun(slots: readonly number[], now: number): number {
    for (const slot of slots) this.rounds.begin(slot, now);
    return slots.filter((slot) => this.rounds.isUnderWay(slot)).length;
  }
}

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe('a round of solicitations', () => {
  test('is under way until it is confirmed or in vain', () => {
    const bench = new Bench();
    const slot = bench.create(1, 1);
    expect([bench.rounds.isUnderWay(slot), bench.rounds.isRetryDue(slot, 0)]).toEqual([
      false,
      true,
    ]);
    bench.rounds.begin(slot, 0);
    expect([bench.rounds.isUnderWay(slot), bench.rounds.isRetryDue(slot, 1e9)]).toEqual([
      true,
      false,
    ]);
    bench.confirm(slot, 10);
    expect(bench.rounds.isUnderWay(slot)).toBe(false);
  });

  test('is not begun on a confirmation that is not yet to be renewed, nor said to be under way', () => {
    const bench = new Bench();
    const slot = bench.create(1, 1);
    bench.confirm(slot, 10);
    expect(bench.rounds.isRetryDue(slot, 10 + REACHABLE_TIME - 1)).toBe(false);
    expect(bench.rounds.isRefreshDue(slot, 10 + 1_249)).toBe(false);
    expect(bench.rounds.isRefreshDue(slot, 10 + 1_250)).toBe(true);
    expect(bench.rounds.isRetryDue(slot, 10 + REACHABLE_TIME)).toBe(true);
    bench.rounds.begin(slot, 10 + REACHABLE_TIME);
    bench.rounds.handleTimeout(11 + REACHABLE_TIME);
    expect(bench.solicited).toEqual([slot]);
  });
});

describe('the rates of rounds', () => {
  test('of outbound remotes are shared, and not used up by inbound ones or renewals', () => {
    const bench = new Bench();
    const known = many(100, (index) => bench.create(1, index + 1));
    for (const slot of known) bench.confirm(slot, 0);
    const inbound = many(800, (index) => bench.create(2 + (index >> 3), index + 1, false));
    const outbound = many(1_050, (index) => bench.create(1, 1_000 + index));
    expect(bench.begun(inbound, REACHABLE_TIME)).toBeGreaterThan(500);
    expect(bench.begun(known, REACHABLE_TIME)).toBe(100);
    expect(bench.begun(outbound, REACHABLE_TIME)).toBe(1_000);
    expect(bench.begun(outbound.slice(1_000), REACHABLE_TIME + 20)).toBe(10);
  });

  test.each([
    ['outbound', true],
    ['inbound', false],
  ])('of renewals of %s remotes are shared by these only', (_, isOutbound) => {
    const bench = new Bench();
    const create = (count: number, first: number, outbound: boolean): number[] => {
      const slots = many(count, (index) => bench.create(first + (index >> 3), 1 + index, outbound));
      for (const slot of slots) bench.confirm(slot, 0);
      return slots;
    };
    const slots = create(RENEWALS_AT_ONCE + 50, 1, isOutbound);
    const others = create(50, 1_000, !isOutbound);
    expect(bench.begun(slots, REACHABLE_TIME)).toBe(RENEWALS_AT_ONCE);
    expect(bench.begun(others, REACHABLE_TIME)).toBe(50);
    expect(bench.begun(slots.slice(RENEWALS_AT_ONCE), REACHABLE_TIME + 20)).toBe(20);
  });

  test('of inbound remotes and of hints are one for each IPv4 address: twenty at once, ten a second', () => {
    const bench = new Bench();
    const inbound = many(16, (index) => bench.create(1, index + 1, false));
    const outbound = many(16, (index) => bench.create(1, index + 100));
    expect(bench.begun(inbound, 0)).toBe(16);
    expect(outbound.map((slot) => bench.rounds.admitsHint(slot, 0)).filter(Boolean)).toHaveLength(
      4,
    );
    const late = outbound.slice(4);
    expect(late.map((slot) => bench.rounds.admitsHint(slot, 200)).filter(Boolean)).toHaveLength(2);
    expect(bench.rounds.admitsHint(bench.create(2, 1), 0)).toBe(true);
    expect(bench.begun(outbound, 200)).toBe(16);
  });

  test('do not bound rounds that their cause bounds', () => {
    const bench = new Bench();
    const slots = many(1_200, (index) => bench.create(1, index + 1));
    for (const slot of slots) bench.rounds.start(slot, 0);
    expect(bench.solicited).toHaveLength(1_200);
  });

  test('are not charged for a remote whose credit does not suffice', () => {
    const bench = new Bench();
    const [packet, endpoint] = [
      ping(remoteAt('192.0.2.1:5'), OWN),
      new UdpEndpoint(0xc000_0201, 5),
    ];
    const poor = bench.remotes.createSource(packet, 8, endpoint, 0);
    bench.rounds.restart(poor);
    for (let count = 0; count < 50; count++) bench.rounds.begin(poor, 0);
    bench.rounds.start(poor, 0);
    expect(bench.solicited).toEqual([]);
    bench.remotes.credit.grant(poor, 100);
    expect(bench.begun([poor], 0)).toBe(1);
  });
});

test('a hint without credit, or soon after another, has no effect', () => {
  const bench = new Bench();
  const packet = ping(OWN, remoteAt('192.0.2.1:5'));
  const slot = bench.remotes.createSource(packet, 24, new UdpEndpoint(0xc000_0201, 5), 0);
  bench.rounds.restart(slot);
  expect(bench.rounds.admitsHint(slot, 0)).toBe(false);
  bench.remotes.credit.grant(slot, 100);
  expect([0, 249, 250].map((now) => bench.rounds.admitsHint(slot, now))).toEqual([
    true,
    false,
    true,
  ]);
});

describe('rounds in vain', () => {
  /** Begins a round, and lets it end in vain; when it did. */
  function fails(bench: Bench, slot: number, now: number): number {
    bench.rounds.begin(slot, now);
    expect(bench.rounds.isUnderWay(slot)).toBe(true);
    let end = now;
    while (bench.rounds.isUnderWay(slot)) {
      end = bench.rounds.nextTimeout();
      bench.rounds.handleTimeout(end);
    }
    return end;
  }

  test('are repeated by packets after 2 s, and each time after twice as long, up to a minute', () => {
    const bench = new Bench();
    const slot = bench.create(1, 1);
    let now = 0;
    const waits = [2, 4, 8, 16, 32, 60, 60, 60];
    for (const wait of [...waits, ...many(20, () => 60)]) {
      const end = fails(bench, slot, now);
      expect(end - now).toBe(1_500);
      now = end + wait * 1_000;
      expect(bench.rounds.isRetryDue(slot, now - 1)).toBe(false);
      expect(bench.rounds.isRetryDue(slot, now)).toBe(true);
      expect(bench.rounds.isRefreshDue(slot, now)).toBe(false);
    }
    bench.confirm(slot, now);
    const end = fails(bench, slot, now + REACHABLE_TIME);
    expect(bench.rounds.isRetryDue(slot, end + 1_999)).toBe(false);
    expect(bench.rounds.isRetryDue(slot, end + 2_000)).toBe(true);
  });

  test('make hints wait twice as long each time, up to a minute', () => {
    const bench = new Bench();
    const slot = bench.create(1, 1);
    let now = 0;
    for (let failures = 0; failures < 20; failures++) {
      const wait = Math.min(250 * 2 ** Math.min(failures, 16), 60_000);
      expect(bench.rounds.admitsHint(slot, now)).toBe(true);
      expect(bench.rounds.admitsHint(slot, now + wait - 1)).toBe(false);
      now = fails(bench, slot, now + wait) + 120_000;
    }
  });

  test('are known until a confirmation, or another remote takes the slot', () => {
    const bench = new Bench();
    const slot = bench.create(1, 1);
    const known = () => [bench.rounds.hasFailed(slot), bench.rounds.isFirstSearch(slot)];
    expect(known()).toEqual([false, false]);
    bench.rounds.begin(slot, 0);
    expect(known()).toEqual([false, true]);
    const end = fails(bench, slot, 0);
    expect(known()).toEqual([true, false]);
    bench.confirm(slot, end);
    expect(known()[0]).toBe(false);
    fails(bench, slot, end + REACHABLE_TIME);
    bench.rounds.restart(slot);
    expect(known()).toEqual([false, false]);
    expect(bench.rounds.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  test('are kept while the table grows', () => {
    const bench = new Bench();
    const slot = bench.create(1, 1);
    const end = fails(bench, slot, 0);
    bench.rounds.grow(128);
    expect(bench.rounds.hasFailed(slot)).toBe(true);
    expect(bench.rounds.isRetryDue(slot, end + 1_999)).toBe(false);
  });
});

test('the next direct packet begins a round where a refresh is due soon, and none otherwise', () => {
  const bench = new Bench();
  const slot = bench.create(1, 1);
  expect(bench.rounds.isRefreshDue(slot, 1e9)).toBe(false);
  bench.rounds.refreshAt(slot, 10);
  expect([9, 10].map((now) => bench.rounds.isRefreshDue(slot, now))).toEqual([false, true]);
  bench.rounds.begin(slot, 10);
  expect(bench.rounds.isRefreshDue(slot, 1e9)).toBe(false);
  bench.rounds.removed(slot);
  expect(bench.rounds.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
});
