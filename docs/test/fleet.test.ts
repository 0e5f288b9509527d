import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { chart } from '../../bench/fleet/chart.mjs';
import { failureTable } from '../../bench/fleet/page.mjs';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const measured = JSON.parse(read('../../bench/fleet/measured.json'));

describe('the guide about fleets', () => {
  test('has the table and the chart of what was measured', () => {
    expect(read('../guides/run-a-fleet.md')).toContain(failureTable(measured));
    expect(read('../guides/fleet-failures.svg')).toBe(chart(measured));
  });

  test('needs figures of every event', () => {
    const events = measured.events.slice(1);
    expect(() => chart({ ...measured, events: events.slice(1) })).toThrow(
      'nothing was measured of drain',
    );
  });
});
