import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { listenToSignals } from '../../src/process/signals.js';

const { isatty } = vi.hoisted(() => ({ isatty: vi.fn<(fd: number) => boolean>() }));
vi.mock('node:tty', () => ({ isatty }));

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

describe('the signals of a daemon', () => {
  let before: Map<NodeJS.Signals, readonly NodeJS.SignalsListener[]>;
  let calls: string[];

  const listenersOf = (signal: NodeJS.Signals): NodeJS.SignalsListener[] =>
    process.listeners(signal).filter((one) => !before.get(signal)!.includes(one));
  /** Does what Node.js does, for our listeners only. */
  const send = (signal: NodeJS.Signals): void => {
    for (const listener of listenersOf(signal)) listener(signal);
  };
  const listen = (terminal: number | null, hangupEnds?: boolean): void => {
    isatty.mockImplementation((fd) => fd === terminal);
    const actions = {
      end: (signal: NodeJS.Signals) => calls.push(signal),
      reload: () => calls.push('reload'),
      report: () => calls.push('report'),
      toggleDetail: () => calls.push('detail'),
    };
    listenToSignals(actions, hangupEnds);
  };

  beforeEach(() => {
    before = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]));
    calls = [];
  });

  afterEach(() => {
    for (const signal of SIGNALS) {
      for (const listener of listenersOf(signal)) process.off(signal, listener);
    }
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGQUIT'] as const)(
    '%s ends it, and then no signal to end is listened to any more',
    (signal) => {
      listen(null);
      send(signal);
      expect(calls).toEqual([signal]);
      for (const one of ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const) {
        expect(listenersOf(one)).toEqual([]);
      }
    },
  );

  test.each([0, 1, 2])('SIGHUP ends it when stream %i is a terminal', (fd) => {
    listen(fd);
    send('SIGHUP');
    expect(calls).toEqual(['SIGHUP']);
  });

  test('SIGHUP ends it where that is wished, also without a terminal', () => {
    listen(null, true);
    send('SIGHUP');
    expect(calls).toEqual(['SIGHUP']);
  });

  test('SIGHUP reloads and does not end it when no stream is a terminal, also while it ends', () => {
    listen(null);
    send('SIGHUP');
    send('SIGTERM');
    expect(listenersOf('SIGHUP')).toHaveLength(1);
    expect(calls).toEqual(['reload', 'SIGTERM']);
  });

  test('SIGUSR1 reports and SIGUSR2 changes the detail, any number of times, also while it ends', () => {
    listen(null);
    for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGUSR2', 'SIGUSR1'] as const)
      send(signal);
    expect(calls).toEqual(['report', 'detail', 'SIGTERM', 'detail', 'report']);
  });
});
