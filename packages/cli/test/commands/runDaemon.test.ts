import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { parseEcho } from '@6bed4/nd';
import { startPeer } from '@6bed4/node';
import { type RunningProgram, requireBuild, run, start } from '@6bed4/testing/command';
import { pingPacket } from '@6bed4/testing/packets';
import { freePort } from '@6bed4/testing/sockets';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';

beforeAll(requireBuild);

const LOOPBACK = ['--listen', '127.0.0.1', '--no-tun'];

// Windows has no signals: there a daemon is ended by force.
describe.runIf(process.platform !== 'win32')('a daemon without TUN', () => {
  const programs: RunningProgram[] = [];

  function launch(...args: readonly string[]): RunningProgram {
    const program = start(...args);
    programs.push(program);
    return program;
  }

  async function launchRouter(...args: readonly string[]): Promise<[RunningProgram, number]> {
    const port = await freePort();
    const router = launch('router', ...LOOPBACK, '--port', String(port), ...args);
    await router.waitForLine(/ready/);
    return [router, port];
  }

  afterEach(async () => {
    await Promise.all(programs.splice(0).map((program) => program.stop('SIGKILL')));
  });

  test('logs one line when it is ready, and ends cleanly on SIGTERM and SIGINT', async () => {
    const [router, port] = await launchRouter('--route', '2001:db8::/32');
    expect(router.stdout).toEqual([
      expect.stringMatching(
        new RegExp(
          '^ready {2}router fc64:bed:7f00:1:7c00:1:[0-9a-f]+:c000 {2}prefix fc64:bed:7f00:1::/64' +
            ` {2}on 127\\.0\\.0\\.1:${port} {2}routes 2001:db8::/32$`,
        ),
      ),
    ]);
    const peer = launch('peer', '--router', `127.0.0.1:${port}`, ...LOOPBACK);
    expect(await peer.waitForLine(/ready/)).toMatch(
      new RegExp(
        `^ready {2}peer fc64:bed:7f00:1:7c00:1:[0-9a-f]+:c001/114 {2}via 127\\.0\\.0\\.1:${port}` +
          ' {2}public 127\\.0\\.0\\.1:\\d+ {2}routes 2001:db8::/32$',
      ),
    );
    expect(await peer.stop('SIGINT')).toEqual({ code: 0, signal: null });
    expect(await router.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect([...peer.stderr, ...router.stderr]).toEqual([]);
  });

  test('ends cleanly on SIGQUIT, and goes on after SIGHUP without a terminal', async () => {
    const [router] = await launchRouter('--verbose');
    process.kill(router.pid, 'SIGHUP');
    process.kill(router.pid, 'SIGUSR1');
    await router.waitForLine(/^counters {2}datagramsReceived 0/);
    expect(await router.stop('SIGQUIT')).toEqual({ code: 0, signal: null });
    expect(router.stdout.at(-1)).toBe('stopped  signal SIGQUIT');
  });

  test('logs its counters on SIGUSR1, and opens no port of a debugger', async () => {
    const [router] = await launchRouter();
    process.kill(router.pid, 'SIGUSR1');
    await router.waitForLine(/^counters {2}datagramsReceived 0/);
    await router.stop();
    // What the debugger would print.
    expect(router.stderr).toEqual([]);
  });

  test('logs details after SIGUSR2, and no more after the next', async () => {
    const [router] = await launchRouter();
    process.kill(router.pid, 'SIGUSR2');
    await router.waitForLine(/^log level debug$/);
    process.kill(router.pid, 'SIGUSR2');
    await router.waitForLine(/^log level info$/);
    await router.stop();
    expect(router.stdout.at(-1)).toBe('log level info');
  });

  test.runIf(process.platform === 'linux')('has the name of the command', async () => {
    const [router, port] = await launchRouter();
    const read = (file: string): string => readFileSync(`/proc/${router.pid}/${file}`, 'utf8');
    expect(read('comm')).toBe('6bed4\n');
    expect(read('cmdline')).toContain(`6bed4 router --listen 127.0.0.1 --no-tun --port ${port}`);
  });

  test('logs one JSON object a line with --json', async () => {
    const [router, port] = await launchRouter('--json');
    const peer = launch('peer', '--router', `127.0.0.1:${port}`, ...LOOPBACK, '--json');
    expect(JSON.parse(await peer.waitForLine(/ready/))).toMatchObject({
      level: 'info',
      msg: 'ready',
      via: `127.0.0.1:${port}`,
      peer: expect.stringMatching(/^fc64:bed:7f00:1:.*\/114$/),
    });
    await peer.stop();
    for (const line of peer.stdout) JSON.parse(line);
    expect(JSON.parse(router.stdout[0]!)).toMatchObject({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      msg: 'ready',
      on: `127.0.0.1:${port}`,
      tun: null,
    });
  });

  test('answers pings from any peer', async () => {
    const [, port] = await launchRouter();
    const program = launch('peer', '--router', `127.0.0.1:${port}`, ...LOOPBACK);
    const address = /peer (\S+)\/114/.exec(await program.waitForLine(/^ready/))![1]!;
    await using peer = await startPeer({ routers: `127.0.0.1:${port}`, listen: '127.0.0.1' });
    const own = await peer.ready;
    const answer = once(peer, 'packet');
    peer.send(pingPacket({ from: own.address, to: address, sequence: 7 }));
    const [packet] = (await answer) as [Uint8Array];
    expect(parseEcho(packet, 0, packet.length)).toMatchObject({
      ok: true,
      value: { type: 'echo-reply', sequence: 7 },
    });
  });

  test('logs its counters with --verbose', async () => {
    const [router] = await launchRouter('--verbose');
    await router.stop();
    expect(router.stdout.join('\n')).toMatch(/^counters {2}datagramsReceived 0/m);
  });

  test('is told that a port is in use, and exits with code 1', async () => {
    const [, port] = await launchRouter('--no-control');
    expect(await run('router', ...LOOPBACK, '--port', String(port))).toEqual({
      code: 1,
      stdout: '',
      stderr: `6bed4 router: UDP port ${port} of 127.0.0.1 is in use\n`,
    });
  });
});

describe('a daemon that cannot start', () => {
  test('reports which address is not local', async () => {
    expect(await run('router', '--listen', '192.0.2.1', '--no-tun')).toEqual({
      code: 1,
      stdout: '',
      stderr: '6bed4 router: 192.0.2.1 is not an address of this computer\n',
    });
  });

  // Other systems notice only when something is sent.
  test.runIf(process.platform === 'linux')(
    'reports that there is no route to its router',
    async () => {
      // From the loopback address nothing beyond this computer can be reached.
      const outcome = await run('peer', '--router', '192.0.2.1', ...LOOPBACK);
      expect(outcome).toMatchObject({ code: 1, stdout: '' });
      expect(outcome.stderr).toMatch(
        /^6bed4 peer: no route to the router 192\.0\.2\.1:25790 .*\n$/,
      );
    },
  );
});
