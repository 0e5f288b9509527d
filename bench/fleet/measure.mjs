import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('../../packages/cli', import.meta.url));
const VITEST = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const TEST = ['run', '--config', 'vitest.timed.config.ts', 'test/kernel/fleet.test.ts'];

/** What an event cost the flows that went one way. */
function costOf(flows, way) {
  const all = flows.filter((flow) => flow.way === way);
  return {
    flows: all.length,
    hit: all.filter(({ lost }) => lost > 0).length,
    lost: all.reduce((sum, { lost }) => sum + lost, 0),
    most: Math.max(...all.map(({ lost }) => lost)),
    pause: Math.max(...all.map(({ gap }) => gap)),
  };
}

/** Runs the test of the fleet, which has a network of its own, once. @throws Error when it fails */
function round(calls) {
  const folder = mkdtempSync(join(tmpdir(), '6bed4-bench-fleet-'));
  try {
    const results = join(folder, 'results.json');
    const variables = { SIXBED4_FLEET_CALLS: String(calls), SIXBED4_FLEET_RESULTS: results };
    const env = { ...process.env, ...variables, SIXBED4_REQUIRE_KERNEL: '1' };
    const options = { cwd: PACKAGE, env, stdio: ['ignore', 'inherit', 'inherit'] };
    const { status } = spawnSync(process.execPath, [VITEST, ...TEST], options);
    if (status !== 0) throw new Error('the test of the fleet failed; its figures are not kept');
    return JSON.parse(readFileSync(results, 'utf8')).map(({ event, flows, pings }) => ({
      event,
      relayed: costOf(flows, 'relayed'),
      direct: costOf(flows, 'direct'),
      pings,
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Has routers of a fleet fail in every way, some times.
 *
 * @param rounds - how often, from 1
 * @param calls - calls between each two hosts that have one, from 1
 */
export function measure(rounds, calls) {
  const load = loadavg()[0];
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${availableParallelism()} cores of an ${cpus()[0].model.trim()}, Linux ${release()}, Node.js ${process.version}`,
    bird: spawnSync('bird', ['--version'], { encoding: 'utf8' }).stderr.trim(),
    load: Number(load.toFixed(2)),
    calls,
    rounds: Array.from({ length: rounds }, () => round(calls)),
  };
}
