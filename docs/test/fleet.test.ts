import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CHART, fleetChart, fleetText, measuredFleet } from '../../bench/fleet/page.mjs';

const read = (name: string): string =>
  readFileSync(new URL(`../guides/${name}`, import.meta.url), 'utf8');

describe('what failures of a fleet cost', () => {
  test('stands in the guide as it was measured', () => {
    expect(read('run-a-fleet.md')).toContain(fleetText());
    expect(read(CHART)).toBe(fleetChart());
  });

  test('is nothing where the guide says so', () => {
    const free = ['nothing', 'drain', 'resume', 'upgrade'];
    for (const costs of measuredFleet().rounds) {
      for (const { event, relayed, direct, pings } of costs) {
        const isFree = free.includes(event);
        expect(isFree ? relayed.lost + pings : 0, event).toBe(0);
        expect(direct.lost, event).toBe(0);
      }
    }
  });

  test('is shown as medians, with the extremes', () => {
    const flows = (most: number) => ({ flows: 2, hit: 1, lost: most, most, pause: 20 * most });
    const round = (most: number) => [
      { event: 'fire', relayed: flows(most), direct: flows(0), pings: 0 },
    ];
    const measured = {
      ...{ date: '2026-01-02', machine: 'a machine', bird: 'a bird', load: 0.5, calls: 1 },
      rounds: [1, 9, 4].map(round),
    };
    expect(fleetText(measured)).toMatch(
      /\| fire +\| +1 \| +4 \(1–9\) \| +80 \(20–180\) \| +0 \| +0 \|/,
    );
    expect(fleetChart(measured)).toContain('>80 ms<');
  });
});
