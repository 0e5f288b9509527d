import { address } from '@6bed4/testing/bytes';
import { Random } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import {
  NeighborCache,
  type NeighborCacheOptions,
  type NeighborListener,
  type NeighborState,
} from '../../src/index.js';

const A = address('2001:db8::a');
const B = address('2001:db8::b');
const C = address('2001:db8::c');
const D = address('2001:db8::d');

/** A cache of texts that writes down what it asks for. */
class Bench implements NeighborListener {
  readonly cache: NeighborCache<string>;
  readonly log: string[] = [];

  constructor(options: Partial<NeighborCacheOptions> = {}) {
    this.cache = new NeighborCache(
      { capacity: 3, random: new Random(7).fraction, ...options },
      this,
    );
  }

  solicit(entry: number, attempt: number): void {
    this.log.push(`solicit ${this.cache.value(entry)} ${this.cache.state(entry)} ${attempt}`);
  }

  unreachable(entry: number): void {
    this.log.push(`unreachable ${this.cache.value(entry)}`);
  }

  evicted(entry: number): void {
    this.log.push(`evicted ${this.cache.value(entry)}`);
  }

  /** What happened since the last call. */
  events(): readonly string[] {
    return this.log.splice(0);
  }

  /** A new entry in any state, its timers started at `now`. */
  enter(bytes: Uint8Array, name: string, state: NeighborState, now: number): number {
    const { cache } = this;
    const event = state === 'incomplete' ? 'sent' : 'learnt';
    const entry = cache.create(bytes, 0, event, name, state === 'probe' ? now - 5000 : now);
    if (state === 'reachable') cache.progress(entry, now);
    if (state === 'delay') cache.sent(entry, now);
    if (state === 'probe') {
      cache.sent(entry, now - 5000);
      cache.handleTimeout(now);
    }
    expect(cache.state(entry)).toBe(state);
    this.events();
    return entry;
  }
}

describe('given an empty neighbor cache', () => {
  test('nobody is found, and nothing is to be done', () => {
    const { cache } = new Bench();
    expect(cache.find(A, 0)).toBe(-1);
    expect(cache.size).toBe(0);
    expect(cache.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
    cache.handleTimeout(1e9);
  });

  test('a packet to a neighbor asks for it at once, and makes it incomplete', () => {
    const bench = new Bench();
    const entry = bench.cache.create(A, 0, 'sent', 'a', 100);
    expect(bench.events()).toEqual(['solicit a incomplete 1']);
    expect(bench.cache.find(A, 0)).toBe(entry);
    expect(bench.cache.find(B, 0)).toBe(-1);
    expect(bench.cache.state(entry)).toBe('incomplete');
    expect(bench.cache.size).toBe(1);
    expect(bench.cache.nextTimeout()).toBe(1100);
  });

  test('a solicitation from a neighbor makes it stale, and nothing is asked', () => {
    const bench = new Bench();
    const entry = bench.cache.create(A, 0, 'learnt', 'a', 100);
    expect(bench.events()).toEqual([]);
    expect(bench.cache.state(entry)).toBe('stale');
    expect(bench.cache.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('given an incomplete neighbor', () => {
  test('it is asked for three times a second apart, then given up', () => {
    const bench = new Bench();
    const { cache } = bench;
    cache.create(A, 0, 'sent', 'a', 0);
    cache.handleTimeout(999);
    expect(bench.events()).toEqual(['solicit a incomplete 1']);
    cache.handleTimeout(1000);
    expect(bench.events()).toEqual(['solicit a incomplete 2']);
    expect(cache.nextTimeout()).toBe(2000);
    cache.handleTimeout(2000);
    expect(bench.events()).toEqual(['solicit a incomplete 3']);
    cache.handleTimeout(3000);
    expect(bench.events()).toEqual(['unreachable a']);
    expect(cache.find(A, 0)).toBe(-1);
    expect(cache.size).toBe(0);
    expect(cache.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  test('a late wake-up asks once, not once for each time that passed', () => {
    const bench = new Bench();
    bench.cache.create(A, 0, 'sent', 'a', 0);
    bench.events();
    bench.cache.handleTimeout(60_000);
    expect(bench.events()).toEqual(['solicit a incomplete 2']);
    expect(bench.cache.nextTimeout()).toBe(61_000);
  });

  test.each([true, false])('RFC 4861 §7.2.5: an answer makes it reachable, override %s', (over) => {
    const bench = new Bench();
    const entry = bench.enter(A, 'a', 'incomplete', 0);
    const answer = { solicited: true, override: over, sameLink: false };
    expect(bench.cache.advertised(entry, answer, 10)).toBe(true);
    expect(bench.cache.state(entry)).toBe('reachable');
    expect(bench.cache.nextTimeout()).toBe(30_010);
  });

  test('RFC 4861 §7.2.5: an unsolicited advertisement makes it stale', () => {
    const bench = new Bench();
    const entry = bench.enter(A, 'a', 'incomplete', 0);
    const advertised = { solicited: false, override: true, sameLink: false };
    expect(bench.cache.advertised(entry, advertised, 10)).toBe(true);
    expect(bench.cache.state(entry)).toBe('stale');
  });

  test('progress of upper layers proves nothing: no packet has gone there', () => {
    const bench = new Bench();
    const entry = bench.enter(A, 'a', 'incomplete', 0);
    bench.cache.progress(entry, 10);
    expect(bench.cache.state(entry)).toBe('incomplete');
  });
});

describe('given a reachable neighbor', () => {
  test('it gets stale after 30 seconds, without a question', () => {
    const bench = new Bench();
    const entry = bench.enter(A, 'a', 'reachable', 0);
    bench.cache.handleTimeout(29_999);
    expect(bench.cache.state(entry)).toBe('reachable');
    bench.cache.handleTimeout(30_000);
    expect(bench.cache.state(entry)).toBe('stale');
    expect(bench.events()).toEqual([]);
  });

  test('progress keeps it reachable', () => {
    const bench = new Bench();
    const entry = bench.enter(A, 'a', 'reachable', 0);
    bench.cache.progress(entry, 20_000);
    expect(bench.cache.nextTimeout()).toBe(50_000);
  });

  test('a packet after its time counts as one to a stale neighbor', () => {
    const bench = new Bench();
    const entry = bench.enter(A, 'a', 'reachable', 0);
    bench.cache.sent(entry, 29_999);
    expect(bench.cache.state(entry)).toBe('reachable');
    bench.cache.sent(entry, 30_000);
    expect(bench.cache.state(entry)).toBe('delay');
    expect(bench.cache.nextTimeout()).toBe(35_000);
  });
});

describe('given a stale neighbor', () => {
  test('a packet to it gives upper layers 5 seconds, then it is asked three times', () => {
    const bench = new Bench();
    const { cache } = bench;
    const entry = bench.enter(A, 'a', 'stale', 0);
    cache.sent(entry, 10);
    expect(cache.state(entry)).toBe('delay');
    expect(cache.nextTimeout()).toBe(5010);
    cache.sent(entry, 2000);
    expect(cache.nextTimeout()).toBe(5010);
    for (const now of [5010, 6010, 7010, 8010]) {
      expect(cache.nextTimeout()).toBe(now);
      cache.handleTimeout(now);
    }
    expect(bench.events()).toEqual([
      'solicit a probe 1',
      'solicit a probe 2',
      'solicit a probe 3',
      'unreachable a',
    ]);
    expect(cache.find(A, 0)).toBe(-1);
  });

  test('progress in time spares the question', () => {
    const bench = new Bench();
    const entry = bench.enter(A, 'a', 'delay', 0);
    bench.cache.progress(entry, 3000);
    bench.cache.handleTimeout(5000);
    expect(bench.events()).toEqual([]);
    expect(bench.cache.state(entry)).toBe('reachable');
  });

  test('an answer to the question makes it reachable, and later questions start anew', () => {
    const bench = new Bench();
    const { cache } = bench;
    const entry = bench.enter(A, 'a', 'probe', 0);
    expect(cache.attempts(entry)).toBe(1);
    cache.advertised(entry, { solicited: true, override: true, sameLink: true }, 500);
    expect(cache.state(entry)).toBe('reachable');
    expect(cache.attempts(entry)).toBe(0);
    cache.sent(entry, 31_000);
    cache.handleTimeout(36_000);
    expect(bench.events()).toEqual(['solicit a probe 1']);
  });
});

describe('RFC 4861 §7.2.5: given a known neighbor, an advertisement', () => {
  const states = ['reachable', 'stale', 'delay', 'probe'] as const;
  type Flags = readonly [solicited: boolean, override: boolean, sameLink: boolean];
  /** What it becomes (`same` for as it was), and whether the link-layer address is recorded. */
  const rules: readonly (readonly [Flags, (state: NeighborState) => NeighborState, boolean])[] = [
    [[true, false, true], () => 'reachable', false],
    [[true, true, true], () => 'reachable', false],
    [[true, true, false], () => 'reachable', true],
    [[true, false, false], (state) => (state === 'reachable' ? 'stale' : state), false],
    [[false, false, false], (state) => (state === 'reachable' ? 'stale' : state), false],
    [[false, false, true], (state) => state, false],
    [[false, true, true], (state) => state, false],
    [[false, true, false], () => 'stale', true],
  ];
  const cases = rules.flatMap(([[solicited, override, sameLink], to, records]) =>
    states.map((state) => ({
      solicited,
      override,
      sameLink,
      state,
      becomes: to(state),
      records,
    })),
  );

  test.each(cases)(
    'S=$solicited O=$override, same link-layer address $sameLink: $state becomes $becomes',
    ({ state, becomes, records, ...advertised }) => {
      const bench = new Bench();
      const entry = bench.enter(A, 'a', state, 10_000);
      expect(bench.cache.advertised(entry, advertised, 10_001)).toBe(records);
      expect(bench.cache.state(entry)).toBe(becomes);
      expect(bench.events()).toEqual([]);
    },
  );
});

describe('RFC 4861 §7.2.3: another link-layer address, unproved,', () => {
  test.each(['incomplete', 'reachable', 'stale', 'delay', 'probe'] as const)(
    'makes a neighbor stale that was %s',
    (state) => {
      const bench = new Bench();
      const entry = bench.enter(A, 'a', state, 10_000);
      bench.cache.learnt(entry, 10_001);
      expect(bench.cache.state(entry)).toBe('stale');
      expect(bench.cache.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
    },
  );
});

describe('given a full cache', () => {
  test('a new neighbor takes the place of the incomplete one that was asked for longest ago', () => {
    const bench = new Bench();
    bench.enter(A, 'a', 'stale', 0);
    bench.enter(B, 'b', 'incomplete', 1);
    bench.enter(C, 'c', 'incomplete', 2);
    expect(bench.cache.create(D, 0, 'sent', 'd', 3)).toBeGreaterThanOrEqual(0);
    expect(bench.events()).toEqual(['evicted b', 'solicit d incomplete 1']);
    expect(bench.cache.find(B, 0)).toBe(-1);
    expect(bench.cache.size).toBe(3);
  });

  test('else the place of the one that has been stale longest', () => {
    const bench = new Bench();
    bench.enter(A, 'a', 'stale', 0);
    const b = bench.enter(B, 'b', 'reachable', 0);
    bench.enter(C, 'c', 'stale', 1);
    bench.cache.handleTimeout(30_000);
    expect(bench.cache.state(b)).toBe('stale');
    bench.cache.create(D, 0, 'learnt', 'd', 30_001);
    bench.cache.create(A, 0, 'learnt', 'a', 30_002);
    bench.cache.create(C, 0, 'learnt', 'c', 30_003);
    expect(bench.events()).toEqual(['evicted a', 'evicted c', 'evicted b']);
  });

  test('a neighbor in use never goes for another, which is refused', () => {
    const bench = new Bench();
    bench.enter(B, 'b', 'probe', 10_000);
    bench.enter(A, 'a', 'delay', 10_000);
    bench.enter(C, 'c', 'reachable', 10_000);
    expect(bench.cache.create(D, 0, 'sent', 'd', 10_001)).toBe(-1);
    expect(bench.cache.create(D, 0, 'learnt', 'd', 10_001)).toBe(-1);
    expect(bench.events()).toEqual([]);
    expect(bench.cache.find(D, 0)).toBe(-1);
    expect(bench.cache.size).toBe(3);
  });

  test('a stranger who floods it moves no working path', () => {
    const bench = new Bench({ capacity: 16 });
    const entry = bench.enter(A, 'a', 'reachable', 0);
    const stranger = B.slice();
    for (let index = 0; index < 1000; index++) {
      stranger[4] = index >> 8;
      stranger[5] = index;
      bench.cache.create(stranger, 0, index % 2 === 0 ? 'sent' : 'learnt', `${index}`, index);
    }
    expect(bench.cache.size).toBe(16);
    expect(bench.cache.find(A, 0)).toBe(entry);
    expect(bench.cache.state(entry)).toBe('reachable');
    expect(bench.cache.value(entry)).toBe('a');
  });
});

describe('an entry', () => {
  test('keeps the value of its owner, and its address', () => {
    const { cache } = new Bench();
    const entry = cache.create(A, 0, 'learnt', 'a', 0);
    expect(cache.value(entry)).toBe('a');
    cache.setValue(entry, 'another');
    expect(cache.value(entry)).toBe('another');
    const copy = new Uint8Array(18);
    cache.copyAddress(entry, copy, 1);
    expect(copy.subarray(1, 17)).toEqual(A);
  });

  test('is found at any offset of a packet', () => {
    const { cache } = new Bench();
    const packet = new Uint8Array(40);
    packet.set(A, 24);
    const entry = cache.create(packet, 24, 'learnt', 'a', 0);
    expect(cache.find(A, 0)).toBe(entry);
    expect(cache.find(packet, 24)).toBe(entry);
    expect(cache.find(packet, 8)).toBe(-1);
  });

  test('can be taken out', () => {
    const bench = new Bench();
    const entry = bench.enter(A, 'a', 'incomplete', 0);
    bench.cache.remove(entry);
    expect(bench.events()).toEqual([]);
    expect(bench.cache.find(A, 0)).toBe(-1);
    expect(bench.cache.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
    expect(bench.cache.state(entry)).toBe('none');
  });

  test('that has gone takes no more events', () => {
    const bench = new Bench();
    const { cache } = bench;
    const gone = bench.enter(A, 'a', 'stale', 0);
    cache.remove(gone);
    for (const entry of [gone, -1, 99]) {
      cache.remove(entry);
      cache.sent(entry, 1);
      cache.learnt(entry, 1);
      cache.progress(entry, 1);
      const advertised = { solicited: true, override: true, sameLink: true };
      expect(cache.advertised(entry, advertised, 1)).toBe(false);
      expect(cache.state(entry)).toBe('none');
    }
    expect(cache.size).toBe(0);
    expect(cache.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
    expect(bench.events()).toEqual([]);
  });

  test('is visited with all others, and may be taken out meanwhile', () => {
    const bench = new Bench();
    bench.enter(A, 'a', 'stale', 0);
    bench.enter(B, 'b', 'reachable', 0);
    const visited: string[] = [];
    bench.cache.forEach((entry) => {
      visited.push(bench.cache.value(entry));
      bench.cache.remove(entry);
    });
    expect(visited.sort()).toEqual(['a', 'b']);
    expect(bench.cache.size).toBe(0);
  });
});

describe('a clock that runs backwards', () => {
  test('counts as standing still, so that order is kept', () => {
    const bench = new Bench();
    bench.cache.create(A, 0, 'sent', 'a', 5000);
    bench.cache.create(B, 0, 'sent', 'b', 1000);
    expect(bench.cache.nextTimeout()).toBe(6000);
    bench.events();
    bench.cache.handleTimeout(6000);
    expect(bench.events()).toEqual(['solicit a incomplete 2', 'solicit b incomplete 2']);
  });
});

describe('a listener that calls the cache', () => {
  test('may take the entry out that is asked for, or use its place at once', () => {
    const events: string[] = [];
    const cache: NeighborCache<string> = new NeighborCache(
      { capacity: 2, random: () => 0.5, maxMulticastSolicit: 1 },
      {
        solicit: (entry, attempt) => {
          events.push(`solicit ${cache.value(entry)} ${attempt}`);
          if (cache.value(entry) === 'b') cache.remove(entry);
        },
        unreachable: (entry) => {
          events.push(`unreachable ${cache.value(entry)}`);
          cache.remove(entry);
          cache.create(C, 0, 'learnt', 'c', 1000);
          cache.create(D, 0, 'learnt', 'd', 1000);
        },
        evicted: (entry) => {
          events.push(`evicted ${cache.value(entry)}`);
        },
      },
    );
    cache.create(A, 0, 'sent', 'a', 0);
    cache.create(B, 0, 'sent', 'b', 0);
    expect(cache.size).toBe(1);
    cache.handleTimeout(1000);
    // The place of `a` is free only after the call, so that its value could be read in it.
    expect(events).toEqual(['solicit a 1', 'solicit b 1', 'unreachable a', 'evicted c']);
    expect(cache.size).toBe(1);
    expect(cache.find(D, 0)).toBeGreaterThanOrEqual(0);
    expect(cache.find(A, 0)).toBe(-1);
    expect(cache.create(A, 0, 'learnt', 'a', 2000)).toBeGreaterThanOrEqual(0);
    expect(cache.size).toBe(2);
  });
});

describe('options of a neighbor cache', () => {
  test('set its times and numbers of attempts', () => {
    const bench = new Bench({
      reachableTime: 100,
      delayFirstProbeTime: 10,
      retransTimer: 3,
      maxMulticastSolicit: 1,
      maxUnicastSolicit: 2,
    });
    const { cache } = bench;
    cache.create(A, 0, 'sent', 'a', 0);
    expect(cache.nextTimeout()).toBe(3);
    cache.handleTimeout(3);
    expect(bench.events()).toEqual(['solicit a incomplete 1', 'unreachable a']);
    const entry = bench.enter(B, 'b', 'reachable', 10);
    expect(cache.nextTimeout()).toBe(110);
    cache.sent(entry, 110);
    for (const now of [120, 123, 126]) {
      expect(cache.nextTimeout()).toBe(now);
      cache.handleTimeout(now);
    }
    expect(bench.events()).toEqual(['solicit b probe 1', 'solicit b probe 2', 'unreachable b']);
  });

  test.each([
    ['capacity', 0],
    ['capacity', 2 ** 20 + 1],
    ['capacity', 1.5],
    ['reachableTime', 0],
    ['delayFirstProbeTime', Number.NaN],
    ['retransTimer', Number.POSITIVE_INFINITY],
    ['maxMulticastSolicit', 256],
    ['maxUnicastSolicit', 0],
  ])('are refused when %s is %d', (name, value) => {
    expect(() => new Bench({ [name]: value })).toThrow(RangeError);
    expect(() => new Bench({ [name]: value })).toThrow(`${name}: found ${value}, expected `);
  });

  test('allow a cache of one', () => {
    const bench = new Bench({ capacity: 1 });
    bench.cache.create(A, 0, 'learnt', 'a', 0);
    bench.cache.create(B, 0, 'learnt', 'b', 0);
    expect(bench.events()).toEqual(['evicted a']);
    expect(bench.cache.find(B, 0)).toBe(0);
  });
});
