import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ASSUMPTIONS, cellOf, measuredFigures, valuesOf } from '../../bench/capacity/figures.mjs';
import { demand, machinesFor, throughput, total } from '../../bench/capacity/model.mjs';
import { capacityTables, numberText } from '../../bench/capacity/page.mjs';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const FIGURES = valuesOf(measuredFigures(), ASSUMPTIONS);

describe('the page about capacity', () => {
  test('has the tables that follow from the figures', () => {
    expect(read('capacity.md')).toContain(capacityTables());
  });

  test('reads what was measured from where it stands', () => {
    const page = read('performance.md');
    const heading = '## Router: flood of single frames';
    const cell = cellOf(page, heading, 8);
    expect(measuredFigures(page).mixed.value).toBe(cell);
    const other = page.replaceAll(`${cell.toFixed(2)} (`, '9.99 (');
    expect(measuredFigures(other).mixed.value).toBe(9.99);
    expect(capacityTables(measuredFigures(other))).not.toBe(capacityTables());
    expect(() => cellOf(page, '## Nothing', 8)).toThrow('no 6bed4, Linux driver');
    expect(() => cellOf(page, heading, 9)).toThrow('no 6bed4, Linux driver');
  });
});

describe('the model', () => {
  test('counts packets of peers, and the cores that they take', () => {
    const flows = demand({ ...FIGURES, mixed: 2, solicitation: 3, refresh: 100 }, 1e6);
    expect(flows.refreshing).toMatchObject({ rate: 10_000, cores: 0.06 });
    expect(flows.calls.rate).toBe(
      1e6 * FIGURES['active'] * FIGURES['relayed'] * FIGURES['callRate'],
    );
    const sum = total(flows);
    expect(sum.cores).toBeCloseTo(Object.values(flows).reduce((all, one) => all + one.cores, 0));
    const twice = total(demand({ ...FIGURES, mixed: 4, solicitation: 3, refresh: 100 }, 1e6));
    expect(twice.cores / sum.cores).toBeCloseTo(2);
    expect(twice.rate).toBe(sum.rate);
  });

  test('is limited by cores or by the network, whichever is less', () => {
    const wide = throughput({ ...FIGURES, network: 1000 }, 10);
    expect(wide.small).toMatchObject({ limit: 'cores' });
    expect(wide.small.rate).toBeCloseTo((10 * FIGURES['scaling'] * 1e6) / FIGURES['mixed']);
    const narrow = throughput({ ...FIGURES, network: 1 }, 10, 3);
    expect(narrow.large.limit).toBe('network');
    expect(narrow.large.gigabits).toBeCloseTo(3);
  });

  test('counts machines for cores and for the network, and one more', () => {
    const figures = { ...FIGURES, cores: 10, scaling: 1, load: 0.5, network: 10, spare: 1 };
    expect(machinesFor(figures, { cores: 0.1, gigabits: 0.1 })).toBe(2);
    expect(machinesFor(figures, { cores: 51, gigabits: 0.1 })).toBe(12);
    expect(machinesFor(figures, { cores: 0.1, gigabits: 51 })).toBe(12);
  });

  test('writes numbers with three digits', () => {
    expect([0, 0.041_25, 1.166, 12.3, 472_000, 6_250_000].map(numberText)).toEqual([
      ...['0', '0.0413', '1.17', '12.3', '472,000', '6,250,000'],
    ]);
  });
});
