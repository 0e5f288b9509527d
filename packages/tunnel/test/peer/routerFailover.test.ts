import { encodeAddress, parseIPv6 } from '@6bed4/codec';
import { findOption, type NdOption, parseNd } from '@6bed4/nd';
import { seededRandom } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import {
  LONGEST_ROUTER_TRIAL,
  ROUTER_QUESTION_INTERVAL,
  ROUTER_STABLE,
  ROUTER_TRIAL,
  SHARED_REFRESH_INTERVAL,
} from '../../src/defaults.js';
import { Peer } from '../../src/index.js';
import { advertisement, ping, prefixOption } from '../support/packets.js';
import { Recorder } from '../support/recorder.js';
import { NATIVE, OWN_ENDPOINT } from '../support/routedPeerBench.js';

const ROUTERS = ['198.51.100.1:25790', '192.0.2.1:25790', '192.0.2.2:25790'] as const;
const SUBNETS = ['fc64:bed:c633:6401::/64', 'fc64:bed:c000:201::/64', 'fc64:bed:c000:202::/64'];
const ownUnder = (index: number, lanip = 1): string =>
  encodeAddress({ prefix: SUBNETS[index]!, peer: OWN_ENDPOINT, lanip });

/** A peer with routers that answer at once, as long as they are there. */
class Failover {
  readonly recorder = new Recorder();
  readonly peer: Peer;
  readonly isThere: boolean[];
  /** Times of solicitations with a nonce, by router. */
  readonly asked: number[][];
  readonly events: { at: number; type: string; router: number }[] = [];
  now = 10_000;

  constructor(count = 2) {
    const routers = ROUTERS.slice(0, count);
    this.isThere = routers.map(() => true);
    this.asked = routers.map(() => []);
    const peering = { strategy: 'via-router' } as const;
    this.peer = new Peer({ routers, random: seededRandom(2), peering }, this.recorder);
    this.peer.start(this.now);
    this.#settle();
  }

  /** Lets time pass, with an action every `interval` milliseconds. */
  wait(duration: number, interval = Number.POSITIVE_INFINITY, act = (): void => {}): this {
    const end = this.now + duration;
    let actAt = this.now;
    for (;;) {
      const at = Math.min(this.peer.nextTimeout(), actAt, end);
      this.now = Math.max(this.now, at);
      if (actAt <= this.now) {
        act();
        actAt += interval;
        this.#settle();
      }
      if (this.now >= end) return this;
      this.peer.handleTimeout(this.now);
      this.#settle();
    }
  }

  /** The local side sends a packet from an address. */
  send(from = 0): void {
    const packet = ping(ownUnder(from), NATIVE);
    this.peer.handlePacket(packet, 0, packet.length, this.now);
  }

  /** A packet comes from a router, or from whoever forges one. */
  receive(from = 0): void {
    this.arrive(from, ping(NATIVE, ownUnder(from)));
  }

  advertise(from: number, options: readonly NdOption[] = []): void {
    const prefix = prefixOption(parseIPv6(ownUnder(from, 0)));
    this.arrive(from, advertisement({ options: [prefix, ...options] }));
  }

  arrive(from: number, payload: Uint8Array): void {
    const [address, port] = ROUTERS[from]!.split(':') as [string, string];
    const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    this.peer.handleDatagram(payload, 0, payload.length, number, Number(port), this.now);
  }

  get reachable(): boolean[] {
    return this.peer.uplinks.map(({ reachable }) => reachable);
  }

  /** When a router was last reported, relative to a time. */
  last(since: number): { after: number; type: string; router: number } | undefined {
    const event = this.events.at(-1);
    return event && { after: event.at - since, type: event.type, router: event.router };
  }

  #settle(): void {
    const { sent, events } = this.recorder;
    while (sent.length > 0 || events.length > 0) {
      for (const event of events.splice(0)) {
        if (!('router' in event) || !event.type.startsWith('router-')) continue;
        const { address, port } = event.router;
        const router = ROUTERS.indexOf(`${address}:${port}` as (typeof ROUTERS)[number]);
        this.events.push({ at: this.now, type: event.type, router });
      }
      for (const { to, payload } of sent.splice(0)) {
        const parsed = parseNd(payload, 0, payload.length);
        if (!parsed.ok || parsed.value.type !== 'router-solicitation') continue;
        const nonce = findOption(parsed.value.options, 'nonce');
        if (nonce === undefined) continue;
        const router = ROUTERS.indexOf(to as (typeof ROUTERS)[number]);
        this.asked[router]!.push(this.now);
        if (this.isThere[router]) this.advertise(router, [nonce]);
      }
    }
  }
}

describe('a router that is silent, of two', () => {
  test('is unreachable after three solicitations when packets to it are in vain', () => {
    const bench = new Failover();
    bench.wait(5_000);
    bench.isThere[0] = false;
    const start = bench.now;
    bench.asked[0]!.length = 0;
    bench.wait(4_000, 200, () => bench.send());
    expect(bench.asked[0]!.slice(0, 3).map((at) => at - start)).toEqual([750, 1_500, 2_250]);
    expect(bench.last(start)).toEqual({ after: 3_000, type: 'router-unreachable', router: 0 });
    expect(bench.reachable).toEqual([false, true]);
    // Its address is kept all the same, for what nothing else can do.
    expect(bench.peer.uplinks[0]).toMatchObject({ lease: { address: ownUnder(0) } });
  });

  test('is unreachable after its next regular solicitation when nothing is sent', () => {
    const bench = new Failover();
    const start = bench.now;
    bench.isThere[0] = false;
    bench.wait(30_000);
    expect(bench.last(start)).toEqual({
      after: SHARED_REFRESH_INTERVAL + 2_250,
      type: 'router-unreachable',
      router: 0,
    });
  });

  test('stays reachable while it answers, however seldom it sends otherwise', () => {
    const bench = new Failover();
    bench.wait(120_000, 200, () => bench.send());
    expect(bench.events).toEqual([]);
    const intervals = bench.asked[0]!.map((at, index, all) => at - (all[index - 1] ?? 0)).slice(1);
    expect(Math.min(...intervals)).toBeGreaterThanOrEqual(ROUTER_QUESTION_INTERVAL);
  });

  test('is not asked about packets that are answered within a second', () => {
    const bench = new Failover();
    bench.wait(120_000, 1_000, () => {
      bench.send();
      bench.receive();
    });
    expect(bench.asked[0]!.length).toBeLessThanOrEqual(1 + 120_000 / SHARED_REFRESH_INTERVAL);
  });

  test('is not asked more than any other because a stranger makes us reply through it', () => {
    const bench = new Failover();
    bench.wait(120_000, 600, () => {
      bench.receive();
      bench.send();
    });
    expect(bench.asked[0]!.length).toBeLessThanOrEqual(1 + 120_000 / SHARED_REFRESH_INTERVAL);
  });

  test('is not alive because somebody forges its packets and advertisements', () => {
    const bench = new Failover();
    bench.isThere[0] = false;
    const start = bench.now;
    bench.wait(30_000, 100, () => {
      bench.send();
      bench.receive();
      bench.advertise(0);
      bench.advertise(0, [{ type: 'nonce', nonce: Uint8Array.of(1, 2, 3, 4, 5, 6) }]);
    });
    expect(bench.last(start)).toMatchObject({ type: 'router-unreachable', router: 0 });
    expect(bench.last(start)!.after).toBeLessThanOrEqual(30_000);
  });
});

describe('routers that are silent together', () => {
  test('are all kept for half a minute, since it is the own network that fails', () => {
    const bench = new Failover();
    bench.isThere.fill(false);
    const start = bench.now;
    bench.wait(25_000, 200, () => bench.send());
    expect(bench.events).toEqual([]);
    bench.wait(20_000, 200, () => bench.send());
    expect(bench.events.map(({ type }) => type)).toEqual([
      'router-unreachable',
      'router-unreachable',
    ]);
    expect(bench.events[0]!.at - start).toBeGreaterThan(25_000);
  });

  test('are solicited as often as one alone', () => {
    const bench = new Failover();
    bench.isThere.fill(false);
    bench.wait(600_000, 200, () => bench.send());
    for (const asked of bench.asked) expect(asked.length).toBeLessThanOrEqual(8 + 600 / 30);
  });

  test('are reachable at once when they answer again, as long as no other is', () => {
    const bench = new Failover();
    bench.isThere.fill(false);
    bench.wait(60_000, 200, () => bench.send());
    expect(bench.reachable).toEqual([false, false]);
    bench.isThere[1] = true;
    const start = bench.now;
    bench.wait(31_000);
    expect(bench.reachable).toEqual([false, true]);
    expect(bench.last(start)!.after).toBeLessThanOrEqual(30_000);
  });
});

describe('a router that answers again', () => {
  const failed = (bench = new Failover()): Failover => {
    bench.isThere[0] = false;
    bench.wait(60_000);
    expect(bench.reachable).toEqual([false, true]);
    bench.isThere[0] = true;
    return bench;
  };
  const timeOf = (bench: Failover, type: string): number => {
    const before = bench.events.length;
    while (bench.events.length === before) bench.wait(1_000);
    expect(bench.events.at(-1)).toMatchObject({ type, router: 0 });
    return bench.events.at(-1)!.at;
  };
  /** How long it has to answer. */
  const trialOf = (bench: Failover): number => {
    const asked = bench.asked[0]!.length;
    while (bench.asked[0]!.length === asked) bench.wait(1_000);
    return timeOf(bench, 'router-reachable') - bench.asked[0]![asked]!;
  };

  test('has to do so for five seconds', () => {
    expect(trialOf(failed())).toBe(ROUTER_TRIAL);
  });

  test('begins anew after a solicitation in vain', () => {
    const bench = failed();
    const asked = bench.asked[0]!.length;
    while (bench.asked[0]!.length < asked + 2) bench.wait(500);
    bench.isThere[0] = false;
    bench.wait(2_500);
    bench.isThere[0] = true;
    bench.wait(ROUTER_TRIAL - 1);
    expect(bench.reachable).toEqual([false, true]);
    bench.wait(5_000);
    expect(bench.reachable).toEqual([true, true]);
  });

  test('has to do so for longer each time, up to a limit', () => {
    const bench = new Failover();
    const trials: number[] = [];
    for (let count = 0; count < 8; count++) trials.push(trialOf(failed(bench)));
    expect(trials.slice(0, 4)).toEqual([5_000, 10_000, 20_000, 40_000]);
    expect(trials[7]).toBeGreaterThanOrEqual(LONGEST_ROUTER_TRIAL);
    expect(trials[7]).toBeLessThan(LONGEST_ROUTER_TRIAL + SHARED_REFRESH_INTERVAL);
  });

  test('has to do so for as long as at first when it was reachable for ten minutes', () => {
    const bench = new Failover();
    trialOf(failed(bench));
    trialOf(failed(bench));
    bench.wait(ROUTER_STABLE);
    expect(trialOf(failed(bench))).toBe(ROUTER_TRIAL);
  });

  test('is forgotten to have failed when the peer starts again', () => {
    const bench = failed();
    bench.peer.stop(bench.now);
    bench.peer.start(bench.now);
    bench.wait(1);
    expect(bench.reachable).toEqual([true, true]);
  });
});

test('a router that was alone is solicited more often as soon as there is another', () => {
  const bench = new Failover(1);
  bench.wait(60_000);
  // At the start, and instead of the first keepalive.
  expect(bench.asked[0]).toHaveLength(2);
  bench.asked.push([]);
  bench.isThere.push(true);
  bench.peer.addRouter(ROUTERS[1], bench.now);
  bench.wait(SHARED_REFRESH_INTERVAL, SHARED_REFRESH_INTERVAL);
  expect(bench.asked[0]).toHaveLength(3);
});

test('a router alone is solicited neither for silence nor more often', () => {
  const bench = new Failover(1);
  bench.wait(119_000, 100, () => bench.send());
  expect(bench.asked[0]).toHaveLength(1);
});
