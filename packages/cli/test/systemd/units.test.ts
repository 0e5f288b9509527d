import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMAND, requireBuild, run } from '@6bed4/testing/command';
import { runsWith } from '@6bed4/testing/kernel/requirements';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const UNITS = fileURLToPath(new URL('../../systemd', import.meta.url));
const INSTALLED = '/usr/bin/6bed4';
const NAMES = readdirSync(UNITS);
/** Exposure of a service by systemd-analyze, from 0 to 10. */
const MOST_EXPOSED = { interface: 2.5, none: 1.5 };

/** The settings of a unit in their order; a name may come more than once. */
function settingsOf(name: string): [string, string][] {
  const lines = readFileSync(join(UNITS, name), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    return key === undefined ? [] : [[key, value!] as [string, string]];
  });
}

const settingOf = (name: string, key: string): string | undefined =>
  settingsOf(name).find(([each]) => each === key)?.[1];

const commandOf = (name: string): string => settingOf(name, 'ExecStart')!.split(' ')[1]!;
const hasInterface = (name: string): boolean => ['peer', 'router'].includes(commandOf(name));

beforeAll(requireBuild);

test('there is a unit for each command that runs', () => {
  expect(NAMES.map(commandOf).sort()).toEqual(['gateway', 'peer', 'proxy', 'router', 'serve']);
});

describe.each(NAMES)('%s', (name) => {
  const folder = mkdtempSync(join(tmpdir(), '6bed4-units-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('starts a command with options that it has', async () => {
    const [program, command, ...options] = settingOf(name, 'ExecStart')!.split(' ');
    expect(program).toBe(INSTALLED);
    const { stdout } = await run(command!, '--help');
    for (const option of options.filter((word) => word.startsWith('--'))) {
      expect(stdout).toContain(`  ${option} `);
    }
  });

  test('gives CAP_NET_ADMIN to those that have an interface, and nothing to others', () => {
    const expected = hasInterface(name) ? 'CAP_NET_ADMIN' : '';
    expect(settingOf(name, 'AmbientCapabilities')).toBe(expected);
    expect(settingOf(name, 'CapabilityBoundingSet')).toBe(expected);
    expect(settingOf(name, 'DynamicUser')).toBe('yes');
  });

  test('is told by the daemon what it waits for, and reloads by the signal for that', () => {
    expect(settingOf(name, 'Type')).toBe('notify');
    expect(Number(settingOf(name, 'WatchdogSec'))).toBeGreaterThan(4);
    expect(settingOf(name, 'ExecReload')).toBe('/bin/kill -HUP $MAINPID');
  });

  // Without the Debian package systemd; .ci/run installs it.
  test.runIf(runsWith('systemd-analyze'))(
    'is without fault for systemd, and exposes little',
    () => {
      const path = join(folder, name);
      const text = readFileSync(join(UNITS, name), 'utf8');
      writeFileSync(path, text.replaceAll(INSTALLED, COMMAND));
      const verified = spawnSync('systemd-analyze', ['verify', '--man=no', path], {
        encoding: 'utf8',
      });
      expect({ status: verified.status, told: verified.stderr }).toEqual({ status: 0, told: '' });
      const args = ['security', '--offline=true', '--no-pager', path];
      const { stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
      const [, exposure] = /Overall exposure level for \S+: ([0-9.]+)/.exec(stdout)!;
      const most = hasInterface(name) ? MOST_EXPOSED.interface : MOST_EXPOSED.none;
      expect(Number(exposure)).toBeLessThanOrEqual(most);
    },
  );
});
