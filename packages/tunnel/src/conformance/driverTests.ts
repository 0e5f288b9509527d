import { type Endpoint, parseIPv6 } from '@6bed4/codec';
import { buildUdp, parseUdp } from '@6bed4/nd';
import type { Machine } from '../machine/machine.js';
import { Peer } from '../peer/peer.js';
import type { TunnelEvent } from '../report/events.js';
import { Router } from '../router/router.js';
import { check, checkSame } from './checks.js';
import type { DriverCallbacks, MachineFactory, OpenDriver, OpenedDriver } from './driver.js';
import { Probe } from './probe.js';

/** Options of {@link driverTests}. */
export interface DriverTestOptions {
  readonly open: OpenDriver;
  /** Resolves after so many milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
}

/** One demand on a driver. */
export interface DriverTest {
  readonly name: string;
  /** Rejects with what is wrong. Opens what it needs and closes it again. */
  run(): Promise<void>;
}

const PATIENCE_MS = 3_000;
const STEP_MS = 5;
/** No timer of a platform is exact; this is what a machine can live with. */
const LATENESS_MS = 500;
/** The greatest delay that `setTimeout` takes; more makes it fire at once. */
const BEYOND_TIMERS = 0x8000_0000;
const LARGEST = 1280;
const BURST = 32;
/**
 * A process that moves to another processor while it sends may see some of its datagrams overtaken.
 */
const MOST_STEPS_BACK = 4;

const ignore: DriverCallbacks = { packet: () => undefined, event: () => undefined };

/** The drivers that one test opened. */
class Bench {
  readonly #options: DriverTestOptions;
  readonly #opened: OpenedDriver<Machine>[] = [];
  readonly #probes: Probe[] = [];

  constructor(options: DriverTestOptions) {
    this.#options = options;
  }

  async open<M extends Machine>(
    machine: MachineFactory<M>,
    callbacks: Partial<DriverCallbacks> = {},
  ): Promise<OpenedDriver<M>> {
    const driver = await this.#options.open(machine, { ...ignore, ...callbacks });
    this.#opened.push(driver as unknown as OpenedDriver<Machine>);
    return driver;
  }

  async probe(callbacks: Partial<DriverCallbacks> = {}): Promise<[Probe, OpenedDriver<Probe>]> {
    let probe: Probe | null = null;
    const driver = await this.open((sink) => {
      probe = new Probe(sink);
      return probe;
    }, callbacks);
    this.#probes.push(probe!);
    return [probe!, driver];
  }

  sleep(milliseconds: number): Promise<void> {
    return this.#options.sleep(milliseconds);
  }

  random = (): number => this.#options.random();

  async until(condition: () => boolean, expectation: string): Promise<void> {
    for (let waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
      if (condition()) return;
      await this.sleep(STEP_MS);
    }
    check(condition(), `${expectation} within ${PATIENCE_MS} ms`);
  }

  /**
   * Waits for so many datagrams and compares what they hold; in any order, because even a system that
   * talks to itself does not always keep it.
   */
  async received(probe: Probe, payloads: readonly (readonly number[])[]): Promise<void> {
    const count = payloads.length;
    await this.until(() => probe.datagrams.length >= count, `${count} datagrams`);
    const inOrder = (all: readonly (readonly number[])[]): string[] =>
      all.map((bytes) => JSON.stringify(bytes)).sort();
    const found = probe.datagrams.map(({ bytes }) => bytes);
    checkSame(inOrder(found), inOrder(payloads), 'payloads');
  }

  async close(): Promise<void> {
    for (const driver of this.#opened.splice(0)) await driver.close();
    checkSame(
      this.#probes.flatMap(({ faults }) => faults),
      [],
      'faults against the contract',
    );
  }
}

/** Sends from within a command, as machines do. */
function sendFrom(
  driver: OpenedDriver<Probe>,
  payload: readonly number[],
  to: Endpoint,
  tos?: number,
  ttl?: number,
): void {
  driver.command((probe, now) => probe.work(now, () => probe.send(payload, to, tos, ttl)));
}

type Demands = Readonly<Record<string, (bench: Bench) => Promise<void>>>;

const demands: Demands = {
  'carries datagrams both ways and tells where they came from': async (bench) => {
    const [left, leftDriver] = await bench.probe();
    const [right, rightDriver] = await bench.probe();
    sendFrom(leftDriver, [1, 2, 3], rightDriver.endpoint);
    await bench.received(right, [[1, 2, 3]]);
    checkSame(right.datagrams[0]?.source, leftDriver.endpoint, 'source');
    sendFrom(rightDriver, [4], leftDriver.endpoint);
    await bench.received(left, [[4]]);
    checkSame(left.datagrams[0]?.source, rightDriver.endpoint, 'source');
  },

  'carries empty datagrams, which are keepalives and probes': async (bench) => {
    const [, from] = await bench.probe();
    const [probe, to] = await bench.probe();
    sendFrom(from, [], to.endpoint);
    await bench.received(probe, [[]]);
  },

  'carries the largest packet whole': async (bench) => {
    const [, from] = await bench.probe();
    const [probe, to] = await bench.probe();
    const payload = Array.from({ length: LARGEST }, (_, index) => index & 0xff);
    sendFrom(from, payload, to.endpoint);
    await bench.received(probe, [payload]);
  },

  'has taken bytes and destination when sendDatagram returns': async (bench) => {
    const [, from] = await bench.probe();
    const [probe, to] = await bench.probe();
    const payloads = Array.from({ length: BURST }, (_, index) => [index, 0xff - index]);
    from.command((machine, now) =>
      machine.work(now, () => {
        for (const payload of payloads) machine.send(payload, to.endpoint);
      }),
    );
    await bench.received(probe, payloads);
  },

  'sends in the order in which the machine does': async (bench) => {
    const [, from] = await bench.probe();
    const [probe, to] = await bench.probe();
    const payloads = Array.from({ length: BURST }, (_, index) => [index]);
    from.command((machine, now) =>
      machine.work(now, () => {
        for (const payload of payloads) machine.send(payload, to.endpoint);
      }),
    );
    await bench.received(probe, payloads);
    const order = probe.datagrams.map(({ bytes }) => bytes[0]!);
    const steps = order.filter((each, index) => index > 0 && each < order[index - 1]!).length;
    check(steps <= MOST_STEPS_BACK, `that order, found ${order.join()}`);
  },

  'takes wishes for TOS and TTL, each for one datagram': async (bench) => {
    const [, from] = await bench.probe();
    const [probe, to] = await bench.probe();
    sendFrom(from, [1], to.endpoint, 0xb8, 0);
    sendFrom(from, [2], to.endpoint, 0, 3);
    sendFrom(from, [3], to.endpoint);
    await bench.received(probe, [[1], [2], [3]]);
  },

  'sends what the machine sends while it handles a datagram': async (bench) => {
    const [asker, askerDriver] = await bench.probe();
    const [echo, echoDriver] = await bench.probe();
    echo.echo = true;
    sendFrom(askerDriver, [1], echoDriver.endpoint);
    sendFrom(askerDriver, [2], echoDriver.endpoint);
    await bench.received(asker, [[1], [2]]);
  },

  'throws nothing at the machine for destinations that the system refuses, and goes on': async (
    bench,
  ) => {
    const [, from] = await bench.probe();
    const [probe, to] = await bench.probe();
    sendFrom(from, [1], { address: '255.255.255.255', port: 9 });
    sendFrom(from, [2], { address: '240.0.0.1', port: 9 });
    sendFrom(from, [3], { address: to.endpoint.address, port: 0 });
    await bench.sleep(20);
    sendFrom(from, [4], to.endpoint);
    await bench.received(probe, [[4]]);
  },

  'outlives destinations where nobody listens': async (bench) => {
    const [, from] = await bench.probe();
    const [, gone] = await bench.probe();
    const nowhere = gone.endpoint;
    await gone.close();
    for (let count = 0; count < 5; count++) {
      sendFrom(from, [count], nowhere);
      await bench.sleep(STEP_MS);
    }
    const [probe, to] = await bench.probe();
    sendFrom(from, [7], to.endpoint);
    await bench.received(probe, [[7]]);
  },

  'hands packets of the program to the machine, and leaves them as they are': async (bench) => {
    const [probe, driver] = await bench.probe();
    const packet = Uint8Array.of(0x60, 1, 2, 3);
    driver.send(packet);
    await bench.until(() => probe.packets.length > 0, 'a packet');
    checkSame(probe.packets, [[0x60, 1, 2, 3]], 'packets');
    checkSame([...packet], [0x60, 1, 2, 3], 'the bytes of the program');
  },

  'hands delivered packets to the program, which may keep them': async (bench) => {
    const packets: Uint8Array[] = [];
    const [, driver] = await bench.probe({ packet: (packet) => packets.push(packet) });
    driver.command((machine, now) =>
      machine.work(now, () => {
        machine.deliver([1, 2]);
        machine.deliver([3]);
      }),
    );
    await bench.until(() => packets.length === 2, 'two packets');
    checkSame(
      packets.map((packet) => [...packet]),
      [[1, 2], [3]],
      'packets',
    );
  },

  'lets the program act within its callbacks, after the machine has finished': async (bench) => {
    let driver: OpenedDriver<Probe> | null = null;
    let events = 0;
    const [probe, opened] = await bench.probe({
      event: () => {
        events++;
        driver?.command((machine, now) => machine.work(now, () => undefined));
        driver?.send(Uint8Array.of(events));
      },
      packet: () => driver?.send(Uint8Array.of(9)),
    });
    driver = opened;
    opened.command((machine, now) =>
      machine.work(now, () => {
        machine.report();
        machine.report();
        machine.deliver([1]);
      }),
    );
    await bench.until(() => probe.packets.length === 3, 'three packets');
    checkSame(events, 2, 'events');
    checkSame(
      probe.packets.flat().sort((a, b) => a - b),
      [1, 2, 9],
      'packets',
    );
  },

  'gives the time in milliseconds': async (bench) => {
    const [probe, driver] = await bench.probe();
    const read = (): number => {
      driver.command((machine, now) => machine.work(now, () => undefined));
      return probe.now;
    };
    const before = read();
    await bench.sleep(100);
    const passed = read() - before;
    check(passed >= 80 && passed < 100 + LATENESS_MS, `about 100 ms to pass, found ${passed}`);
  },

  'wakes the machine at the time it asks for': async (bench) => {
    const [probe, driver] = await bench.probe();
    let at = 0;
    driver.command((machine, now) =>
      machine.work(now, () => {
        at = now + 50;
        machine.wakeAt = at;
      }),
    );
    await bench.until(() => probe.wakeAt === Number.POSITIVE_INFINITY, 'to be woken');
    const late = probe.timeouts[probe.timeouts.length - 1]! - at;
    check(late >= 0 && late < LATENESS_MS, `to be woken in time, found ${late} ms too late`);
    const calls = probe.timeouts.length;
    await bench.sleep(60);
    checkSame(probe.timeouts.length, calls, 'calls once nothing is due any more');
  },

  'wakes the machine earlier when it changes its mind': async (bench) => {
    const [probe, driver] = await bench.probe();
    for (const delay of [60_000, 30]) {
      driver.command((machine, now) =>
        machine.work(now, () => {
          machine.wakeAt = now + delay;
        }),
      );
    }
    await bench.until(() => probe.wakeAt === Number.POSITIVE_INFINITY, 'to be woken');
  },

  'asks for the next time after datagrams too': async (bench) => {
    const [, from] = await bench.probe();
    const [probe, to] = await bench.probe();
    to.command((machine, now) => machine.work(now, () => undefined));
    const { now } = probe;
    probe.wakeAt = now + 40;
    sendFrom(from, [1], to.endpoint);
    await bench.until(() => probe.wakeAt === Number.POSITIVE_INFINITY, 'to be woken');
  },

  'sleeps through times that are farther away than timers of the platform reach': async (bench) => {
    const [probe, driver] = await bench.probe();
    driver.command((machine, now) =>
      machine.work(now, () => {
        machine.wakeAt = now + 2 * BEYOND_TIMERS;
      }),
    );
    await bench.sleep(100);
    check(probe.timeouts.length <= 1, `no calls, found ${probe.timeouts.length}`);
  },

  'calls the machine no more once it is closed, and may be closed again': async (bench) => {
    const [, from] = await bench.probe();
    const [probe, driver] = await bench.probe();
    driver.command((machine, now) =>
      machine.work(now, () => {
        machine.wakeAt = now + 20;
      }),
    );
    await driver.close();
    await driver.close();
    sendFrom(from, [1], driver.endpoint);
    driver.send(Uint8Array.of(0x60));
    await bench.sleep(60);
    checkSame([probe.datagrams, probe.packets, probe.timeouts], [[], [], []], 'calls');
  },

  'runs a router and two peers, which find the direct path to each other': async (bench) => {
    const { random } = bench;
    const router = await bench.open(
      (sink, { address, port }) => new Router({ address, port, random }, sink),
    );
    const one = await openPeer(bench, router.endpoint);
    const other = await openPeer(bench, router.endpoint);
    const isDirect = (): boolean =>
      one.events.some(
        ({ type, ...event }) =>
          type === 'path-changed' && 'path' in event && event.path !== 'relayed',
      );
    for (let count = 0; count < 200 && !(isDirect() && other.texts.length > 0); count++) {
      one.driver.send(
        buildUdp({
          source: parseIPv6(one.address()),
          destination: parseIPv6(other.address()),
          sourcePort: 5000,
          destinationPort: 6000,
          payload: Uint8Array.of(42),
        }),
      );
      await bench.sleep(20);
    }
    check(isDirect(), 'a direct path');
    check(
      other.texts.every((text) => text === '42'),
      `what was sent, found ${other.texts.join()}`,
    );
    check(other.texts.length > 0, 'packets to arrive');
  },
};

/** A peer that has its address. */
async function openPeer(bench: Bench, router: Endpoint) {
  const events: TunnelEvent[] = [];
  const texts: string[] = [];
  const { random } = bench;
  const driver = await bench.open((sink) => new Peer({ routers: [router], random }, sink), {
    event: (event) => events.push(event),
    packet: (packet) => {
      const parsed = parseUdp(packet, 0, packet.length);
      if (parsed.ok) texts.push([...parsed.value.payload].join());
    },
  });
  driver.command((peer, now) => peer.start(now));
  const address = (): string =>
    events.flatMap((event) => (event.type === 'address-acquired' ? [event.address] : []))[0] ?? '';
  await bench.until(() => address() !== '', 'an address');
  return { driver, events, texts, address };
}

/**
 * The demands on a driver for {@link Machine}, one test for each. Run them with any test runner, or
 * none, on the platform that the driver is for.
 *
 * @example
 * ```ts
 * for (const { name, run } of driverTests({ open, sleep, random: Math.random })) test(name, run);
 * ```
 */
export function driverTests(options: DriverTestOptions): DriverTest[] {
  return Object.entries(demands).map(([name, demand]) => ({
    name,
    run: async () => {
      const bench = new Bench(options);
      let failure: unknown = null;
      try {
        await demand(bench);
      } catch (error) {
        failure = error;
      }
      // What the driver did against the contract explains more than what came of it.
      await bench.close();
      if (failure !== null) throw failure;
    },
  }));
}
