import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportsOf } from '../reports.mjs';

const TYPES = 'interface Hidden { a: number }\ndeclare function f(): Hidden;\nexport { f };\n';
let folder: string;
let original: string;

function report(types: string): string {
  writeFileSync(join(folder, 'index.d.cts'), types);
  const reports = reportsOf(folder);
  expect([...reports.keys()]).toEqual([join(folder, 'api', 'index.api.md')]);
  return [...reports.values()][0]!;
}

// Each report takes a run of the compiler.
describe('the report of public types', { timeout: 120_000 }, () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-report-'));
    const types = { require: { types: './index.d.cts' }, import: { types: './index.d.mts' } };
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'a', version: '1.0.0', exports: { '.': types } }),
    );
    original = report(TYPES);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('shows what is exported, and what that refers to', () => {
    expect(original).toContain('function f(): Hidden;');
    expect(original).toContain('interface Hidden');
  });

  test('is the same for the same types in another order', () => {
    const [hidden, f, end] = TYPES.split('\n');
    expect(report([f, hidden, end].join('\n'))).toBe(original);
  });

  test('differs when a type becomes another', () => {
    expect(report(TYPES.replace('number', 'string'))).not.toBe(original);
  });

  test('is refused for types that do not compile', () => {
    expect(() => report('export declare const a: Missing;\n')).toThrow('Missing');
  });
});
