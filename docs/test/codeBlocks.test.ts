import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runCommands } from './support/commands.js';
import { type Plan, planPage } from './support/plan.js';
import { runProgram } from './support/program.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function pagesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => join(ROOT, folder, entry.name));
}

function foldersIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name));
}

const GUIDES = ['docs', join('docs', 'guides'), 'site'];
const pages = ['.', ...GUIDES, ...foldersIn('packages'), ...foldersIn('examples')]
  .flatMap(pagesIn)
  .sort();

/** Runs a plan. @returns the failure, or null */
async function carryOut(page: string, plan: Plan): Promise<string | null> {
  switch (plan.kind) {
    case 'program':
      return runProgram(`${relative(ROOT, page).replaceAll(/\W/g, '-')}-${plan.line}`, plan);
    case 'commands':
      // Commands of guides are for the top folder of a clone, or for any folder.
      return runCommands(
        GUIDES.includes(relative(ROOT, dirname(page))) ? ROOT : dirname(page),
        plan,
      );
    case 'json':
      JSON.parse(plan.code);
      return null;
    case 'fault':
      return plan.fault;
    case 'not-run':
      return null;
  }
}

const TITLES: Readonly<Record<Plan['kind'], string>> = {
  program: 'is a program with the output on the page',
  commands: 'holds commands that work',
  json: 'is well-formed',
  fault: 'can be run',
  'not-run': 'is not run',
};

describe.each(pages.map((page) => [relative(ROOT, page).split(sep).join('/'), page]))(
  '%s',
  (_, page) => {
    const plans = planPage(readFileSync(page!, 'utf8'));
    for (const plan of plans) {
      const reason = plan.kind === 'not-run' ? `: ${plan.reason}` : '';
      test(`line ${plan.line} ${TITLES[plan.kind]}${reason}`, async () => {
        expect(await carryOut(page!, plan)).toBeNull();
      });
    }
    if (plans.length === 0) test('has no code', () => undefined);
  },
);
