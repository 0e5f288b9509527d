import { UdpEndpoint } from '@6bed4/codec';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  Counters,
  type Machine,
  type MachineHost,
  MachineRunner,
  type TunnelEvent,
  type TunnelSink,
} from '../../src/index.js';

const EVENT: TunnelEvent = {
  type: 'router-reachable',
  router: { address: '192.0.2.1', port: 25_790 },
};
const SOMEWHERE = new UdpEndpoint();

/** A machine that reports each call, and answers each datagram with a datagram, a packet and an event. */
class EchoMachine implements Machine {
  readonly counters = new Counters();
  readonly #sink: TunnelSink;
  readonly #log: string[];
  timeout = Number.POSITIVE_INFINITY;
  /** Called while a packet is handled. */
  onPacket = (): void => {};

  constructor(sink: TunnelSink, log: string[]) {
    this.#sink = sink;
    this.#log = log;
  }

  handleDatagram(bytes: Uint8Array, offset: number, length: number): void {
    this.#log.push(`machine: datagram ${bytes.subarray(offset, offset + length)}`);
    this.#sink.event(EVENT);
    this.#sink.deliverPacket(bytes, offset, length);
    this.#sink.sendDatagram(bytes, offset, length, SOMEWHERE, 0, 0);
    this.#log.push('machine: returns');
  }

  handlePacket(bytes: Uint8Array, offset: number, length: number): void {
    this.#log.push(`machine: packet ${bytes.subarray(offset, offset + length)}`);
    this.onPacket();
  }

  handleTimeout(now: number): void {
    this.#log.push(`machine: timeout ${now}`);
  }

  nextTimeout(): number {
    return this.timeout;
  }
}

describe('MachineRunner', () => {
  let log: string[];
  let time: number;
  let onSend: () => void;
  let onEvent: () => void;
  let onFlush: () => void;
  let runner: MachineRunner<EchoMachine>;

  beforeEach(() => {
    log = [];
    time = 1000;
    onSend = () => {};
    onEvent = () => {};
    onFlush = () => {};
    const host: MachineHost = {
      now: () => time,
      setTimer: (at) => log.push(`timer ${at}`),
      sendDatagram: () => {
        log.push('datagram sent');
        onSend();
      },
      deliverPacket: () => log.push('packet delivered'),
      flush: () => {
        log.push('flush');
        onFlush();
      },
      eventHappened: ({ type }) => {
        log.push(type);
        onEvent();
      },
    };
    runner = new MachineRunner((sink) => new EchoMachine(sink, log), host);
  });

  test('hands over events and packets once the machine has returned, then sets the timer', () => {
    runner.machine.timeout = 1500;
    runner.handleDatagram(Uint8Array.of(0, 7), 1, 1, 0, 0);
    expect(log).toEqual([
      'machine: datagram 7',
      'packet delivered',
      'datagram sent',
      'machine: returns',
      'router-reachable',
      'flush',
      'timer 1500',
    ]);
  });

  test('lets the listener of an event command the machine at once', () => {
    onEvent = () => expect(runner.command((_, now) => now)).toBe(1000);
    runner.handleDatagram(Uint8Array.of(7), 0, 1, 0, 0);
    expect.assertions(1);
  });

  test('copies and postpones whatever comes in while the machine works', () => {
    const borrowed = Uint8Array.of(8);
    onSend = () => {
      onSend = () => {};
      expect(runner.isBusy).toBe(true);
      runner.handleDatagram(borrowed, 0, 1, 0, 0);
      runner.handlePacket(borrowed, 0, 1);
      expect(runner.command(() => log.push('command'))).toBeUndefined();
      borrowed[0] = 9;
    };
    runner.handleDatagram(Uint8Array.of(7), 0, 1, 0, 0);
    expect(log.filter((line) => /^(machine: [dp]|command)/.test(line))).toEqual([
      'machine: datagram 7',
      'machine: datagram 8',
      'machine: packet 8',
      'command',
    ]);
    expect(runner.isBusy).toBe(false);
  });

  test.each(['packet', 'command'])('postpones what comes in during a %s', (during) => {
    const interrupt = (): void => {
      expect(runner.isBusy).toBe(true);
      runner.machine.onPacket = () => {};
      runner.handlePacket(Uint8Array.of(8), 0, 1);
      log.push('interrupted');
    };
    runner.machine.onPacket = interrupt;
    if (during === 'packet') runner.handlePacket(Uint8Array.of(7), 0, 1);
    else runner.command(interrupt);
    expect(log.slice(-3)).toEqual(['interrupted', 'machine: packet 8', 'flush']);
    expect(runner.isBusy).toBe(false);
  });

  test('hands over events one after another, also those that listeners and flushes cause', () => {
    onFlush = () => {
      onFlush = () => {};
      runner.handleDatagram(Uint8Array.of(8), 0, 1, 0, 0);
    };
    onEvent = () => {
      onEvent = () => log.push('end');
      runner.handleDatagram(Uint8Array.of(9), 0, 1, 0, 0);
      log.push('end');
    };
    runner.handleDatagram(Uint8Array.of(7), 0, 1, 0, 0);
    expect(log.filter((line) => /^(router|end)/.test(line))).toEqual([
      'router-reachable',
      'end',
      'router-reachable',
      'end',
      'router-reachable',
      'end',
    ]);
  });

  test('drops what has been reported when a listener closes, and sets no timer', () => {
    onEvent = () => {
      onEvent = () => log.push('second event');
      runner.close();
    };
    runner.machine.timeout = 1500;
    runner.command((machine) => {
      machine.handleDatagram(Uint8Array.of(7), 0, 1);
      machine.handleDatagram(Uint8Array.of(7), 0, 1);
    });
    expect(log).not.toContain('second event');
    expect(log).not.toContain('timer 1500');
  });

  test('sets the timer to earlier times only, until it expires or the clock jumps', () => {
    const timers = (): string[] => log.filter((line) => line.startsWith('timer'));
    const settle = (timeout: number): void => {
      runner.machine.timeout = timeout;
      runner.command(() => {});
    };
    settle(1500);
    settle(1600);
    settle(1400);
    expect(timers()).toEqual(['timer 1500', 'timer 1400']);
    time = 1400;
    runner.machine.timeout = 1700;
    runner.handleTimeout();
    expect(log).toContain('machine: timeout 1400');
    expect(timers().slice(2)).toEqual(['timer 1700']);
    time = 1690;
    runner.resume();
    expect(timers().slice(3)).toEqual(['timer 1700']);
  });

  test('does not call the machine after the end', () => {
    onEvent = () => runner.close();
    runner.machine.timeout = 1500;
    runner.handleDatagram(Uint8Array.of(7), 0, 1, 0, 0);
    log.length = 0;
    runner.handleDatagram(Uint8Array.of(8), 0, 1, 0, 0);
    runner.handlePacket(Uint8Array.of(8), 0, 1);
    runner.handleTimeout();
    runner.command(() => log.push('command'));
    expect(log).toEqual([]);
  });

  test('goes on after a listener threw', () => {
    onEvent = () => {
      throw new Error('of a listener');
    };
    runner.machine.timeout = 1500;
    expect(() => runner.handleDatagram(Uint8Array.of(7), 0, 1, 0, 0)).toThrow('of a listener');
    expect(log.at(-1)).toBe('timer 1500');
    onEvent = () => {};
    runner.handleDatagram(Uint8Array.of(8), 0, 1, 0, 0);
    expect(log.at(-1)).toBe('flush');
  });
});
