import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMAND, type RunningProgram, requireBuild, runIn, startIn } from '@6bed4/testing/command';
import { freePort } from '@6bed4/testing/sockets';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

const LOOPBACK = ['--listen', '127.0.0.1', '--no-tun'];
const IS_ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;

beforeAll(requireBuild);

// Windows has neither the signals nor the sockets.
describe.runIf(process.platform !== 'win32')('6bed4 status', () => {
  const programs: RunningProgram[] = [];
  let folder: string;
  let port: number;
  /** Environment in which users other than root have their sockets in `folder`. */
  let env: NodeJS.ProcessEnv;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), '6bed4-status-'));
    env = { XDG_RUNTIME_DIR: folder };
    port = await freePort();
  });

  afterEach(async () => {
    await Promise.all(programs.splice(0).map((program) => program.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  const socket = (name: string): string => join(folder, `${name}.sock`);
  const status = (...args: readonly string[]) => runIn(env, 'status', ...args);

  async function launch(...args: readonly string[]): Promise<RunningProgram> {
    const program = startIn(env, ...args);
    programs.push(program);
    await program.waitForLine(/ready/);
    return program;
  }

  const launchRouter = (...args: readonly string[]) =>
    launch('router', ...LOOPBACK, '--port', String(port), ...args);
  const launchPeer = (...args: readonly string[]) =>
    launch('peer', '--router', `127.0.0.1:${port}`, ...LOOPBACK, ...args);

  test('says so when a daemon of another version answers otherwise', async () => {
    const server = createServer((connection) => {
      connection.end(JSON.stringify({ role: 'peer', version: '99.0.0' }));
    });
    await new Promise<void>((resolve) => {
      server.listen(socket('other'), resolve);
    });
    const { code, stdout, stderr } = await status(socket('other'));
    server.close();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('cannot show the status of version 99.0.0; use --json');
  });

  test('prints addresses, routers and counters of a peer as JSON with --json', async () => {
    await launchRouter('--no-control', '--route', '2001:db8::/32');
    const { pid } = await launchPeer('--control', socket('peer'));
    const { code, stdout, stderr } = await status('--json', socket('peer'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      role: 'peer',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      pid,
      uptime: expect.any(Number),
      interface: null,
      inbound: null,
      tun: null,
      endpoint: { address: '127.0.0.1', port: expect.any(Number) },
      driver: expect.objectContaining({ name: expect.stringMatching(/^(linux|portable)$/) }),
      address: expect.stringMatching(/^fc64:bed:7f00:1:7c00:1:/),
      routers: [
        {
          router: { address: '127.0.0.1', port },
          state: 'leased',
          address: expect.stringMatching(/^fc64:bed:7f00:1:7c00:1:/),
          prefix: expect.stringMatching(/^fc64:bed:7f00:1:7c00:1:.*\/114$/),
          publicEndpoint: { address: '127.0.0.1', port: expect.any(Number) },
          routes: ['2001:db8::/32'],
          attempts: 0,
          advertisedAgo: expect.any(Number),
          temporary: false,
        },
      ],
      lookups: [],
      gateway: null,
      remotes: [],
      inboundPaths: { direct: 0, lan: 0, relayed: 0 },
      // None is needed without an interface; other systems have none such.
      capabilities: process.platform === 'linux' ? [] : null,
      logLinesLost: 0,
      counters: expect.objectContaining({ datagramsReceived: 1, datagramsSent: 1, drops: {} }),
    });
  });

  test('prints the state of a router as text', async () => {
    const { pid } = await launchRouter('--control', socket('router'));
    const { code, stdout } = await status(socket('router'));
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toMatch(
      new RegExp(
        `^${socket('router')} {2}router, version \\S+, process ${pid}, running for \\d s$`,
      ),
    );
    expect(stdout).toMatch(/^ {2}driver {6}(linux|portable)/m);
    expect(stdout).toMatch(new RegExp(`^ {2}socket {6}127\\.0\\.0\\.1:${port}$`, 'm'));
    expect(stdout).toMatch(/^ {2}prefix {6}fc64:bed:7f00:1::\/64$/m);
    expect(stdout).toMatch(/^ {2}datagrams {3}received 0 \(0 B\), sent 0 \(0 B\)$/m);
    expect(stdout).toMatch(/^ {2}dropped {5}none$/m);
  });

  test('prints the state of a peer as text, with a line for each router', async () => {
    await launchRouter('--no-control');
    await launchPeer('--control', socket('peer'));
    const { stdout } = await status(socket('peer'));
    expect(stdout).toMatch(/^ {2}router +state +prefix +public +answered +routes$/m);
    expect(stdout).toMatch(
      new RegExp(
        `^ {2}127\\.0\\.0\\.1:${port} +leased +fc64:\\S+/114 +127\\.\\S+ +\\d s ago$`,
        'm',
      ),
    );
    expect(stdout).toMatch(/^ {2}remotes {5}none$/m);
  });

  test('finds daemons by name in the folder of the user', async () => {
    const router = await launchRouter();
    const peer = await launchPeer();
    const all = await status('--json');
    const found = all.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(found.map(({ pid }) => pid)).toEqual(expect.arrayContaining([router.pid, peer.pid]));
    const one = await status('--json', `router-${router.pid}`);
    expect(JSON.parse(one.stdout)).toMatchObject({ role: 'router', pid: router.pid });
    const text = await status(`peer-${peer.pid}`);
    expect(text.stdout).toMatch(new RegExp(`^peer-${peer.pid} {2}peer, `));
  });

  test('reports that no daemon of a name is running, and where it looked', async () => {
    const { code, stdout, stderr } = await status('no-such-daemon');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^6bed4 status: no router or peer named no-such-daemon is running \(looked in \S.*\)\n$/,
    );
  });

  test('reports that nothing listens at a path', async () => {
    expect(await status(socket('none'))).toEqual({
      code: 1,
      stdout: '',
      stderr: `6bed4 status: nothing is running at ${socket('none')}\n`,
    });
  });

  test('reports that a daemon belongs to another user', async () => {
    await launchRouter('--control', socket('router'));
    // Root requests it as nobody; others, which cannot, lose their own permission.
    if (IS_ROOT) chmodSync(folder, 0o755);
    else chmodSync(socket('router'), 0);
    const { status: code, stderr } = spawnSync(
      process.execPath,
      [COMMAND, 'status', socket('router')],
      { ...(IS_ROOT ? { uid: NOBODY, gid: NOBODY } : {}), encoding: 'utf8', cwd: '/' },
    );
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `6bed4 status: ${socket('router')} belongs to another user; only its owner may ask about it\n`,
    });
  });

  test('finds no daemon that runs with --no-control', async () => {
    const router = await launchRouter('--no-control');
    expect(await status(`router-${router.pid}`)).toMatchObject({ code: 1 });
  });

  test('finds a daemon that replaces a killed one, which leaves its socket, and no socket after the end', async () => {
    const first = await launchRouter('--control', socket('router'));
    await first.stop('SIGKILL');
    expect(existsSync(socket('router'))).toBe(true);
    expect((await status(socket('router'))).stderr).toContain('nothing is running at');
    const second = await launchRouter('--control', socket('router'));
    expect(JSON.parse((await status('--json', socket('router'))).stdout)).toMatchObject({
      pid: second.pid,
    });
    await second.stop('SIGTERM');
    expect(existsSync(socket('router'))).toBe(false);
  });

  test('does not let a daemon start with the socket of another one', async () => {
    const { pid } = await launchRouter('--control', socket('router'));
    const path = socket('router');
    const other = String(await freePort());
    expect(await runIn(env, 'router', ...LOOPBACK, '--port', other, '--control', path)).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        `^6bed4 router: the control socket ${path} is in use by another daemon; a router is running: process ${pid}, for \\d+ s, at 127\\.0\\.0\\.1:${port}\n` +
          `"6bed4 status ${path}" tells more; end it by "kill ${pid}", or give this one another port\n$`,
      ),
    });
  });

  test('names the daemon that has the port which another one wants, and what to do', async () => {
    const { pid } = await launchRouter();
    const { code, stdout, stderr } = await runIn(
      env,
      ...['router', ...LOOPBACK, '--port', String(port)],
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(
        `^6bed4 router: UDP port ${port} of 127\\.0\\.0\\.1 is in use; a router is running: process ${pid}, for \\d+ s, .*\n` +
          `"6bed4 status router-${pid}" tells more; end it by "kill ${pid}", .*\n$`,
      ),
    );
  });
});
