import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { COMMAND, requireBuild, run } from '@6bed4/testing/command';
import { runsWith } from '@6bed4/testing/kernel/requirements';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { writeFiles } from '../../src/fleet/writeFiles.js';
import { ALL, filesOf, NATIVE, NEEDED } from './support.js';

const BIRD = 'etc/bird/bird.conf';
const HEALTH = 'etc/systemd/system/6bed4-health.service';
const ADDRESS = 'etc/systemd/system/6bed4-anycast.service';
const VARIANTS: readonly (readonly [name: string, words: readonly string[]])[] = [
  ['one upstream', NEEDED],
  ['no BFD', [...NEEDED, '--no-bfd']],
  ['a native prefix', [...NEEDED, ...NATIVE]],
  ['a native prefix and default routes', [...NEEDED, ...NATIVE, '--default-route']],
  ['everything', ALL],
];

let folder: string;
beforeAll(requireBuild);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), '6bed4-fleet-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function written(words: readonly string[]): readonly string[] {
  const files = Object.entries(filesOf(words)).map(([path, text]) => ({ path, text }));
  writeFiles(folder, files, false);
  return files.map(({ path }) => path);
}

function told(program: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd: folder });
  return { status, told: `${stdout}${stderr}` };
}

describe.each(VARIANTS)('with %s', (_, words) => {
  // Without the Debian package bird2; .ci/run installs it.
  test.runIf(runsWith('bird'))('the configurations are right for BIRD', () => {
    const configurations = written(words).filter((path) => path.endsWith('bird.conf'));
    expect(configurations.length).toBeGreaterThan(1);
    for (const path of configurations) {
      expect(told('bird', '-p', '-c', join(folder, path))).toEqual({ status: 0, told: '' });
    }
  });

  // Without the Debian package systemd; .ci/run installs it.
  test.runIf(runsWith('systemd-analyze'))('the units are right for systemd', () => {
    const units = written(words).filter((path) => path.endsWith('.service'));
    expect(units).toHaveLength(2);
    for (const path of units) {
      const text = readFileSync(join(folder, path), 'utf8').replaceAll('/usr/bin/6bed4', COMMAND);
      // The units that it is ordered after are not installed here.
      writeFileSync(join(folder, path), text.replace(/^(?:After|Wants)=.*\n/gm, ''));
      const verified = told('systemd-analyze', 'verify', '--man=no', join(folder, path));
      expect(verified).toEqual({ status: 0, told: '' });
    }
  });

  test('the README names every file', () => {
    const { 'README.md': readme, ...files } = filesOf(words);
    for (const path of Object.keys(files)) expect(readme).toContain(`| \`${path}\` | `);
  });
});

test.each([
  ['little', NEEDED],
  ['everything', ALL],
])('the router takes a configuration with %s', async (_, words) => {
  written(words);
  expect(await run('check-config', join(folder, 'etc/6bed4/fleet.toml'))).toMatchObject({
    code: 0,
    stderr: '',
  });
});

describe('BIRD', () => {
  test('takes and announces these prefixes alone, on every way', () => {
    const text = filesOf(ALL)[BIRD]!;
    expect(text).toContain('net ~ [ 192.0.2.0/24 ] then accept;\n  reject;');
    expect(text).toContain('net ~ [ 2001:db8:b::/48 ] then accept;\n  reject;');
    const ways = text.match(/\b(?:import|export) [^;]*;/g)!;
    expect(new Set(ways)).toEqual(
      new Set([
        ...['import none;', 'export none;'],
        ...[4, 6].flatMap((version) => [
          `import filter only_announced${version};`,
          `export filter only_announced${version};`,
        ]),
        ...['0.0.0.0/0', '::/0'].flatMap((net) => [
          `import where net = ${net};`,
          `export where source = RTS_BGP && net = ${net};`,
        ]),
      ]),
    );
  });

  test('takes nothing from upstreams unless default routes are wanted', () => {
    const text = filesOf([...NEEDED, ...NATIVE])[BIRD]!;
    expect(text.match(/\bimport [^;]*;/g)).not.toContainEqual(expect.stringContaining('net ='));
    expect(text).not.toContain('RTS_BGP');
  });

  test('has the timers and the protection that were asked for', () => {
    const text = filesOf(ALL)[BIRD]!;
    expect(text.match(/hold time 30;/g)).toHaveLength(4);
    expect(text.match(/ttl security on;/g)).toHaveLength(4);
    expect(text.match(/bfd on;/g)).toHaveLength(4);
    const plain = filesOf([...NEEDED, '--no-bfd'])[BIRD]!;
    expect(plain).not.toMatch(/bfd|ttl security/);
    expect(plain).toContain('hold time 9;');
  });
});

describe('the units', () => {
  test('announce what BIRD announces, and withdraw it however the watch ends', () => {
    const text = filesOf([...NEEDED, ...NATIVE])[HEALTH]!;
    expect(text).toContain(' health fleet --source 198.51.100.11 --watch ');
    for (const [version, prefix] of [
      [4, '192.0.2.1/32'],
      [6, '2001:db8:b::/64'],
    ] as const) {
      expect(text).toContain(
        `ip -${version} route replace unreachable ${prefix} table 6464 proto 64`,
      );
      expect(text).toContain(`\nExecStopPost=ip -${version} route flush table all proto 64\n`);
    }
    expect(filesOf(NEEDED)[HEALTH]).not.toContain('ip -6');
    expect(text).toMatch(/^Type=notify$.*^WatchdogSec=10$/ms);
  });

  test('refuse what is announced and is nowhere, so that it does not go round', () => {
    expect(filesOf(NEEDED)[ADDRESS]).not.toContain('unreachable');
    const text = filesOf(ALL)[ADDRESS]!;
    expect(text).toContain(
      'ExecStart=ip -4 route replace unreachable 192.0.2.0/24 metric 4294967295',
    );
    expect(text).toContain(
      'ExecStop=ip -6 route delete unreachable 2001:db8:b::/48 metric 4294967295',
    );
  });
});

describe('the command', () => {
  const words = ['fleet', 'init', ...NEEDED] as const;

  test('writes the files, and never over others unless it is told to', async () => {
    const outcome = await run(...words, '--output', folder);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    const path = join(folder, BIRD);
    expect(outcome.stdout).toContain(`written  ${path}\n`);
    writeFileSync(path, 'mine');
    const refused = await run(...words, '--output', folder);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(
      /^6bed4 fleet init: \S+ is there already: --force writes over it\n$/,
    );
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect((await run(...words, '--output', folder, '--force')).code).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe(filesOf(NEEDED)[BIRD]);
  });

  test('replaces a link and not what it leads to', async () => {
    const [first] = written(NEEDED);
    const [path, other] = [join(folder, first!), join(folder, 'other')];
    rmSync(path);
    symlinkSync(other, path);
    expect((await run(...words, '--output', folder)).code).toBe(2);
    expect((await run(...words, '--output', folder, '--force')).code).toBe(0);
    expect(existsSync(other)).toBe(false);
  });

  test('says what it cannot write', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { code, stderr } = await run(...words, '--output', join(folder, 'file', 'below'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^6bed4 fleet init: cannot write \S+: ENOTDIR\n$/);
  });

  test('prints everything instead, and then writes nothing', async () => {
    const json = await run(...words, '--json');
    expect(JSON.parse(json.stdout)).toEqual({ files: filesOf(NEEDED), notes: expect.any(Array) });
    const dry = await run(...words, '--dry-run');
    expect(dry.stdout).toContain(`==> ${BIRD} <==\n${filesOf(NEEDED)[BIRD]}`);
    for (const option of ['--force', '--output=x']) {
      const { code, stderr } = await run(...words, '--json', option);
      expect(code).toBe(2);
      expect(stderr).toMatch(/has no effect with --json: nothing is written/);
    }
    expect(existsSync(dirname(join(folder, BIRD)))).toBe(false);
  });
});
