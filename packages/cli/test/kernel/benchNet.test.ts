import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Lab, labNamespaces } from '@6bed4/testing/kernel/lab';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const BENCH = fileURLToPath(new URL('../../../../bench/net/main.mjs', import.meta.url));

/** Timeout in milliseconds: the benchmark starts some twenty programs. */
const TIMEOUT = 90_000;

describeKernel('npm run bench:net', () => {
  vi.setConfig({ testTimeout: TIMEOUT });
  let lab: Lab;
  let bench: RunningProgram | null = null;

  beforeEach(() => {
    lab = new Lab();
  });

  afterEach(async () => {
    if (bench?.running === true) await bench.stop('SIGKILL');
    lab.dispose();
  });

  function start(...options: readonly string[]): RunningProgram {
    const argv = [BENCH, '--quick', '--seconds', '0.2', '--candidate', 'portable', ...options];
    bench = new RunningProgram(process.execPath, argv, 'bench:net');
    return bench;
  }

  const namespacesOf = ({ pid }: RunningProgram) =>
    labNamespaces().filter((one) => one.pid === pid);

  test('measures relaying, paths and footprint of the portable driver, and removes its namespaces', async () => {
    const file = `${lab.folder}/samples.json`;
    const running = start('--json', file, '--docs', lab.folder);
    const ending = await running.ended;
    expect(ending, running.stderr.join('\n')).toEqual({ code: 0, signal: null });
    const samples = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { value: number }[]>;
    for (const metric of [
      'relay portable rate-500/cpu',
      'relay portable flood-500/relayed',
      'relay portable coalesced-500/relayed',
      'path portable direct/roundTrip',
      'path portable direct/tcp',
      'path portable relayed/udp',
      'footprint portable start/peer',
      'footprint portable memory/router',
    ]) {
      expect(samples[metric], metric).toHaveLength(1);
      expect(samples[metric]![0]!.value, metric).toBeGreaterThan(0);
    }
    const document = readFileSync(`${lab.folder}/performance.md`, 'utf8');
    expect(document).toMatch(/^## Peer to router to peer$.*^\| 6bed4, portable driver \|/ms);
    expect(document).toContain('(performance.svg)');
    const chart = readFileSync(`${lab.folder}/performance.svg`, 'utf8');
    expect(chart).toMatch(/^<svg .*<rect class="ours" .*<\/svg>\n$/s);
    expect(namespacesOf(running)).toEqual([]);
  });

  test('removes its namespaces when it is interrupted', async () => {
    const running = start('--measure', 'relay');
    await expect.poll(() => namespacesOf(running).length, { timeout: 5_000 }).toBe(5);
    expect(await running.stop('SIGINT')).toEqual({ code: null, signal: 'SIGINT' });
    expect(namespacesOf(running)).toEqual([]);
  });
});
