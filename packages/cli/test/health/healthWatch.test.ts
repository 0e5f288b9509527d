import { describe, expect, test } from 'vitest';
import {
  exitCodeOf,
  failed,
  type HealthReport,
  passed,
  skipped,
} from '../../src/health/healthCheck.js';
import { type Announcement, HealthWatch } from '../../src/health/healthWatch.js';

const GOOD: HealthReport = { checks: [passed('daemon', '')], path: null, isFinal: false };
const BAD: HealthReport = { checks: [failed('self-test', 'lost')], path: null, isFinal: false };
const GONE: HealthReport = { checks: [failed('daemon', 'gone')], path: null, isFinal: true };

/** What a watch announces for these reports, one after the other; `!` after an attempt that fails. */
async function announcements(
  reports: readonly HealthReport[],
  { failures = 0, ends = false } = {},
): Promise<string[]> {
  const told: string[] = [];
  let left = failures;
  const rest = [...reports];
  const watch = new HealthWatch({
    rise: 2,
    fall: 3,
    check: async () => rest.shift()!,
    announce: async (announcement: Announcement) => {
      const works = left-- <= 0;
      told.push(`${announcement}${works ? '' : '!'}`);
      return works ? null : 'exit code 1';
    },
    onAnnounced: () => {},
    onProblem: () => {},
  });
  for (const _ of reports) {
    await watch.check();
    told.push('.');
  }
  if (ends) await watch.end();
  return told.join('').split('.');
}

describe('a watch of health', () => {
  test('is up after successes in a row, and down after failures in a row', async () => {
    const reports = [GOOD, GOOD, BAD, BAD, GOOD, BAD, BAD, BAD, BAD, GOOD, BAD, GOOD, GOOD];
    const expected = ['', 'up', '', '', '', '', '', 'down', '', '', '', '', 'up', ''];
    expect(await announcements(reports)).toEqual(expected);
  });

  test('is down at the first failure of all, and at one that is certain', async () => {
    expect(await announcements([BAD, GOOD, GOOD, GONE, GOOD])).toEqual([
      'down',
      '',
      'up',
      'down',
      '',
      '',
    ]);
  });

  test('announces again what could not be announced, with the next check', async () => {
    expect(await announcements([GONE, GONE, GONE, GONE], { failures: 2 })).toEqual([
      'down!',
      'down!',
      'down',
      '',
      '',
    ]);
  });

  test('is down when it ends, unless it is already', async () => {
    expect(await announcements([GOOD, GOOD], { ends: true })).toEqual(['', 'up', 'down']);
    expect(await announcements([GOOD], { ends: true })).toEqual(['', 'down']);
    expect(await announcements([GONE], { ends: true })).toEqual(['down', '']);
  });
});

test('the exit code is that of the first check that failed', () => {
  const checks = [
    passed('daemon', ''),
    skipped('forwarding', ''),
    failed('self-test', ''),
    failed('draining', ''),
  ];
  expect(exitCodeOf({ checks, path: null, isFinal: false })).toBe(15);
  expect(exitCodeOf(GOOD)).toBe(0);
});
