import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { DaemonStatus, PeerStatus, RemoteStatus } from '../../src/control/status.js';
import { RateHistory } from '../../src/output/rates.js';
import { sparkline } from '../../src/output/sparkline.js';
import { watchView } from '../../src/output/watchView.js';
import { PEER, REMOTE, ROUTER } from '../support/statuses.js';

const SIZE = { columns: 80, rows: 24 };

/** A daemon that was seen with these statuses, a second apart. */
function watched(...statuses: readonly DaemonStatus[]) {
  const history = new RateHistory();
  for (const [index, status] of statuses.entries()) history.take(status, index * 1000);
  return { name: '6bed4', status: statuses.at(-1)!, history };
}

function later(status: DaemonStatus, rise: Partial<DaemonStatus['counters']>): DaemonStatus {
  const counters = { ...status.counters } as Record<string, unknown>;
  for (const [name, by] of Object.entries(rise)) {
    counters[name] = (counters[name] as number) + (by as number);
  }
  return { ...status, counters: counters as unknown as DaemonStatus['counters'] };
}

const linesOf = (size: typeof SIZE, ...statuses: readonly DaemonStatus[]): string[] =>
  watchView([watched(...statuses)], size).map(stripVTControlCharacters);

const LONGEST = 'fc64:bed:c633:6401:c433:6402:e49e:8001'.replaceAll('bed', 'ffff');
const many = (count: number): RemoteStatus[] =>
  Array.from({ length: count }, (_, index) => ({
    ...REMOTE,
    address: `fc64::${index.toString(16)}`,
    packetsSentDirect: 0,
  }));

describe('the live view', () => {
  test('looks each remote up once, however many strangers there are', () => {
    let reads = 0;
    const remotes = many(2_000).map((remote) => ({
      ...remote,
      get address() {
        reads++;
        return remote.address;
      },
    }));
    const before = { ...PEER, remotes };
    linesOf(SIZE, before, { ...PEER, remotes: many(2_000) });
    expect(reads).toBeLessThan(3 * 2_000);
  });

  test('shows what passes each second, from one look to the next', () => {
    const rise = {
      datagramBytesReceived: 1_250_000,
      datagramsReceived: 1000,
      datagramBytesSent: 100,
      datagramsSent: 2,
      localDrops: 7,
    };
    const lines = linesOf(SIZE, ROUTER, later(ROUTER, rise));
    expect(lines).toEqual([
      '6bed4  router, process 42, running for 2 h 5 min',
      '  address     fc64:bed:c633:6401:c433:6401:64be:8000',
      '  prefix      fc64:bed:c633:6401::/64',
      '  received    10.0 Mbit/s 1,000 packets/s    █',
      '  sent        800 bit/s   2 packets/s        █',
      '  dropped     7 packets/s',
    ]);
  });

  test('has no rates before the second look, or after a daemon was started anew', () => {
    expect(linesOf(SIZE, ROUTER).join()).not.toContain('received');
    const again = { ...ROUTER, pid: 43 };
    expect(linesOf(SIZE, ROUTER, ROUTER, again).join()).not.toContain('received');
  });

  test('shows remotes with their paths and rates, the busiest first', () => {
    const [idle, busy] = many(2) as [RemoteStatus, RemoteStatus];
    const relayed = { ...busy, path: 'relayed', roundTripMs: null } as const;
    const before: PeerStatus = { ...PEER, remotes: [idle, relayed] };
    const after = { ...before, remotes: [idle, { ...relayed, packetsSentRelayed: 31 }] };
    expect(linesOf(SIZE, before, after).slice(-3)).toEqual([
      `  ${'remote'.padEnd(39)}  path         time      in/s     out/s`,
      `  ${'fc64::1'.padEnd(39)}  relayed                   0        30`,
      `  ${'fc64::0'.padEnd(39)}  direct     1.2 ms         0         0`,
    ]);
  });

  test.each([80, 79, 40, 10, 1])('fits into %d columns, also with the longest texts', (columns) => {
    const remote = { ...REMOTE, address: LONGEST, roundTripMs: 12_345.6, packetsSentDirect: 0 };
    const status: PeerStatus = { ...PEER, address: LONGEST, remotes: [remote] };
    const busy = { ...status, remotes: [{ ...remote, packetsSentDirect: 9_999_999 }] };
    const course = Array.from({ length: 200 }, () => busy);
    for (const line of linesOf({ columns, rows: 24 }, status, ...course)) {
      expect(line.length).toBeLessThanOrEqual(columns);
    }
    const wide = linesOf(SIZE, status, later(busy, { datagramBytesSent: 1 }));
    expect(wide.some((line) => line.endsWith('…'))).toBe(false);
  });

  test('fits into the rows there are, and tells what is left out', () => {
    const status: PeerStatus = { ...PEER, remotes: many(50) };
    const lines = linesOf({ columns: 80, rows: 10 }, status);
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toBe('  … 44 more lines');
    expect(linesOf({ columns: 80, rows: 53 }, status)).toHaveLength(53);
  });

  test('says that a daemon does not answer', () => {
    const daemon = { name: 'x', status: null, history: new RateHistory() };
    expect(watchView([daemon], SIZE).map(stripVTControlCharacters)).toEqual(['x  does not answer']);
  });
});

describe('rates', () => {
  test('are those of the time between, and never negative when counters began anew', () => {
    const history = new RateHistory();
    history.take(ROUTER, 0);
    history.take(later(ROUTER, { datagramsSent: 10 }), 4000);
    expect(history.rates!.datagramsSent).toBe(2.5);
    history.take(ROUTER, 5000);
    expect(history.rates!.datagramsSent).toBe(0);
  });

  test('keep the last two minutes of their course', () => {
    const history = new RateHistory();
    for (let at = 0; at < 300; at++) history.take(ROUTER, at * 1000);
    expect(history.bitsSent).toHaveLength(120);
  });
});

describe('a sparkline', () => {
  test('has a bar for each value, the highest for the largest', () => {
    expect(sparkline([0, 1, 4, 8], 10)).toBe('▁▂▅█');
  });

  test('shows the last values that fit', () => {
    expect(sparkline([8, 0, 0, 1], 2)).toBe('▁█');
    expect(sparkline([1, 2], 0)).toBe('');
    expect(sparkline([1, 2], -5)).toBe('');
    expect(sparkline([], 5)).toBe('');
  });

  test('is flat while there is nothing, and shows every value that is not', () => {
    expect(sparkline([0, 0], 5)).toBe('▁▁');
    expect(sparkline([1, 1e9], 5)).toBe('▂█');
  });
});
