import { TCP_RST, TCP_SYN } from '@6bed4/nd';
import { Random } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { type TcpConnection, TcpStack, type TcpStackOptions } from '../../src/index.js';
import { ADDRESSES } from '../properties/lab.js';
import { forge, noise } from './forge.js';
import { portOf, RawRemote } from './rawRemote.js';
import { heapInUse, PORT, Scene } from './scene.js';

const MULTIPLE = Number(process.env['RUNS'] ?? 1);
const COUNT = 200_000 * MULTIPLE;
const MEGABYTE = 1 << 20;
const VICTIM = { address: ADDRESSES[1], port: PORT };
const FIRST_PORT = 10_000;
const BACKLOG = 511;
const timeout = 120_000 * MULTIPLE;

/** A stack that raw remotes talk to, and whose programs write and read what they can. */
class Victim {
  readonly stack: TcpStack;
  readonly connections = new Set<TcpConnection>();
  readonly remotes = new Map<number, RawRemote>();
  now = 1_000;
  sent = 0;
  readonly #reports: (() => void)[] = [];
  readonly #buffer = new Uint8Array(65_536);
  #opened = 0;

  constructor(options: Partial<TcpStackOptions> = {}) {
    const random = new Random(3).fraction;
    this.stack = new TcpStack(
      { random, ...options },
      {
        sendPacket: (bytes, offset, length) => {
          this.sent++;
          this.remotes.get(portOf(bytes))?.see(bytes.slice(offset, offset + length));
        },
        event: (connection, event) => {
          if (event === 'closed') this.connections.delete(connection);
          else this.#reports.push(() => this.#use(connection));
        },
        accepted: (listener) => {
          const connection = listener.accept();
          if (connection === null) return;
          this.connections.add(connection);
          this.#reports.push(() => this.#use(connection));
        },
      },
    );
    this.stack.listen(null, PORT);
  }

  /** A new remote; its SYN was answered. */
  remote(): RawRemote {
    const port = FIRST_PORT + (this.#opened++ % 50_000);
    const remote = new RawRemote({ address: ADDRESSES[0], port }, VICTIM);
    this.remotes.set(port, remote);
    this.give(remote.open());
    return remote;
  }

  give(packet: Uint8Array): void {
    this.stack.handlePacket(packet, 0, packet.length, this.now);
    this.#settle();
  }

  /** Lets time pass, with what expires in it. */
  pass(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (let steps = 0; this.stack.nextTimeout() <= end; steps++) {
      if (steps > 1_000_000) throw new Error('timeouts without end');
      this.now = Math.max(this.now, this.stack.nextTimeout());
      this.stack.handleTimeout(this.now);
      this.#settle();
    }
    this.now = end;
  }

  #settle(): void {
    for (let one = this.#reports.shift(); one !== undefined; one = this.#reports.shift()) one();
  }

  #use(connection: TcpConnection): void {
    const buffer = this.#buffer;
    if (connection.remote.port % 2 === 0) connection.read(buffer, 0, buffer.length, this.now);
    while (connection.write(buffer, 0, buffer.length, this.now) === buffer.length);
  }
}

describe('remotes that keep to no rule', () => {
  test(
    'make nothing throw, take no more memory than allowed, and are over when they fall silent',
    () => {
      const random = new Random(11);
      const limit = 4 * MEGABYTE;
      const victim = new Victim({ maximumMemory: limit, sendBuffer: 65_536 });
      const remotes = Array.from({ length: 8 }, () => victim.remote());
      const before = heapInUse();
      for (let count = 0; count < COUNT; count++) {
        const index = random.below(remotes.length);
        if (remotes[index]!.isOver) {
          victim.remotes.delete(remotes[index]!.local.port);
          remotes[index] = victim.remote();
        }
        const sent = victim.sent;
        victim.give(remotes[index]!.any(random));
        // What one segment lets out is what the window of congestion control holds back.
        expect(victim.sent - sent).toBeLessThan(1_000);
        victim.pass([0, 0, 0, 1, 10, 300][random.below(6)]!);
      }
      expect(heapInUse() - before).toBeLessThan(2 * limit);
      for (const connection of victim.connections) connection.end(victim.now);
      victim.pass(3_600_000);
      expect([...victim.connections].map(({ state }) => state)).toEqual([]);
      expect(victim.stack.connectionCount).toBe(0);
      expect(victim.stack.memoryUsed).toBe(0);
    },
    timeout,
  );

  test('hold what they asked for and never take no longer than the user timeout', () => {
    const victim = new Victim({ sendBuffer: 65_536, userTimeout: 60_000 });
    const remotes = Array.from({ length: 300 }, () => victim.remote());
    for (const remote of remotes) {
      victim.give(remote.segment({ window: 500 }));
      victim.give(remote.segment({ window: 0 }));
    }
    expect(victim.connections.size).toBe(300);
    expect(victim.stack.memoryUsed).toBeLessThanOrEqual(300 * 2 * 65_536);
    victim.pass(600_000);
    expect(victim.connections.size).toBe(0);
    expect(victim.stack.memoryUsed).toBe(0);
  });
});

describe('a flood of SYNs', () => {
  test(
    'costs no memory, and others connect meanwhile',
    () => {
      const random = new Random(5);
      const perMillisecond = 20;
      const time = (COUNT / perMillisecond) | 0;
      const scene = new Scene(1, 20_000, time + 1_000);
      const { lab } = scene;
      const [client, server] = lab.hosts;
      const before = heapInUse();
      const start = lab.now;
      const opened: TcpConnection[] = [];
      const flood = (): void => {
        for (let each = 0; each < perMillisecond; each++) {
          const from = { address: noise(random, 16), port: 1 + random.below(65_535) };
          from.address[0] = 0x20;
          const sequence = random.next();
          scene.attack(1, forge({ from, to: VICTIM, flags: TCP_SYN, sequence }));
        }
        const elapsed = lab.now - start;
        if (elapsed % 500 === 0 && opened.length < 10) {
          const local = { address: ADDRESSES[0], port: 0 };
          client.call(() => opened.push(client.stack.connect(local, VICTIM, client.now())));
        }
        if (elapsed < time) lab.at(lab.now + 1, flood);
      };
      flood();
      lab.run(start + time);
      expect(server.stack.connectionCount).toBeLessThanOrEqual(BACKLOG + 1 + opened.length);
      expect(heapInUse() - before).toBeLessThan(8 * MEGABYTE);
      expect(opened.map(({ state }) => state)).toEqual(opened.map(() => 'ESTABLISHED'));
      expect(opened.length).toBeGreaterThan(5);
      lab.run(lab.now + 600_000);
      expect(scene.outcomes()).toEqual(scene.expected());
      for (const connection of opened) client.call(() => connection.abort(client.now()));
      lab.run(lab.now + 60_000);
      expect(lab.hosts.map(({ stack }) => stack.connectionCount)).toEqual([0, 0]);
    },
    timeout,
  );
});

test('segments of no connection get no more resets than allowed', () => {
  const random = new Random(9);
  const victim = new Victim();
  const start = victim.now;
  for (let count = 0; count < 20_000; count++) {
    const from = { address: noise(random, 16), port: 1 + random.below(65_535) };
    from.address[0] = 0x20;
    const flags = random.below(256) & ~(TCP_SYN | TCP_RST);
    const to = { ...VICTIM, port: 81 + random.below(100) };
    victim.give(forge({ from, to, flags, sequence: random.next() }));
    victim.pass(1 / 8);
  }
  const seconds = (victim.now - start) / 1_000;
  expect(victim.sent).toBeLessThanOrEqual(200 * (seconds + 1));
  expect(victim.sent).toBeGreaterThan(50);
});
