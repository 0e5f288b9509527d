import type { PathChanged } from '@6bed4/tunnel';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLogger, type LogLevel } from '../../src/output/logger.js';
import { PathLog } from '../../src/output/pathLog.js';

const CHANGE: Omit<PathChanged, 'type'> = {
  remote: 'fc64::2',
  direction: 'outbound',
  path: 'direct',
  previous: null,
  endpoint: { address: '203.0.113.6', port: 40_002 },
  confirmedBy: 'neighbor-advertisement',
  roundTrip: 1.26,
};
const INBOUND = { ...CHANGE, direction: 'inbound' } as const;

describe('the log of paths', () => {
  let lines: Record<string, unknown>[];
  let now: number;
  let paths: PathLog;

  const open = (level: LogLevel): void => {
    const logger = createLogger(level, ({ level, fields, message }) => {
      lines.push({ level, ...fields, msg: message });
    });
    paths = new PathLog(logger, () => now);
  };

  beforeEach(() => {
    vi.useFakeTimers();
    lines = [];
    now = 0;
    open('info');
  });

  afterEach(() => {
    paths.close();
    vi.useRealTimers();
  });

  test('has a line for each change to an outbound remote', () => {
    paths.changed(CHANGE);
    paths.changed({
      ...CHANGE,
      path: 'relayed',
      endpoint: null,
      confirmedBy: null,
      roundTrip: null,
    });
    expect(lines).toMatchObject([
      {
        msg: 'path direct',
        remote: 'fc64::2',
        endpoint: '203.0.113.6:40002',
        confirmedBy: 'neighbor-advertisement',
        roundTripMs: 1.3,
      },
      { msg: 'path relayed', endpoint: null },
    ]);
    expect(paths.inbound).toEqual({ direct: 0, lan: 0, relayed: 0 });
  });

  test('counts the changes to inbound remotes, and has a line for all of ten minutes', () => {
    for (let count = 0; count < 5000; count++) paths.changed(INBOUND);
    paths.changed({ ...INBOUND, path: 'relayed' });
    expect(lines).toEqual([]);
    expect(paths.inbound).toEqual({ direct: 5000, lan: 0, relayed: 1 });
    vi.advanceTimersByTime(600_000);
    const summary = { msg: 'paths of inbound remotes so far', direct: 5000, lan: 0, relayed: 1 };
    expect(lines).toMatchObject([summary]);
    // Without changes, there is nothing to tell.
    vi.advanceTimersByTime(600_000);
    paths.close();
    expect(lines).toHaveLength(1);
  });

  test('has a last summary', () => {
    paths.changed({ ...INBOUND, path: 'lan' });
    paths.close();
    expect(lines).toMatchObject([{ lan: 1 }]);
  });

  test('has at most 60 lines a minute about inbound remotes at level debug', () => {
    open('debug');
    for (let count = 0; count < 1000; count++) paths.changed(INBOUND);
    expect(lines).toHaveLength(60);
    expect(lines[0]).toMatchObject({ msg: 'path direct', direction: 'inbound' });
    now = 59_999;
    paths.changed(INBOUND);
    expect(lines).toHaveLength(60);
    now = 60_000;
    for (let count = 0; count < 1000; count++) paths.changed(INBOUND);
    expect(lines).toHaveLength(120);
  });
});
