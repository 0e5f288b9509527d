import { describe, expect, test } from 'vitest';
import {
  type NeighborListener,
  type NeighborState,
  NeighborUnreachability,
  type NeighborUnreachabilityOptions,
} from '../../src/index.js';

/** The defaults of hosts (RFC 4861 §10). */
const HOST = {
  capacity: 3,
  reachableTime: 30_000,
  delayFirstProbeTime: 5_000,
  retransTimer: 1_000,
  maxUnicastSolicit: 3,
} as const;
const A = 0;
const B = 1;

/** A detection that records the calls of its listener. */
class Bench implements NeighborListener {
  readonly detection: NeighborUnreachability;
  readonly log: string[] = [];

  constructor(options: Partial<NeighborUnreachabilityOptions> = {}) {
    this.detection = new NeighborUnreachability({ ...HOST, ...options }, this);
  }

  solicit(slot: number, attempt: number, now: number): void {
    this.log.push(`solicit ${slot} ${this.detection.state(slot)} ${attempt} at ${now}`);
  }

  unreachable(slot: number, now: number): void {
    this.log.push(`unreachable ${slot} at ${now}`);
  }

  /** The requests since the last call. */
  requests(): readonly string[] {
    return this.log.splice(0);
  }

  /** Brings a neighbor into any state, its timer started at `now`. */
  enter(slot: number, state: NeighborState, now: number): void {
    const { detection } = this;
    const { reachableTime, delayFirstProbeTime } = HOST;
    if (state === 'incomplete') detection.sent(slot, now);
    if (state === 'reachable') detection.confirmed(slot, now);
    if (state === 'stale' || state === 'delay') {
      detection.confirmed(slot, now - reachableTime);
      detection.handleTimeout(now);
    }
    if (state === 'delay') detection.sent(slot, now);
    if (state === 'probe') {
      detection.confirmed(slot, now - reachableTime - delayFirstProbeTime);
      detection.sent(slot, now - delayFirstProbeTime);
      detection.handleTimeout(now);
    }
    expect(detection.state(slot)).toBe(state);
    this.requests();
  }
}

describe('an unknown neighbor', () => {
  test('causes nothing', () => {
    const { detection } = new Bench();
    expect(detection.state(A)).toBe('none');
    expect(detection.isKnown(A)).toBe(false);
    expect(detection.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
    detection.handleTimeout(1e9);
  });

  test('is solicited at once when a packet goes to it', () => {
    const bench = new Bench();
    bench.detection.sent(A, 100);
    expect(bench.requests()).toEqual(['solicit 0 incomplete 1 at 100']);
    expect(bench.detection.isKnown(A)).toBe(true);
    expect(bench.detection.isKnown(B)).toBe(false);
    expect(bench.detection.nextTimeout()).toBe(1100);
  });

  test('becomes reachable without a solicitation when an upper layer confirms it', () => {
    const bench = new Bench();
    bench.detection.confirmed(A, 100);
    expect(bench.requests()).toEqual([]);
    expect(bench.detection.state(A)).toBe('reachable');
    expect(bench.detection.nextTimeout()).toBe(30_100);
  });
});

describe('an incomplete neighbor', () => {
  test('is solicited three times a second apart, then given up', () => {
    const bench = new Bench();
    const { detection } = bench;
    detection.sent(A, 0);
    detection.handleTimeout(999);
    expect(bench.requests()).toEqual(['solicit 0 incomplete 1 at 0']);
    detection.handleTimeout(1000);
    expect(bench.requests()).toEqual(['solicit 0 incomplete 2 at 1000']);
    expect(detection.nextTimeout()).toBe(2000);
    detection.handleTimeout(2000);
    expect(bench.requests()).toEqual(['solicit 0 incomplete 3 at 2000']);
    detection.handleTimeout(3000);
    expect(bench.requests()).toEqual(['unreachable 0 at 3000']);
    expect(detection.isKnown(A)).toBe(false);
    expect(detection.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  test('is not solicited by packets, however late, but by the timer', () => {
    const bench = new Bench();
    bench.detection.sent(A, 0);
    bench.requests();
    bench.detection.sent(A, 1000);
    bench.detection.sent(A, 5000);
    expect(bench.requests()).toEqual([]);
    expect(bench.detection.nextTimeout()).toBe(1000);
  });

  test('is solicited once by a late wake-up, not once for each time that passed', () => {
    const bench = new Bench();
    bench.detection.sent(A, 0);
    bench.requests();
    bench.detection.handleTimeout(60_000);
    expect(bench.requests()).toEqual(['solicit 0 incomplete 2 at 60000']);
    expect(bench.detection.nextTimeout()).toBe(61_000);
  });

  test('becomes reachable when it is confirmed (RFC 4861 §7.2.5)', () => {
    const bench = new Bench();
    bench.enter(A, 'incomplete', 0);
    bench.detection.confirmed(A, 10);
    expect(bench.detection.state(A)).toBe('reachable');
    expect(bench.detection.nextTimeout()).toBe(30_010);
  });

  test('is not solicited more often because more packets go to it', () => {
    const bench = new Bench();
    bench.enter(A, 'incomplete', 0);
    bench.detection.sent(A, 10);
    expect(bench.requests()).toEqual([]);
    expect(bench.detection.nextTimeout()).toBe(1000);
  });
});

describe('a reachable neighbor', () => {
  test('gets stale after 30 seconds, without a solicitation', () => {
    const bench = new Bench();
    bench.enter(A, 'reachable', 0);
    bench.detection.handleTimeout(29_999);
    expect(bench.detection.state(A)).toBe('reachable');
    bench.detection.handleTimeout(30_000);
    expect(bench.detection.state(A)).toBe('stale');
    expect(bench.requests()).toEqual([]);
  });

  test('stays reachable for another 30 seconds when it is confirmed', () => {
    const bench = new Bench();
    bench.enter(A, 'reachable', 0);
    bench.detection.confirmed(A, 20_000);
    expect(bench.detection.nextTimeout()).toBe(50_000);
  });

  test('counts as stale for a packet after its time, also before the timeout is handled', () => {
    const bench = new Bench();
    bench.enter(A, 'reachable', 0);
    bench.detection.sent(A, 29_999);
    expect(bench.detection.state(A)).toBe('reachable');
    bench.detection.sent(A, 30_000);
    expect(bench.detection.state(A)).toBe('delay');
    expect(bench.detection.nextTimeout()).toBe(35_000);
  });
});

describe('a stale neighbor', () => {
  test('is left alone while no packet goes to it', () => {
    const bench = new Bench();
    bench.enter(A, 'stale', 0);
    expect(bench.detection.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  test('is solicited three times, the first time 5 seconds after a packet went to it', () => {
    const bench = new Bench();
    const { detection } = bench;
    bench.enter(A, 'stale', 0);
    detection.sent(A, 10);
    expect(detection.state(A)).toBe('delay');
    expect(detection.nextTimeout()).toBe(5010);
    detection.sent(A, 2000);
    expect(detection.nextTimeout()).toBe(5010);
    for (const now of [5010, 6010, 7010, 8010]) {
      expect(detection.nextTimeout()).toBe(now);
      detection.handleTimeout(now);
    }
    expect(bench.requests()).toEqual([
      'solicit 0 probe 1 at 5010',
      'solicit 0 probe 2 at 6010',
      'solicit 0 probe 3 at 7010',
      'unreachable 0 at 8010',
    ]);
    expect(detection.isKnown(A)).toBe(false);
  });

  test('is not solicited when it is confirmed during the delay', () => {
    const bench = new Bench();
    bench.enter(A, 'delay', 0);
    bench.detection.confirmed(A, 3000);
    bench.detection.handleTimeout(5000);
    expect(bench.requests()).toEqual([]);
    expect(bench.detection.state(A)).toBe('reachable');
  });

  test('becomes reachable when it is confirmed during a round, and the next round counts anew', () => {
    const bench = new Bench();
    const { detection } = bench;
    bench.enter(A, 'probe', 0);
    detection.confirmed(A, 500);
    expect(detection.state(A)).toBe('reachable');
    detection.sent(A, 31_000);
    detection.handleTimeout(36_000);
    expect(bench.requests()).toEqual(['solicit 0 probe 1 at 36000']);
  });
});

describe('remove', () => {
  test.each(['none', 'incomplete', 'reachable', 'stale', 'delay', 'probe'] as const)(
    'ends what is under way for a neighbor that is %s, without calling the listener',
    (state) => {
      const bench = new Bench();
      bench.enter(A, state, 100_000);
      bench.detection.remove(A);
      expect(bench.detection.state(A)).toBe('none');
      expect(bench.detection.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
      bench.detection.handleTimeout(1e9);
      expect(bench.requests()).toEqual([]);
    },
  );

  test('lets the next round count anew', () => {
    const bench = new Bench();
    bench.enter(A, 'incomplete', 0);
    bench.detection.remove(A);
    bench.detection.sent(A, 10);
    expect(bench.requests()).toEqual(['solicit 0 incomplete 1 at 10']);
  });
});

describe('a clock that runs backwards', () => {
  test('counts as standing still, so that the order of deadlines is kept', () => {
    const bench = new Bench();
    bench.detection.sent(A, 5000);
    bench.detection.sent(B, 1000);
    expect(bench.detection.nextTimeout()).toBe(6000);
    bench.requests();
    bench.detection.handleTimeout(6000);
    expect(bench.requests()).toEqual([
      'solicit 0 incomplete 2 at 6000',
      'solicit 1 incomplete 2 at 6000',
    ]);
  });
});

describe('a listener that calls the detection', () => {
  test('may remove the neighbor that is to be solicited, or begin again with one given up', () => {
    const requests: string[] = [];
    const detection: NeighborUnreachability = new NeighborUnreachability(
      { ...HOST, maxUnicastSolicit: 1 },
      {
        solicit: (slot, attempt) => {
          requests.push(`solicit ${slot} ${attempt}`);
          if (slot === B) detection.remove(B);
        },
        unreachable: (slot, now) => {
          requests.push(`unreachable ${slot}`);
          if (now < 2000) detection.sent(slot, now);
        },
      },
    );
    detection.sent(A, 0);
    detection.sent(B, 0);
    expect(detection.isKnown(B)).toBe(false);
    detection.handleTimeout(1000);
    detection.handleTimeout(2000);
    expect(requests).toEqual([
      'solicit 0 1',
      'solicit 1 1',
      'unreachable 0',
      'solicit 0 1',
      'unreachable 0',
    ]);
    expect(detection.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('options', () => {
  test('set the times and the number of solicitations', () => {
    const bench = new Bench({
      reachableTime: 100,
      delayFirstProbeTime: 10,
      retransTimer: 3,
      maxUnicastSolicit: 2,
    });
    const { detection } = bench;
    detection.sent(A, 0);
    expect(detection.nextTimeout()).toBe(3);
    detection.handleTimeout(3);
    detection.handleTimeout(6);
    expect(bench.requests()).toEqual([
      'solicit 0 incomplete 1 at 0',
      'solicit 0 incomplete 2 at 3',
      'unreachable 0 at 6',
    ]);
    detection.confirmed(B, 10);
    expect(detection.nextTimeout()).toBe(110);
    detection.sent(B, 110);
    for (const now of [120, 123, 126]) {
      expect(detection.nextTimeout()).toBe(now);
      detection.handleTimeout(now);
    }
    expect(bench.requests()).toEqual([
      'solicit 1 probe 1 at 120',
      'solicit 1 probe 2 at 123',
      'unreachable 1 at 126',
    ]);
  });
});
