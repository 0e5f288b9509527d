import { UdpEndpoint } from '@6bed4/codec';
import { Counters, type Machine, type TunnelEvent, type TunnelSink } from '@6bed4/tunnel';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PortRunner } from '../../../src/drivers/portable/portRunner.js';
import { ApplicationPort } from '../../../src/drivers/ports/applicationPort.js';
import type { DatagramHandler, DatagramPort } from '../../../src/drivers/ports/datagramPort.js';

import { TappedRing } from '../../support/tappedRing.js';

vi.mock('../../../src/realTimers.js', () => import('../../support/globalTimers.js'));

const HOP_LIMIT = 7;
const NOWHERE = new UdpEndpoint();

const EVENT: TunnelEvent = {
  type: 'router-reachable',
  router: { address: '192.0.2.1', port: 25790 },
};

/** A machine that does what a test wants, and insists on not being called while it works. */
class FakeMachine implements Machine {
  readonly counters = new Counters();
  readonly sink: TunnelSink;
  readonly calls: string[] = [];
  timeout = Number.POSITIVE_INFINITY;
  onDatagram: (bytes: Uint8Array) => void = () => {};
  onPacket: (bytes: Uint8Array) => void = () => {};
  onTimeout: (now: number) => void = () => {};
  #busy = false;

  constructor(sink: TunnelSink) {
    this.sink = sink;
  }

  handleDatagram(bytes: Uint8Array): void {
    this.#work(`datagram ${bytes}`, () => this.onDatagram(bytes));
  }

  handlePacket(bytes: Uint8Array): void {
    this.#work(`packet ${bytes}`, () => this.onPacket(bytes));
  }

  handleTimeout(now: number): void {
    this.#work(`timeout ${now}`, () => this.onTimeout(now));
  }

  nextTimeout(): number {
    return this.timeout;
  }

  #work(call: string, action: () => void): void {
    if (this.#busy) throw new Error('called while it works');
    this.#busy = true;
    this.calls.push(call);
    action();
    this.#busy = false;
  }
}

/** A datagram port whose datagrams come from the test. */
class FakePort implements DatagramPort {
  readonly endpoint = { address: '192.0.2.2', port: 1 };
  readonly counters = { sendErrors: {}, receiveErrors: {}, queueDrops: 0 };
  readonly sent: string[] = [];
  arrive: DatagramHandler = () => {};
  closed = false;
  onSend: () => void = () => {};

  start(handler: DatagramHandler): void {
    this.arrive = handler;
  }

  send(bytes: Uint8Array, offset: number, length: number): void {
    this.sent.push(`${bytes.subarray(offset, offset + length)}`);
    this.onSend();
  }

  rebind(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

describe('PortRunner', () => {
  let datagrams: FakePort;
  let application: ApplicationPort;
  let events: TunnelEvent[];
  let packets: Uint8Array[];
  let onPacket: (packet: Uint8Array) => void;
  let onEvent: (event: TunnelEvent) => void;
  let driver: PortRunner<FakeMachine>;
  let machine: FakeMachine;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    datagrams = new FakePort();
    events = [];
    packets = [];
    onPacket = (packet) => packets.push(packet);
    onEvent = (event) => events.push(event);
    application = new ApplicationPort((packet) => onPacket(packet));
    driver = new PortRunner({
      machine: (sink) => new FakeMachine(sink),
      datagrams,
      packets: application,
      onEvent: (event) => onEvent(event),
    });
    machine = driver.machine;
    driver.start();
  });

  afterEach(async () => {
    await driver.close();
    vi.useRealTimers();
  });

  test('hands over copies of packets, once the machine has finished', () => {
    const borrowed = Uint8Array.of(1, 2, 3, 4);
    machine.onDatagram = () => {
      machine.sink.deliverPacket(borrowed, 1, 2);
      expect(packets).toEqual([]);
    };
    datagrams.arrive(Uint8Array.of(0), 0, 1, 0, 0);
    borrowed.fill(9);
    expect(packets).toEqual([Uint8Array.of(2, 3)]);
  });

  test('copies what passes both sides while there is a tap, before anything is changed', () => {
    const ring = new TappedRing();
    const to = new UdpEndpoint(0x0102_0304, 700);
    machine.onDatagram = (bytes) => {
      bytes[0] = 99;
      machine.sink.deliverPacket(bytes, 0, 2);
    };
    machine.onPacket = (bytes) => {
      bytes[0]! += 1;
      machine.sink.sendDatagram(bytes, 0, 2, to, 0, 0);
    };
    const passes = (): void => {
      datagrams.arrive(Uint8Array.of(1, 2), 0, 2, 5, 700);
      application.send(Uint8Array.of(3, 4));
    };
    passes();
    expect(ring.take()).toEqual([]);
    driver.tap = ring.tap;
    const now = performance.now();
    passes();
    expect(ring.take()).toEqual([
      `outer in ${now} 1,2 700>1`,
      `inner in ${now} 99,2`,
      `inner out ${now} 3,4`,
      `outer out ${now} 4,4 1>700`,
    ]);
    driver.tap = null;
    passes();
    expect(ring.take()).toEqual([]);
  });

  test('hands over copies also of packets in a Buffer', () => {
    const borrowed = Buffer.from([1, 2, 3, 4]);
    machine.onDatagram = (bytes) => {
      expect(bytes.constructor).toBe(Uint8Array);
      machine.sink.deliverPacket(bytes, 0, 4);
    };
    datagrams.arrive(borrowed, 0, 4, 0, 0);
    borrowed.fill(9);
    expect(packets).toEqual([Uint8Array.of(1, 2, 3, 4)]);
  });

  test('lets an application answer from within its packet listener, in order', () => {
    machine.onDatagram = () => {
      for (const value of [1, 2]) machine.sink.deliverPacket(Uint8Array.of(value), 0, 1);
    };
    machine.onPacket = (bytes) => {
      machine.sink.sendDatagram(bytes, 0, 1, NOWHERE, 0, 0);
      if (bytes[0] === 11) machine.sink.deliverPacket(Uint8Array.of(3), 0, 1);
    };
    onPacket = (packet) => {
      packets.push(packet);
      if (packet[0]! < 3) application.send(Uint8Array.of(packet[0]! + 10));
    };
    datagrams.arrive(Uint8Array.of(0), 0, 1, 0, 0);
    expect(machine.calls).toEqual(['datagram 0', 'packet 11', 'packet 12']);
    expect(packets).toEqual([1, 2, 3].map((value) => Uint8Array.of(value)));
    expect(datagrams.sent).toEqual(['11', '12']);
  });

  test('lets an event listener command the machine', () => {
    machine.onDatagram = () => machine.sink.event(EVENT);
    onEvent = (event) => {
      events.push(event);
      driver.command((_, now) => machine.handleTimeout(now));
    };
    datagrams.arrive(Uint8Array.of(0), 0, 1, 0, 0);
    expect(events).toEqual([EVENT]);
    expect(machine.calls).toEqual(['datagram 0', expect.stringMatching(/^timeout/)]);
  });

  test('postpones whatever reaches it while the machine works', () => {
    machine.onDatagram = () => machine.sink.sendDatagram(Uint8Array.of(5), 0, 1, NOWHERE, 0, 0);
    const borrowed = Uint8Array.of(1);
    datagrams.onSend = () => {
      datagrams.onSend = () => {};
      datagrams.arrive(borrowed, 0, 1, 0, 0);
      application.send(Uint8Array.of(2));
      driver.command(() => machine.calls.push('command'));
      borrowed[0] = 9;
    };
    machine.onPacket = () => machine.sink.deliverPacket(Uint8Array.of(7), 0, 1);
    datagrams.arrive(Uint8Array.of(0), 0, 1, 0, 0);
    expect(machine.calls).toEqual(['datagram 0', 'datagram 1', 'packet 2', 'command']);
    expect(packets).toEqual([Uint8Array.of(7)]);
  });

  test('leaves the packet of an application as it was', () => {
    machine.onPacket = (bytes) => {
      bytes[HOP_LIMIT]!--;
    };
    const packet = new Uint8Array(40).fill(64);
    application.send(packet);
    expect(packet[HOP_LIMIT]).toBe(64);
  });

  test('continues after a listener threw', () => {
    machine.onDatagram = () => machine.sink.deliverPacket(Uint8Array.of(1), 0, 1);
    machine.timeout = 100;
    onPacket = () => {
      throw new Error('of the application');
    };
    expect(() => datagrams.arrive(Uint8Array.of(0), 0, 1, 0, 0)).toThrow('of the application');
    onPacket = (packet) => packets.push(packet);
    datagrams.arrive(Uint8Array.of(0), 0, 1, 0, 0);
    expect(packets).toHaveLength(1);
    vi.advanceTimersByTime(100);
    expect(machine.calls).toContain('timeout 100');
  });

  test('calls the machine at its next timeout, and sets one timer at a time', () => {
    machine.timeout = 50;
    driver.command(() => {});
    machine.timeout = 20;
    driver.command(() => {});
    expect(vi.getTimerCount()).toBe(1);
    machine.onTimeout = () => {
      machine.timeout = Number.POSITIVE_INFINITY;
    };
    vi.advanceTimersByTime(19);
    expect(machine.calls).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(machine.calls).toEqual(['timeout 20']);
    vi.advanceTimersByTime(100_000);
    expect(machine.calls).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('lets a timer expire early rather than set it again for every packet', () => {
    const setTimer = vi.spyOn(globalThis, 'setTimeout');
    machine.timeout = 50;
    driver.command(() => {});
    for (let count = 1; count <= 10; count++) {
      machine.timeout = 50 + count;
      datagrams.arrive(Uint8Array.of(0), 0, 1, 0, 0);
    }
    expect(setTimer).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(60);
    expect(machine.calls.filter((call) => call.startsWith('timeout'))).toEqual([
      'timeout 50',
      'timeout 60',
    ]);
  });

  test('splits a delay that is longer than timers allow', () => {
    machine.timeout = 2 ** 40;
    driver.command(() => {});
    vi.advanceTimersByTime(2 ** 31 - 1);
    expect(machine.calls).toEqual([`timeout ${2 ** 31 - 1}`]);
  });

  test('ignores all input, and has no timer, once closed', async () => {
    machine.timeout = 10;
    driver.command(() => {});
    await driver.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(datagrams.closed).toBe(true);
    datagrams.arrive(Uint8Array.of(0), 0, 1, 0, 0);
    application.send(Uint8Array.of(0));
    driver.command(() => machine.calls.push('command'));
    expect(machine.calls).toEqual([]);
  });
});
