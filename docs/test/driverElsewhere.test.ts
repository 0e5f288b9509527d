import { readFileSync } from 'node:fs';
import { runtimes } from '@6bed4/testing/runtimes';
import { describe, expect, test } from 'vitest';
import { type ProgramPlan, planPage } from './support/plan.js';
import { runProgram } from './support/program.js';

/** With this set, a runtime that is missing is a failure. */
const required = process.env['SIXBED4_REQUIRE_RUNTIMES'] === '1';
const LONGEST_DRIVER = 80;

const page = readFileSync(new URL('../writing-a-driver.md', import.meta.url), 'utf8');
const programs = planPage(page).filter((plan): plan is ProgramPlan => plan.kind === 'program');

describe('the driver of the guide', () => {
  test('fits on a page', () => {
    const lines = programs[0]!.pieces[0]!.code.split('\n');
    expect(lines.filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(LONGEST_DRIVER);
  });

  for (const [name, elsewhere] of runtimes) {
    test.runIf(elsewhere !== null || required)(
      `meets all requirements on ${name}${elsewhere === null ? ` (no ${name}: npm run runtimes)` : ''}`,
      async () => {
        expect(elsewhere, `${name} is required, and missing: npm run runtimes`).not.toBeNull();
        expect(await runProgram(`driver-${name}`, programs.at(-1)!, elsewhere)).toBeNull();
      },
    );
  }
});
