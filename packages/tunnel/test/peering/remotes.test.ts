import { parseIPv6, reference2020, UdpEndpoint } from '@6bed4/codec';
import { Random } from '@6bed4/testing/random';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type RemoteKey, Remotes } from '../../src/peering/remotes.js';
import { Confirmation, Path } from '../../src/report/path.js';
import { ping } from '../support/packets.js';
import { OWN, remoteAt } from '../support/peerBench.js';

const { layout } = reference2020;
const NOBODY = -1;
const LAN = new UdpEndpoint(0xc0a8_0107, 6666);

/** A table of remotes that writes down the paths reported and the slots released. */
class Bench {
  readonly remotes: Remotes;
  readonly reports: string[] = [];
  readonly removed: number[] = [];
  readonly searched = new Set<number>();

  constructor(maximum = 4, key: RemoteKey = 'address') {
    this.remotes = new Remotes(layout, key, maximum, new Random(3).fraction, (change) => {
      this.reports.push(
        `${change.previous} → ${change.path} (${change.confirmedBy}) ${change.endpoint?.port} ${change.roundTrip}`,
      );
    });
    this.remotes.attach({
      grow: () => {},
      isSearching: (slot) => this.searched.has(slot),
      search: () => ({ state: 'idle', failures: 0, triedAt: 0, retryAt: 0 }),
      removed: (slot) => this.removed.push(slot),
    });
  }

  /** Creates the remote at 192.0.2.9, or another node of that network, and this port. */
  create(port: number, { sentTo = true, now = 0, prefix = '', node = 9 } = {}): number {
    const packet = ping(OWN, remoteAt(`192.0.2.${node}:${port}`));
    if (prefix !== '') packet.set(parseIPv6(prefix).subarray(0, 8), 24);
    const endpoint = new UdpEndpoint(0xc000_0200 + node, port);
    return sentTo
      ? this.remotes.createDestination(packet, 0, endpoint, now)
      : this.remotes.createSource(packet, 24, endpoint, now);
  }

  find(port: number, lanip = 1): number {
    return this.remotes.find(parseIPv6(remoteAt(`192.0.2.9:${port}`, lanip)), 0);
  }

  confirm(slot: number, validUntil: number, now = 0): void {
    const { paths } = this.remotes;
    const endpoint = new UdpEndpoint();
    paths.readEncodedEndpoint(slot, endpoint);
    paths.confirm(slot, Path.direct, endpoint, Confirmation.seen, validUntil, now);
  }
}

describe('a table of remotes', () => {
  test('finds a remote by all addresses of one holder, but not by that of the router', () => {
    const bench = new Bench();
    const slot = bench.create(5000);
    expect([bench.find(5000), bench.find(5000, 77), bench.find(5000, 0)]).toEqual([slot, slot, -1]);
    bench.remotes.remove(slot);
    expect(bench.find(5000)).toBe(NOBODY);
  });

  test('starts a slot anew for each remote', () => {
    const bench = new Bench(1);
    const slot = bench.create(5000);
    bench.confirm(slot, 1000, 5);
    bench.remotes.sent(slot, true, 10);
    bench.remotes.received(slot, false, 100, 20);
    bench.remotes.remove(slot);
    expect(bench.create(5001, { now: 2000 })).toBe(slot);
    expect(bench.remotes.snapshot(slot, 2000)).toMatchObject({
      path: 'relayed',
      endpoint: null,
      confirmedAt: null,
      createdAt: 2000,
      lastSentAt: null,
      lastReceivedAt: null,
      packetsSentDirect: 0,
      packetsReceivedRelayed: 0,
    });
  });
});

describe('a full table', () => {
  test('removes the unused inbound remote that was idle longest for any other remote', () => {
    const bench = new Bench(12);
    for (let port = 1; port <= 9; port++) bench.create(port);
    bench.create(10, { sentTo: false, now: 2 });
    const idle = bench.create(11, { sentTo: false, now: 1 });
    bench.create(12, { sentTo: false, now: 3 });
    bench.create(13, { sentTo: false, now: 9 });
    bench.create(14, { sentTo: true, now: 9 });
    expect(bench.removed).toEqual([idle, bench.find(14)]);
    expect([10, 12, 13].map((port) => bench.find(port) >= 0)).toEqual([false, true, true]);
  });

  test('removes an outbound remote only for another one, and only an unused one', () => {
    const bench = new Bench(2);
    const idle = bench.create(1, { now: 0 });
    bench.create(2, { now: 1 });
    expect(bench.create(3, { sentTo: false, now: 9 })).toBe(NOBODY);
    expect(bench.create(3, { now: 9 })).toBe(idle);
  });

  test('never removes an outbound remote with a valid direct path', () => {
    const bench = new Bench(2);
    for (const port of [1, 2]) bench.confirm(bench.create(port), 100);
    expect(bench.create(3, { now: 99 })).toBe(NOBODY);
    expect(bench.create(3, { now: 100 })).not.toBe(NOBODY);
  });

  test('never removes an outbound remote for which a path is being searched', () => {
    const bench = new Bench(2);
    const slots = [1, 2].map((port) => bench.create(port));
    for (const slot of slots) bench.searched.add(slot);
    expect(bench.create(3)).toBe(NOBODY);
    bench.searched.delete(slots[1]!);
    expect(bench.create(3)).toBe(slots[1]);
  });

  test('removes an inbound remote in use for an outbound one, once no unused one is left', () => {
    const bench = new Bench(8);
    const inbound = [1, 2].map((port) => bench.create(port, { sentTo: false, now: port }));
    for (const slot of inbound) bench.confirm(slot, 100);
    const unused = bench.create(3);
    for (const port of [4, 5, 6, 7, 8]) bench.confirm(bench.create(port), 100);
    for (const port of [9, 10, 11, 12]) {
      const slot = bench.create(port, { now: 9 });
      if (slot !== NOBODY) bench.confirm(slot, 100);
    }
    expect(bench.removed).toEqual([unused, ...inbound]);
    expect(bench.find(12)).toBe(NOBODY);
  });
});

describe('a path', () => {
  test('confirm: is valid until its time, and reported with endpoint and round trip', () => {
    const bench = new Bench();
    const slot = bench.create(5000);
    bench.remotes.paths.measured(slot, 20);
    bench.confirm(slot, 100, 5);
    const { paths } = bench.remotes;
    expect([paths.isValid(slot, 99), paths.isValid(slot, 100)]).toEqual([true, false]);
    expect([paths.path(slot), paths.confirmedAt(slot)]).toEqual([Path.direct, 5]);
    expect(bench.reports).toEqual(['null → direct (seen) 5000 20']);
  });

  test('confirm: leads packets to the endpoint that was confirmed', () => {
    const bench = new Bench();
    const slot = bench.create(5000);
    const { paths } = bench.remotes;
    paths.confirm(slot, Path.lan, LAN, Confirmation.neighborAdvertisement, 100, 0);
    const to = new UdpEndpoint();
    paths.readDirect(slot, to);
    expect([to.addressBits, to.port]).toEqual([LAN.addressBits, LAN.port]);
    expect([
      paths.isEncodedEndpoint(slot, LAN),
      paths.isEncodedEndpoint(slot, new UdpEndpoint(0xc000_0209, 5000)),
    ]).toEqual([false, true]);
  });

  test('confirm: is reported only when the path changes', () => {
    const bench = new Bench();
    const slot = bench.create(5000);
    bench.confirm(slot, 100);
    bench.confirm(slot, 200);
    expect(bench.reports).toHaveLength(1);
  });

  test('invite: is valid without ever having been confirmed', () => {
    const bench = new Bench();
    const slot = bench.create(5000);
    bench.remotes.paths.invite(slot, 100);
    expect(bench.remotes.snapshot(slot, 99)).toMatchObject({
      path: 'direct',
      confirmedBy: 'invitation',
      confirmedAt: null,
      validUntil: 100,
    });
  });

  test('expire: is valid no more, but remembered, and nothing is reported', () => {
    const bench = new Bench();
    const slot = bench.create(5000);
    bench.confirm(slot, 100);
    bench.remotes.paths.expire(slot);
    expect(bench.remotes.paths.isValid(slot, 0)).toBe(false);
    expect(bench.remotes.paths.path(slot)).toBe(Path.direct);
    expect(bench.remotes.snapshot(slot, 0)).toMatchObject({ path: 'relayed', confirmedBy: null });
    expect(bench.reports).toHaveLength(1);
  });

  test('giveUp: is relayed, reported the first time too, and direct packets go to the encoded endpoint', () => {
    const bench = new Bench();
    const [first, second] = [bench.create(5000), bench.create(5001)];
    const { paths } = bench.remotes;
    paths.giveUp(first);
    paths.confirm(second, Path.lan, LAN, Confirmation.neighborAdvertisement, 100, 0);
    paths.giveUp(second);
    const to = new UdpEndpoint();
    paths.readDirect(second, to);
    expect(to.port).toBe(5001);
    expect(bench.reports).toEqual([
      'null → relayed (null) undefined null',
      'null → lan (neighbor-advertisement) 6666 null',
      'lan → relayed (null) undefined null',
    ]);
  });
});

describe('the local network', () => {
  test('knows a remote by its private endpoint under every prefix, until our network changes', () => {
    const bench = new Bench();
    const slot = bench.create(5000);
    const elsewhere = parseIPv6(remoteAt('192.0.2.9:5000'));
    elsewhere[7] = 0xee;
    expect(bench.remotes.wasSeenOnLan(elsewhere, 0, LAN)).toBe(false);
    bench.remotes.seenOnLan(slot, LAN);
    expect(bench.remotes.wasSeenOnLan(elsewhere, 0, LAN)).toBe(true);
    expect(bench.remotes.wasSeenOnLan(elsewhere, 0, new UdpEndpoint(LAN.address, 7))).toBe(false);
    bench.remotes.leftLan(slot);
    expect(bench.remotes.wasSeenOnLan(elsewhere, 0, LAN)).toBe(false);
  });
});

describe('traffic', () => {
  test('is counted by path and direction, with the time of the last packet', () => {
    const bench = new Bench();
    const slot = bench.create(5000);
    const { remotes } = bench;
    remotes.sent(slot, false, 1);
    remotes.sent(slot, true, 2);
    remotes.sent(slot, true, 3);
    remotes.received(slot, true, 40, 4);
    remotes.received(slot, false, 40, 5);
    remotes.signaled(slot, 6);
    expect(remotes.snapshot(slot, 7)).toMatchObject({
      lastSentAt: 3,
      lastReceivedAt: 6,
      packetsSentDirect: 2,
      packetsSentRelayed: 1,
      packetsReceivedDirect: 1,
      packetsReceivedRelayed: 1,
    });
    expect(remotes.lastUsedAt(slot)).toBe(6);
  });
});

describe('credit', () => {
  test('is unlimited for a remote that the local side sent to first, but for hints', () => {
    const bench = new Bench();
    const slot = bench.create(5000);
    const { credit } = bench.remotes;
    for (let count = 0; count < 100; count++) expect(credit.charge(slot, 100)).toBe(true);
    expect([1, 2, 3].map(() => credit.chargeHint(slot, 100))).toEqual([true, true, false]);
  });

  test('is never overdrawn by an untrusted remote, whatever happens', () => {
    const step = fc.tuple(
      fc.constantFrom('grant' as const, 'earn' as const, 'charge' as const, 'hint' as const),
      fc.nat(200),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const { credit } = new Bench().remotes;
        credit.reset(0, false);
        let left = 0;
        for (const [verb, bytes] of steps) {
          const isAffordable = left >= bytes;
          expect(credit.affords(0, bytes)).toBe(isAffordable);
          if (verb === 'grant') left += bytes;
          else if (verb === 'earn') left += left < 1280 ? bytes : 0;
          // An untrusted remote pays for what a hint causes when that is sent.
          else if (verb === 'hint') expect(credit.chargeHint(0, bytes)).toBe(isAffordable);
          else if (isAffordable) left -= bytes;
          if (verb === 'grant') credit.grant(0, bytes);
          if (verb === 'earn') credit.earn(0, bytes);
          if (verb === 'charge') expect(credit.charge(0, bytes)).toBe(isAffordable);
        }
      }),
    );
  });

  test('is unlimited for an untrusted remote once it has shown that it is where its address says', () => {
    const bench = new Bench();
    const slot = bench.create(5000, { sentTo: false });
    const { credit } = bench.remotes;
    expect(credit.charge(slot, 1)).toBe(false);
    credit.trust(slot);
    expect([credit.isTrusted(slot), credit.charge(slot, 1000)]).toEqual([true, true]);
  });

  test('grows with the packets of an untrusted remote and their outer headers', () => {
    const bench = new Bench();
    const slot = bench.create(5000, { sentTo: false });
    bench.remotes.received(slot, true, 72, 0);
    const { credit } = bench.remotes;
    expect([credit.affords(slot, 101), credit.affords(slot, 100)]).toEqual([false, true]);
  });
});
