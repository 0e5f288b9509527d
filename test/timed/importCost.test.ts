import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const BUDGET = 0.4;
const PAIRS = 25;
const folder = fileURLToPath(new URL('../../packages/tunnel', import.meta.url));

/** Microseconds that a process computes that runs a program in the folder of the package. */
async function computed(program: string): Promise<number> {
  const print = 'const { user, system } = process.cpuUsage(); console.log(user + system);';
  const args = ['--input-type=module', '--eval', `${program}${print}`];
  return Number((await promisify(execFile)(process.execPath, args, { cwd: folder })).stdout);
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1]!;
}

// Tools that measure this take a browser. Pairs of processes, one of which imports nothing, are told
// apart by the time that they compute, with the start of Node.js in the same pair as the yardstick: both
// have the same share of a clock rate that changes. What other processes take from the caches is not
// the same for both, so that nothing runs beside this.
test(`importing @6bed4/tunnel computes for less than ${BUDGET} of the start of Node.js`, async () => {
  const ratios: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const withImport = await computed(`import '@6bed4/tunnel';`);
    ratios.push(withImport / (await computed('')) - 1);
  }
  expect(median(ratios)).toBeLessThan(BUDGET);
});
