import { readFileSync } from 'node:fs';
import type { CommandName, RunningProgram } from '@6bed4/testing/command';
import { requireBuild, startCommand } from '@6bed4/testing/command';
import { freePort } from '@6bed4/testing/sockets';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';

beforeAll(requireBuild);

// Windows has no signals: there a daemon is ended by force.
describe.runIf(process.platform !== 'win32')('the commands of the C implementation', () => {
  const programs: RunningProgram[] = [];

  function launch(name: CommandName, ...args: readonly string[]): RunningProgram {
    const program = startCommand(name, ...args);
    programs.push(program);
    return program;
  }

  async function launchRouter(): Promise<[RunningProgram, string]> {
    const port = String(await freePort());
    const router = launch('6bed4router', '-l', '127.0.0.1', '--port', port, '--no-tun');
    await router.waitForLine(/^ready/);
    return [router, `127.0.0.1:${port}`];
  }

  afterEach(async () => {
    await Promise.all(programs.splice(0).map((program) => program.stop('SIGKILL')));
  });

  test('have their names for netstat, ps and pgrep', async () => {
    const [router, endpoint] = await launchRouter();
    const peer = launch('6bed4peer', '-fes', endpoint, '-l', '127.0.0.1', '--no-tun');
    await peer.waitForLine(/^ready/);
    if (process.platform !== 'linux') return;
    const read = (file: string): string => readFileSync(`/proc/${file}`, 'utf8');
    expect(read(`${peer.pid}/comm`)).toBe('6bed4peer\n');
    expect(read(`${peer.pid}/cmdline`)).toContain(`6bed4peer -fes ${endpoint} -l 127.0.0.1`);
    expect(read(`${router.pid}/comm`)).toBe('6bed4router\n');
  });

  test('log a peer on standard error by -e, and a router on standard output', async () => {
    const [router, endpoint] = await launchRouter();
    const peer = launch('6bed4peer', '-fes', endpoint, '-l', '127.0.0.1', '--no-tun');
    await peer.waitForLine(/^ready/);
    expect(await peer.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await router.stop('SIGINT')).toEqual({ code: 0, signal: null });
    expect(peer.stdout).toEqual([]);
    expect(peer.stderr).toEqual(
      expect.arrayContaining([expect.stringMatching(/^ready {2}peer fc64:/)]),
    );
    expect(router.stdout).toEqual([expect.stringMatching(/^ready {2}router fc64:/)]);
    expect(router.stderr).toEqual([]);
  });

  test('end cleanly by SIGHUP, as their manual pages say, unless they have a configuration to read', async () => {
    const [router, endpoint] = await launchRouter();
    const peer = launch('6bed4peer', '-fes', endpoint, '-l', '127.0.0.1', '--no-tun');
    await peer.waitForLine(/^ready/);
    expect(await peer.stop('SIGHUP')).toEqual({ code: 0, signal: null });
    expect(peer.stderr.at(-1)).toContain('address released');
    expect(await router.stop('SIGHUP')).toEqual({ code: 0, signal: null });
  });

  test('stay in the foreground, and a peer says so unless it is told to', async () => {
    const [, endpoint] = await launchRouter();
    const words = ['-es', endpoint, '-l', '127.0.0.1', '--no-tun'];
    const told = launch('6bed4peer', '-f', ...words);
    const other = launch('6bed4peer', ...words);
    await Promise.all([told.waitForLine(/^ready/), other.waitForLine(/^ready/)]);
    expect([told.running, other.running]).toEqual([true, true]);
    const notice = /^6bed4peer: this process stays in the foreground/;
    expect(other.stderr[0]).toMatch(notice);
    expect(told.stderr.filter((line) => notice.test(line))).toEqual([]);
  });

  test.each<[CommandName, string, string]>([
    ['6bed4peer', '-fs 192.0.2.300', '-s: found "192.0.2.300", expected an IPv4 address'],
    ['6bed4peer', '-fk 1,2,3', '-k: found "1,2,3", expected S or S,TTL with S from 0'],
    ['6bed4peer', '--radius=256 -f', '--radius: found "256", expected an integer from 0 to 255'],
    ['6bed4peer', '-f -l x', '-l: found "x", expected an IPv4 address'],
    ['6bed4peer', '-fp 65536', '-p: found "65536", expected an integer from 1 to 65535'],
    ['6bed4peer', '-fu', '-u: is not supported, as in the C commands'],
    ['6bed4peer', '-f 192.0.2.1', 'too many arguments'],
    ['6bed4peer', '-fq', "unknown option '-q' (see 6bed4peer --help)"],
    ['6bed4peer', '-f --colour', "unknown option '--colour'"],
    ['6bed4router', '', 'missing -l: give the public IPv4 address of this router'],
    ['6bed4router', '-l x', '-l: found "x", expected an IPv4 address'],
    ['6bed4router', '-l x -x 3000', '-l: found "x", expected an IPv4 address'],
    ['6bed4router', '-l 192.0.2.1 -x 0', '-x: found "0", expected an integer from 1 to 65535'],
    ['6bed4router', '-l 192.0.2.1 -n xyz', '-n: found "xyz", expected hexadecimal digits'],
    ['6bed4router', '-l 192.0.2.1 -L fc64::/20', '-L: found fc64::/20, expected a length of'],
    ['6bed4router', '-l 192.0.2.1 -R x', '-R: found "x", expected'],
    [
      '6bed4router',
      '-l 192.0.2.1 -n 64 -L 2001:db8:9:10::/64',
      '-n: the prefix 2001:db8:9:10::/64 is completed without it',
    ],
  ])('%s %s is answered with one line and code 2', async (name, line, message) => {
    const { code, stdout, stderr } = await launch(
      name,
      ...line.split(' ').filter(Boolean),
    ).outcome();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`${name}: ${message}`);
  });

  test.each<CommandName>(['6bed4peer', '6bed4router'])('%s shows its help', async (name) => {
    for (const option of ['-h', '--help']) {
      const { code, stdout, stderr } = await launch(name, option).outcome();
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^Usage: ${name} `));
    }
  });
});
