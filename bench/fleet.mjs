/*
 * npm run bench:fleet: what failures of routers cost, as the kernel test of a fleet measures it; see
 * docs/guides/run-a-fleet.md. --measure runs the test and keeps its figures, --write writes table and chart into the page.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chart } from './fleet/chart.mjs';
import { BEGIN, END, failureTable } from './fleet/page.mjs';

const PACKAGE = fileURLToPath(new URL('../packages/cli', import.meta.url));
const MEASURED = new URL('fleet/measured.json', import.meta.url);
const PAGE = new URL('../docs/guides/run-a-fleet.md', import.meta.url);
const CHART = new URL('../docs/guides/fleet-failures.svg', import.meta.url);

const { values } = parseArgs({
  options: { measure: { type: 'boolean' }, write: { type: 'boolean' } },
});
if (values.measure) {
  const load = Number(loadavg()[0].toFixed(1));
  writeFileSync(
    MEASURED,
    `${JSON.stringify({ ...machine(), load, events: measure() }, null, 2)}\n`,
  );
  console.log(`wrote ${MEASURED.pathname}`);
}
const measured = JSON.parse(readFileSync(MEASURED, 'utf8'));
const table = failureTable(measured);
if (values.write) {
  const text = readFileSync(PAGE, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`bench:fleet: ${PAGE.pathname} has no place for it`);
  writeFileSync(PAGE, `${text.slice(0, begin)}${table}${text.slice(end + END.length)}`);
  writeFileSync(CHART, chart(measured));
  console.log(`wrote ${PAGE.pathname} and ${CHART.pathname}`);
} else {
  console.log(table);
}

function machine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${cpus().length} × ${cpus()[0].model.trim()}`,
    kernel: `Linux ${release()}`,
    node: process.version,
  };
}

function measure() {
  const folder = mkdtempSync(join(tmpdir(), '6bed4-fleet-'));
  const report = join(folder, 'report.json');
  try {
    const config = ['--config', 'vitest.timed.config.ts', 'test/kernel/fleet.test.ts'];
    // A second attempt of an event would be another event in the chart.
    const { status } = spawnSync('npx', ['vitest', 'run', '--retry', '0', ...config], {
      cwd: PACKAGE,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, SIXBED4_REQUIRE_KERNEL: '1', FLEET_REPORT: report },
    });
    if (status !== 0) throw new Error('bench:fleet: the test failed');
    return JSON.parse(readFileSync(report, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
