import { execFileSync } from 'node:child_process';
import {
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeAddress } from '@6bed4/codec';
import { command, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { addressesOf, TUN } from '@6bed4/testing/kernel/interfaces';
import { buildInternet, ROUTER_ADDRESS, ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { countReplies, unanswered } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeDrivers } from '@6bed4/testing/kernel/suites';
import { pingPacket } from '@6bed4/testing/packets';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PeerStatus } from '../../src/control/status.js';

/** All that a peer logs of a start without trouble. */
const STARTED = [expect.stringMatching(/^asking /), expect.stringMatching(/^ready /)];
/** Milliseconds to an end that takes less than a second on a machine that does nothing else. */
const SOON = 2000;
const VICTIM_PORT = 40_000;
const STRANGERS = 150;

/** In place of `test` and `describe`, registers none. */
const none = Object.assign(() => {}, { each: () => () => {} }) as unknown as typeof test &
  typeof describe;

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

describeDrivers('the process of a daemon', (driver) => {
  let lab: Lab;
  let count = 0;
  const spawned: RunningProgram[] = [];

  beforeAll(async () => {
    lab = await buildInternet();
  });

  beforeEach(() => {
    count++;
  });

  // The lab stays; what runs in it does not.
  afterEach(async () => {
    for (const label of ['router', 'peer1']) {
      const { stdout } = await lab.exec(label, ['ip', 'netns', 'pids', lab.nameOf(label)]);
      for (const pid of stdout.trim().split('\n').filter(Boolean)) kill(Number(pid));
    }
    await Promise.all(spawned.splice(0).map(({ ended }) => ended));
  });

  afterAll(() => lab.dispose());

  /** Tests of what both drivers share are there once only. */
  const isFirst = driver === 'auto';
  const once = isFirst ? test : none;
  const describeOnce = isFirst ? describe : none;

  const control = (): string => join(lab.folder, `control-${count}.sock`);

  /** Starts a daemon by a script of the shell, in which `"$@"` is its command line. */
  function spawnBy(script: string, label: string, ...args: readonly string[]): RunningProgram {
    const words = command(...args, '--control', control());
    const daemon = lab.spawn(label, ['sh', '-c', script, 'sh', ...words]);
    spawned.push(daemon);
    return daemon;
  }

  const routerBy = (script: string, ...options: readonly string[]): RunningProgram =>
    spawnBy(script, 'router', 'router', '--listen', ROUTER_IPV4, ...options);

  /** The status of the daemon that was started by {@link spawnBy}, once it answers. */
  async function status(): Promise<PeerStatus> {
    for (let attempt = 0; attempt < 50; attempt++) {
      const words = command('status', '--json', control());
      const { code, stdout } = await lab.exec('router', words, { mayFail: true });
      if (code === 0) return JSON.parse(stdout) as PeerStatus;
      await sleep(100);
    }
    throw new Error('no status');
  }

  async function endsSoon(daemon: RunningProgram): Promise<void> {
    const before = performance.now();
    expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(performance.now() - before).toBeLessThan(SOON);
  }

  const gone = (pid: number): Promise<void> =>
    expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 5000 }).toBe(false);

  /** A pipe that is full, and that nobody reads. */
  function fullPipe(): string {
    const path = join(lab.folder, `pipe-${count}`);
    execFileSync('mkfifo', [path]);
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      for (;;) writeSync(fd, ' ');
    } catch {
      return path;
    }
  }

  test.each([[[]], [['--json']]])(
    'does not wait for the reader of its log, with %j',
    async (options) => {
      const router = routerBy(`exec "$@" >${fullPipe()}`, ...options);
      expect((await status()).role).toBe('router');
      const { address } = await startPeer(lab, 'peer1');
      expect(await unanswered(lab, 'router', address, 5)).toEqual([]);
      await endsSoon(router);
      expect(router.stderr).toEqual([]);
    },
  );

  once.each(['>/dev/full', '| true', '2>&- >&-'])('goes on with output %s', async (output) => {
    // The process of the daemon is known by its status where the shell has to stay.
    routerBy(`"$@" --json ${output}`);
    const { pid } = await status();
    process.kill(pid, 'SIGUSR1');
    await sleep(100);
    expect((await status()).pid).toBe(pid);
    process.kill(pid, 'SIGTERM');
    await gone(pid);
  });

  once('goes on when the disk is full, and writes its log when there is room again', async () => {
    const disk = join(lab.folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
    try {
      const ballast = join(disk, 'ballast');
      execFileSync('sh', ['-c', `cat /dev/zero >${ballast} 2>/dev/null || true`]);
      const router = routerBy(`exec "$@" --json >${disk}/log`);
      const { pid } = await status();
      process.kill(pid, 'SIGUSR1');
      await sleep(200);
      expect(readFileSync(join(disk, 'log'), 'utf8')).toBe('');
      rmSync(ballast);
      const lines = (): string[] =>
        readFileSync(join(disk, 'log'), 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => (line === '' ? '' : (JSON.parse(line) as { msg: string }).msg));
      await expect
        .poll(lines, { timeout: 5000 })
        .toEqual(['ready', 'counters', expect.stringMatching(/^draining/)]);
      await endsSoon(router);
    } finally {
      execFileSync('umount', ['--lazy', disk]);
    }
  });

  test('logs nothing that strangers cause, and counts it', async () => {
    await startRouter(lab, 'router');
    const peer = spawnBy(
      'exec "$@"',
      'peer1',
      'peer',
      '--router',
      ROUTER_IPV4,
      '--port',
      String(VICTIM_PORT),
    );
    await peer.waitForLine(/^ready/);
    const [own] = (await addressesOf(lab, 'peer1')).map((text) => text.split('/')[0]!);
    const lines = Array.from({ length: STRANGERS }, (_, index) => {
      const port = 10_000 + 2 * index;
      const stranger = {
        prefix: 'fc64:bed:c633:6401::/64',
        peer: `198.51.100.3:${port}`,
        lanip: 1,
      };
      const packet = pingPacket({ from: encodeAddress(stranger), to: own! });
      return `${port} ${Buffer.from(packet).toString('hex')}`;
    });
    const file = join(lab.folder, 'datagrams');
    writeFileSync(file, lines.join('\n'));
    await lab.exec('peer2', program('udpReplay', file, '198.51.100.2', VICTIM_PORT));
    await expect
      .poll(async () => (await status()).inboundPaths.relayed, { timeout: 10_000 })
      .toBeGreaterThan(10);
    expect(peer.stdout).toEqual(STARTED);
    await endsSoon(peer);
    expect(peer.stdout.at(-2)).toMatch(
      /^paths of inbound remotes so far {2}direct 0 {2}lan 0 {2}relayed \d+$/,
    );
  });

  describeOnce('that root started', () => {
    /** The values of a field of all threads. */
    function ofThreads(pid: number, field: string): Set<string> {
      const pattern = new RegExp(`^${field}:\\s*(\\S+)$`, 'm');
      const tasks = readdirSync(`/proc/${pid}/task`);
      return new Set(
        tasks.map(
          (task) => pattern.exec(readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8'))![1]!,
        ),
      );
    }

    once.each([
      ['the interface', [], 0x1000n, ['net_admin']],
      [
        'the interface and a low port',
        ['--port', '600'],
        0x1400n,
        ['net_bind_service', 'net_admin'],
      ],
      ['nothing, without an interface', ['--no-tun'], 0n, []],
    ] as const)('has in all threads the capabilities for %s', async (_, options, mask, names) => {
      const router = routerBy('exec "$@"', ...options);
      await router.waitForLine(/^ready/);
      const expected = new Set([mask.toString(16).padStart(16, '0')]);
      for (const set of ['CapEff', 'CapPrm', 'CapBnd'])
        expect(ofThreads(router.pid, set), set).toEqual(expected);
      for (const set of ['CapInh', 'CapAmb']) {
        expect(ofThreads(router.pid, set), set).toEqual(new Set(['0000000000000000']));
      }
      expect(ofThreads(router.pid, 'NoNewPrivs')).toEqual(new Set(['1']));
      expect((await status()).capabilities).toEqual(names);
    });

    once('still configures the interface', async () => {
      await startRouter(lab, 'router');
      const { daemon } = await startPeer(lab, 'peer1');
      const before = await addressesOf(lab, 'peer1');
      await lab.ip('peer1', `link set ${TUN} down`);
      await lab.ip('peer1', `link set ${TUN} up`);
      await expect.poll(() => addressesOf(lab, 'peer1'), { timeout: 5000 }).toEqual(before);
      expect(daemon.stdout).toEqual(STARTED);
    });

    once('may belong to a user whose files nobody else may read', async () => {
      const folder = join(lab.folder, 'private');
      mkdirSync(folder, { mode: 0o700 });
      execFileSync('chown', ['nobody', folder]);
      const words = command('router', '--listen', ROUTER_IPV4, '--control', join(folder, 'sock'));
      const router = lab.spawn('router', words);
      await router.waitForLine(/^ready/);
      expect(ofThreads(router.pid, 'CapEff')).toEqual(new Set(['0000000000001002']));
      expect(await router.stop()).toEqual({ code: 0, signal: null });
      expect(readdirSync(folder)).toEqual([]);
    });
  });

  once('outlives its terminal with nohup, and ends cleanly with it otherwise', async () => {
    const outliving = routerBy(`cd ${lab.folder}; exec setsid script -qc "nohup $*" /dev/null`);
    const { pid } = await status();
    process.kill(pid, 'SIGHUP');
    await outliving.stop('SIGKILL');
    await sleep(300);
    expect((await status()).pid).toBe(pid);
    process.kill(pid, 'SIGTERM');
    await gone(pid);

    const ending = routerBy('exec setsid script -qc "$*" /dev/null');
    const { pid: other } = await status();
    process.kill(other, 'SIGHUP');
    await gone(other);
    // A clean end removes the socket.
    expect(existsSync(control())).toBe(false);
    await ending.stop('SIGKILL');
  });

  once('says in one line that there are too few descriptors', async () => {
    // Too few for its modules, and for what it opens itself.
    for (const limit of [22, 24, 26]) {
      const router = routerBy(`ulimit -n ${limit}; exec "$@"`);
      const { code, stdout, stderr } = await router.outcome();
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^6bed4[^\n]*EMFILE[^\n]*\n$/);
    }
  });

  once('goes on when its descriptors are used up', async () => {
    const router = routerBy('exec "$@"');
    await router.waitForLine(/^ready/);
    const { address } = await startPeer(lab, 'peer1');
    const used = readdirSync(`/proc/${router.pid}/fd`).length;
    execFileSync('prlimit', ['--pid', String(router.pid), `--nofile=${used}:`]);
    await lab.exec('router', command('status', control()), { mayFail: true });
    expect(await unanswered(lab, 'router', address, 3)).toEqual([]);
    execFileSync('prlimit', ['--pid', String(router.pid), '--nofile=1024:']);
    expect((await status()).pid).toBe(router.pid);
    await endsSoon(router);
  });

  once('tells a second one that its interface is in use', async () => {
    const { pid } = await startRouter(lab, 'router');
    const words = command('router', '--listen', ROUTER_IPV4, '--port', '600');
    const { code, stdout, stderr } = await lab.exec('router', words, { mayFail: true });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const [what, advice, ...more] = stderr.split('\n');
    expect(what).toMatch(
      new RegExp(
        `^6bed4 router: the interface ${TUN} is in use by another process; a router is running: process ${pid}, for \\d+ s, at ${ROUTER_IPV4}:25790, ${TUN}$`,
      ),
    );
    expect(advice).toMatch(/^"6bed4 status \S+" tells more; end it by "kill \d+", /);
    expect(more).toEqual(['']);
    const status = /"6bed4 (status \S+)"/.exec(advice!)![1]!.split(' ');
    const { stdout: told } = await lab.exec('router', command(...status));
    expect(told).toContain(`process ${pid},`);
  });

  test('takes packets of any size from an interface whose MTU was raised', async () => {
    await startRouter(lab, 'router');
    const { daemon } = await startPeer(lab, 'peer1');
    await lab.ip('peer1', `link set ${TUN} mtu 65521`);
    for (const size of [65_000, 40_000, 1_200]) {
      await countReplies(lab, 'peer1', ROUTER_ADDRESS, 20, { size });
    }
    const large = `exec 3<>/dev/udp/${ROUTER_ADDRESS}/9; for i in $(seq 50); do head -c 60000 /dev/zero >&3; done`;
    await lab.exec('peer1', ['bash', '-c', large], { mayFail: true });
    expect(daemon.running).toBe(true);
    await lab.ip('peer1', `link set ${TUN} mtu 1280`);
    expect(await unanswered(lab, 'peer1', ROUTER_ADDRESS, 3)).toEqual([]);
    expect(daemon.stderr).toEqual([]);
  });
});
