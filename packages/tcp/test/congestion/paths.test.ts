import { seededRandom } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { Bbr } from '../../src/congestion/bbr.js';
import { congestionMaker } from '../../src/congestion/choice.js';
import type { CongestionName, TcpConnection } from '../../src/index.js';
import {
  CLIENT,
  type PathOptions,
  SERVER,
  StreamReader,
  StreamWriter,
  TwoHosts,
} from '../support/twoHosts.js';

/** 10 Mbit/s, in bytes per millisecond. */
const RATE = 1_250;
/** What is under way on a path with that rate and 40 ms. */
const PRODUCT = RATE * 40;
const FOR_EVER = 1e9;

/** Flows from one host to the other over one bottleneck, each with its own congestion control. */
class Flows {
  readonly net: TwoHosts;
  readonly connections: TcpConnection[] = [];
  readonly #readers = new Map<TcpConnection, StreamReader>();

  constructor(path: PathOptions, names: readonly CongestionName[], seed = 1) {
    const random = seededRandom(seed);
    let made = 0;
    this.net = new TwoHosts(path, {
      seed,
      sendBuffer: 2_000_000,
      congestion: (size) => congestionMaker(names[made++]!, random)(size),
      server: { congestion: 'cubic' },
    });
    const { client, server } = this.net;
    server.stack.listen(null, 80);
    server.onEvent = (connection, event) => {
      if (event !== 'readable') return;
      const reader = this.#readers.get(connection) ?? new StreamReader();
      this.#readers.set(connection, reader);
      reader.read(connection, this.net.now);
    };
    const writers = new Map<TcpConnection, StreamWriter>();
    client.onEvent = (connection, event) => {
      if (event !== 'open' && event !== 'writable') return;
      const writer = writers.get(connection) ?? new StreamWriter(FOR_EVER);
      writers.set(connection, writer);
      writer.write(connection, this.net.now);
    };
    for (const _ of names) {
      const remote = { address: SERVER, port: 80 };
      const local = { address: CLIENT, port: 0 };
      this.connections.push(client.stack.connect(local, remote, this.net.now));
      this.run(200);
    }
  }

  /** Runs for so many milliseconds; the bytes per millisecond that each flow carried. */
  run(time: number): number[] {
    const before = this.#counts();
    // In pieces, since a run has a limit of steps.
    for (let done = 0; done < time; done += 500) this.net.run(Math.min(500, time - done));
    const after = this.#counts();
    return after.map((count, index) => (count - (before[index] ?? 0)) / time);
  }

  #counts(): number[] {
    return [...this.#readers.values()].map(({ count }) => count);
  }
}

/** What one flow carries, in parts of the rate of the path, after it has begun. */
function share(path: PathOptions & { rate: number }, name: CongestionName): number {
  const flows = new Flows(path, [name]);
  flows.run(3_000);
  return flows.run(5_000)[0]! / path.rate;
}

describe('two flows over one bottleneck', () => {
  test.each([
    ['cubic', 'cubic', 1],
    ['cubic', 'cubic', 4],
    ['bbr', 'cubic', 0.5],
    ['bbr', 'cubic', 1],
    ['bbr', 'cubic', 4],
    ['cubic', 'bbr', 2],
    ['bbr', 'bbr', 1],
  ] as const)('%s and %s with a queue of %d round trips share it', (one, two, queue) => {
    const flows = new Flows({ delay: 20, rate: RATE, queue: queue * PRODUCT }, [one, two], 3);
    flows.run(12_000);
    const [first, second] = flows.run(20_000) as [number, number];
    // Headers take 0.06 of it.
    expect(first + second).toBeGreaterThan(0.84 * RATE);
    expect(Math.max(first, second) / Math.min(first, second)).toBeLessThan(2);
  });
});

test('two flows with BBR get no more than 2.4 times as much as two with CUBIC', () => {
  const names = ['bbr', 'bbr', 'cubic', 'cubic'] as const;
  const flows = new Flows({ delay: 20, rate: 2 * RATE, queue: 2 * PRODUCT }, names);
  flows.run(8_000);
  const shares = flows.run(20_000);
  const ratio = (shares[0]! + shares[1]!) / (shares[2]! + shares[3]!);
  expect(ratio).toBeGreaterThan(0.5);
  expect(ratio).toBeLessThan(2.4);
});

describe('a path without loss', () => {
  test.each(['cubic', 'bbr'] as const)('is filled by %s', (name) => {
    expect(share({ delay: 20, rate: RATE, queue: 2 * PRODUCT }, name)).toBeGreaterThan(0.88);
  });

  test('has a short queue with BBR, however much the bottleneck keeps', () => {
    const roundTrips = (['bbr', 'cubic'] as const).map((name) => {
      const flows = new Flows({ delay: 20, rate: RATE, queue: 40 * PRODUCT }, [name]);
      flows.run(8_000);
      return flows.connections[0]!.roundTrip;
    });
    expect(roundTrips[0]).toBeLessThan(90);
    expect(roundTrips[1]).toBeGreaterThan(100);
  });
});

describe('a path that loses at random', () => {
  test.each([
    [1, 0.02, 0.5],
    [20, 0.02, 0.25],
    [20, 0.005, 0.6],
  ])('of %d ms one way and a loss of %d still carries %d with BBR', (delay, loss, least) => {
    const rate = 5_000;
    const path = { delay, loss, rate, queue: rate * 40 };
    const bbr = share(path, 'bbr');
    expect(bbr).toBeGreaterThan(least);
    expect(bbr).toBeGreaterThan(share(path, 'cubic'));
  });
});

describe('BBR (draft-ietf-ccwg-bbr)', () => {
  test('measures the least round trip every five seconds for 200 ms (§5.3.4)', () => {
    const flows = new Flows({ delay: 20, rate: RATE, queue: 4 * PRODUCT }, ['bbr']);
    const bbr = (flows.connections[0] as unknown as { sender: { congestion: Bbr } }).sender
      .congestion;
    expect(bbr).toBeInstanceOf(Bbr);
    const states: string[] = [];
    for (let step = 0; step < 1_300; step++) {
      flows.run(10);
      if (states.at(-1) !== bbr.state) states.push(bbr.state);
    }
    expect(states.slice(0, 2)).toEqual(['startup', 'drain']);
    const probes = states.filter((state) => state === 'probe round trip').length;
    expect(probes).toBeGreaterThanOrEqual(1);
    expect(probes).toBeLessThanOrEqual(3);
    for (const state of ['cruise', 'refill', 'up']) expect(states).toContain(state);
  });

  test('finds a path that became four times as fast', () => {
    const path = { delay: 20, rate: RATE, queue: 2 * PRODUCT };
    const flows = new Flows(path, ['bbr']);
    flows.run(4_000);
    path.rate = 4 * RATE;
    flows.run(8_000);
    expect(flows.run(2_000)[0]).toBeGreaterThan(2.5 * RATE);
  });

  test('follows a path that became four times as slow', () => {
    const path = { delay: 20, rate: 4 * RATE, queue: 8 * PRODUCT };
    const flows = new Flows(path, ['bbr']);
    flows.run(4_000);
    path.rate = RATE;
    // Rates of two cycles of probing count (§5.5.3).
    flows.run(12_000);
    expect(flows.connections[0]!.roundTrip).toBeLessThan(150);
    expect(flows.run(2_000)[0]).toBeGreaterThan(0.8 * RATE);
  });
});
