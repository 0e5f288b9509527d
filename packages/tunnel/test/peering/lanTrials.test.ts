import { findOption } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { LanSearch, NOT_ANSWERED } from '../../src/peering/lanSearch.js';
import { NeighborSolicitations } from '../../src/peering/neighborSolicitations.js';
import { endpointAt, FakePeeringHost } from '../support/peeringHost.js';

const ALL_HOSTS = '224.0.0.1:25790';
const WINDOW = 3_000;
const SEARCH_INTERVAL = 60_000;
/** Hosts of the local network. */
const [A, B, C, D, E] = [1, 2, 3, 4, 5].map((host) => `192.168.1.${host}:6666`) as [
  string,
  string,
  string,
  string,
  string,
];

/** The search for one remote. */
class Bench {
  readonly host = new FakePeeringHost();
  readonly lan: LanSearch;
  readonly slot = this.host.create('203.0.113.5:41234');

  constructor() {
    const solicitations = new NeighborSolicitations(this.host, this.host.remotes, false);
    const options = { lanTtl: 1, wellKnownPort: 25790 };
    this.lan = new LanSearch(this.host, this.host.remotes, solicitations, options);
  }

  solicited(from: string, now: number): boolean {
    return this.lan.solicited(this.slot, endpointAt(from), now);
  }

  proposed(at: string, now: number): void {
    this.lan.proposed(this.slot, endpointAt(at), now);
  }

  advertised(from: string, nonce: Uint8Array, now: number): number {
    return this.lan.advertised(this.slot, endpointAt(from), nonce, now);
  }

  renews(at: string, attempt: number, now: number): void {
    this.lan.renew(this.slot, endpointAt(at), attempt, now);
  }

  isOnTrial(at: string, now: number): boolean {
    return this.lan.isOnTrial(this.slot, endpointAt(at), now);
  }

  /** Where solicitations went since the last look. */
  asked(): string[] {
    return this.host.take().map(({ to }) => to);
  }

  search(now: number): string[] {
    this.lan.search(this.slot, now);
    return this.asked();
  }

  /** The nonce of the last solicitation since the last look. */
  nonce(): Uint8Array {
    return findOption(this.host.take().at(-1)!.message!.options, 'nonce')!.nonce;
  }

  /** Four solicit, so that there is no place for a fifth. */
  static full(): Bench {
    const bench = new Bench();
    for (const from of [A, B, C, D]) bench.solicited(from, 0);
    expect(bench.asked()).toEqual([A, B, C, D]);
    return bench;
  }

  /** The remote was found at {@link A} at time 0. */
  static found(): Bench {
    const bench = new Bench();
    bench.solicited(A, 0);
    expect(bench.advertised(A, bench.nonce(), 0)).toBe(0);
    return bench;
  }
}

describe('a private endpoint', () => {
  test('can be that of a remote behind our NAT, on our local network, where we may send to', () => {
    const bench = new Bench();
    const canBe = (): boolean => bench.lan.canBeAt(bench.slot, endpointAt(A));
    expect(canBe()).toBe(true);
    for (const term of ['isNeighbor', 'isLocal', 'isAccepted'] as const) {
      bench.host[term] = false;
      expect(canBe(), term).toBe(false);
      bench.host[term] = true;
    }
  });

  test('that is unknown is not on trial', () => {
    const bench = new Bench();
    expect(bench.isOnTrial(A, 0)).toBe(false);
    bench.solicited(A, 0);
    expect([bench.isOnTrial(A, 0), bench.isOnTrial(B, 0)]).toEqual([true, false]);
    expect(bench.isOnTrial('192.168.1.1:6667', 0)).toBe(false);
  });

  test('is on trial for three seconds, and then again when it solicits', () => {
    const bench = new Bench();
    expect(bench.solicited(A, 0)).toBe(false);
    expect([bench.isOnTrial(A, WINDOW), bench.isOnTrial(A, WINDOW + 1)]).toEqual([true, false]);
    expect(bench.solicited(A, WINDOW)).toBe(true);
    expect(bench.solicited(A, WINDOW + 1)).toBe(false);
    expect(bench.isOnTrial(A, WINDOW + 1)).toBe(true);
  });

  test('is on trial no more when the remote is forgotten or given up', () => {
    for (const end of ['forget', 'giveUp'] as const) {
      const bench = Bench.full();
      bench.lan[end](bench.slot);
      expect([A, B].map((at) => bench.isOnTrial(at, 0))).toEqual([false, false]);
      bench.lan[end](bench.slot);
    }
  });

  test('is asked by a datagram with the usual TTL, no more than each 250 ms', () => {
    const bench = new Bench();
    bench.proposed(A, 0);
    expect(bench.host.take().map(({ to, ttl }) => [to, ttl])).toEqual([[A, 0]]);
    bench.proposed(A, 249);
    expect(bench.asked()).toEqual([]);
    bench.proposed(A, 250);
    expect(bench.asked()).toEqual([A]);
  });
});

describe('a solicitation', () => {
  test('is answered for three seconds after our search', () => {
    const bench = new Bench();
    expect(bench.search(0)).toEqual([ALL_HOSTS]);
    expect(bench.solicited(A, WINDOW)).toBe(true);
    expect(bench.asked()).toEqual([]);
    expect(bench.solicited(B, WINDOW + 1)).toBe(false);
    expect(bench.asked()).toEqual([B]);
  });

  test('from another port of an address on trial is neither answered nor a reason to ask', () => {
    const bench = new Bench();
    bench.solicited(A, 0);
    bench.asked();
    expect(bench.solicited('192.168.1.1:6667', 500)).toBe(false);
    expect(bench.asked()).toEqual([]);
    expect(bench.isOnTrial('192.168.1.1:6667', 500)).toBe(false);
  });

  test.each(['solicited', 'proposed'] as const)(
    'when four are on trial gets none of their places: %s',
    (verb) => {
      const bench = Bench.full();
      bench[verb](E, WINDOW);
      expect(bench.asked()).toEqual([]);
      const onTrial = [A, B, C, D, E].map((at) => bench.isOnTrial(at, WINDOW));
      expect(onTrial).toEqual([true, true, true, true, false]);
      bench[verb](E, WINDOW + 1);
      expect(bench.asked()).toEqual([E]);
    },
  );

  test('from where the remote was found is answered, and a reason to ask after five seconds', () => {
    const bench = Bench.found();
    expect([bench.solicited(A, 4_999), bench.asked()]).toEqual([true, []]);
    expect([bench.solicited(A, 5_000), bench.asked()]).toEqual([true, [A]]);
  });

  test('from where the remote once was takes nobody his place either', () => {
    const bench = Bench.found();
    for (const from of [B, C, D, E]) bench.solicited(from, 25_000);
    expect(bench.asked()).toEqual([B, C, D, E]);
    expect([bench.solicited(A, 25_500), bench.asked()]).toEqual([true, []]);
    expect(bench.isOnTrial(B, 25_500)).toBe(true);
  });
});

describe('an advertisement', () => {
  test('with the nonce of the search takes the place of one who just solicited', () => {
    const bench = new Bench();
    bench.lan.search(bench.slot, 0);
    const nonce = bench.nonce();
    for (const from of [A, B, C, D]) bench.solicited(from, 10);
    expect(bench.advertised(E, nonce, 20)).toBe(NOT_ANSWERED);
    expect(bench.asked()).toEqual([E]);
    expect([A, B, E].map((at) => bench.isOnTrial(at, 20))).toEqual([false, true, true]);
  });

  test('with the nonce of the search, after three seconds, has no effect', () => {
    for (const [now, expected] of [
      [WINDOW, [A]],
      [WINDOW + 1, []],
    ] as const) {
      const bench = new Bench();
      bench.lan.search(bench.slot, 0);
      const nonce = bench.nonce();
      expect(bench.advertised(A, nonce, now)).toBe(NOT_ANSWERED);
      expect(bench.asked()).toEqual(expected);
    }
  });

  test('with the nonce of the question ends all trials, and returns the round trip', () => {
    const bench = new Bench();
    bench.solicited(B, 0);
    bench.solicited(A, 0);
    const nonce = bench.nonce();
    expect(bench.advertised(B, nonce, 7)).toBe(NOT_ANSWERED);
    expect(bench.advertised(A, nonce, 7)).toBe(7);
    expect([A, B].map((at) => bench.isOnTrial(at, 7))).toEqual([false, false]);
    expect(bench.advertised(A, nonce, 8)).toBe(NOT_ANSWERED);
  });

  test('holds the place of its sender for 25 s, unless the remote is forgotten or given up', () => {
    const bench = Bench.found();
    bench.proposed(B, 24_999);
    expect(bench.asked()).toEqual([]);
    bench.proposed(B, 25_000);
    expect(bench.asked()).toEqual([B]);
    for (const end of ['forget', 'giveUp'] as const) {
      const ended = Bench.found();
      ended.lan[end](ended.slot);
      ended.proposed(B, 10);
      expect(ended.asked()).toEqual([B]);
    }
  });
});

describe('the search', () => {
  test('goes to all hosts each minute at most', () => {
    const bench = new Bench();
    expect(bench.search(0)).toEqual([ALL_HOSTS]);
    expect(bench.search(SEARCH_INTERVAL - 1)).toEqual([]);
    expect(bench.search(SEARCH_INTERVAL)).toEqual([ALL_HOSTS]);
  });

  test('is for remotes behind our NAT only', () => {
    const bench = new Bench();
    bench.host.isNeighbor = false;
    expect(bench.search(0)).toEqual([]);
  });

  test('asks the endpoints on trial instead, three times', () => {
    const bench = new Bench();
    bench.solicited(A, 0);
    expect(bench.asked()).toEqual([A]);
    const asked = [500, 1_000, 1_500, WINDOW, WINDOW + 1].map((now) => bench.search(now));
    expect(asked).toEqual([[A], [A], [], [], [ALL_HOSTS]]);
  });

  test('does not ask again who was on trial before', () => {
    const bench = new Bench();
    bench.solicited(A, 0);
    bench.asked();
    expect(bench.search(WINDOW + 1)).toEqual([ALL_HOSTS]);
  });

  test('that could not be sent does not count', () => {
    const bench = new Bench();
    const { own } = bench.host;
    bench.host.own = null;
    expect(bench.search(0)).toEqual([]);
    bench.host.own = own;
    expect(bench.search(1)).toEqual([ALL_HOSTS]);
  });
});

describe('the renewal of a path', () => {
  test('ends all other trials with its first question, and gives its place to nobody', () => {
    const bench = new Bench();
    bench.lan.search(bench.slot, 0);
    const nonce = bench.nonce();
    bench.solicited(B, 0);
    bench.renews(A, 1, 10);
    expect(bench.asked()).toEqual([A]);
    expect([A, B].map((at) => bench.isOnTrial(at, 10))).toEqual([true, false]);
    for (const from of [B, C, D]) bench.solicited(from, 20);
    bench.advertised(E, nonce, 30);
    expect([A, B, E].map((at) => bench.isOnTrial(at, 30))).toEqual([true, false, true]);
  });

  test('takes answers until three seconds after the first question of its round', () => {
    const bench = new Bench();
    bench.renews(A, 1, 0);
    bench.renews(A, 2, 500);
    bench.renews(A, 3, 1_000);
    expect(bench.asked()).toEqual([A, A, A]);
    expect([bench.isOnTrial(A, WINDOW), bench.isOnTrial(A, WINDOW + 1)]).toEqual([true, false]);
    bench.renews(A, 1, 2_000);
    expect(bench.asked()).toEqual([A]);
    expect(bench.isOnTrial(A, 2_000 + WINDOW)).toBe(true);
  });

  test('asks a second time where the first question was elsewhere', () => {
    const bench = new Bench();
    bench.renews(B, 1, 0);
    bench.asked();
    bench.renews(A, 2, 500);
    expect(bench.asked()).toEqual([A]);
    expect([A, B].map((at) => bench.isOnTrial(at, 500))).toEqual([true, false]);
  });
});
