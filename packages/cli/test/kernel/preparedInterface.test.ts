import { setTimeout as sleep } from 'node:timers/promises';
import { command, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import {
  addNativeHost,
  NATIVE_ADDRESS,
  ROUTER_ADDRESS,
  ROUTER_IPV4,
} from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { useInternet } from '@6bed4/testing/kernel/suites';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { expect, test } from 'vitest';

/** Milliseconds of a test, and until a daemon has looked at its interface again. */
const PATIENCE = 60_000;
const SOON = 15_000;
/** The usual permissions of the device, wherever this runs. */
const DEVICE = 'mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200';

describeKernel('a user without any capability', () => {
  let lab: Lab;
  useInternet((built) => {
    lab = built;
  });

  /** Starts a daemon as a user. */
  function start(host: string, user: number, ...words: readonly string[]): RunningProgram {
    const unprivileged = ['setpriv', '--reuid', `${user}`, '--regid', `${user}`, '--clear-groups'];
    const bounded = ['--inh-caps=-all', '--bounding-set=-all', '--no-new-privs'];
    const argv = [...unprivileged, ...bounded, ...command(...words)];
    return lab.spawn(host, [
      'unshare',
      '--mount',
      'sh',
      '-c',
      `${DEVICE} && exec "$@"`,
      'sh',
      ...argv,
    ]);
  }

  /** Runs the commands that a text tells, as root. */
  async function follow(host: string, text: string, done = new Set<string>()): Promise<void> {
    for (const [, line] of text.matchAll(/run "([^"]+)"/g)) {
      if (done.has(line!)) continue;
      done.add(line!);
      await lab.exec(host, ['sh', '-ec', line!]);
    }
  }

  /** Starts a daemon twice, and does what each tells, until nothing is missing on its interface. */
  async function startFollowing(
    host: string,
    ...words: readonly string[]
  ): Promise<RunningProgram> {
    const refused = start(host, 65_534, ...words);
    const { code, stderr } = await refused.outcome();
    expect([code, stderr]).toEqual([1, expect.stringContaining('to prepare it, run "ip tuntap')]);
    await follow(host, stderr);
    const daemon = start(host, 65_534, ...words);
    const done = new Set<string>();
    const end = Date.now() + SOON;
    while (!daemon.stdout.some((line) => line.includes('is complete again'))) {
      if (Date.now() > end) throw new Error(`still incomplete:\n${daemon.stdout.join('\n')}`);
      await follow(host, daemon.stdout.join('\n'), done);
      await sleep(100);
    }
    await daemon.waitForLine(/^ready/);
    return daemon;
  }

  async function expectUnprivileged(host: string): Promise<void> {
    const found = await lab.exec(host, ['sh', '-c', 'cat /proc/$(pgrep -u 65534 -n 6bed4)/status']);
    expect(found.stdout.match(/^Cap(Prm|Eff|Bnd|Amb):\t0+$/gm)).toHaveLength(4);
  }

  test(
    'runs a router by the commands that it is told',
    async () => {
      await addNativeHost(lab);
      const words = ['--listen', ROUTER_IPV4, '--route', '2000::/3'];
      const router = await startFollowing('router', 'router', ...words);
      const first = await startPeer(lab, 'peer1');
      const second = await startPeer(lab, 'peer2', '--peering', 'via-router');
      expect(await unanswered(lab, 'peer1', ROUTER_ADDRESS, 2)).toEqual([]);
      expect(await unanswered(lab, 'router', first.address, 2)).toEqual([]);
      expect(await unanswered(lab, 'peer2', first.address, 2)).toEqual([]);
      expect(await unanswered(lab, 'peer2', NATIVE_ADDRESS, 2)).toEqual([]);
      expect(await unanswered(lab, 'native', second.address, 2)).toEqual([]);
      await expectUnprivileged('router');
      expect(await router.stop()).toEqual({ code: 0, signal: null });
    },
    PATIENCE,
  );

  test(
    'runs a peer by the commands that it is told',
    async () => {
      await addNativeHost(lab);
      await startRouter(lab, 'router', '--route', '2000::/3');
      const peer = await startFollowing('peer1', 'peer', '--router', ROUTER_IPV4);
      expect(await unanswered(lab, 'peer1', ROUTER_ADDRESS, 2)).toEqual([]);
      expect(await unanswered(lab, 'peer1', NATIVE_ADDRESS, 2)).toEqual([]);
      await expectUnprivileged('peer1');
      expect(await peer.stop()).toEqual({ code: 0, signal: null });
    },
    PATIENCE,
  );

  test('is told how to get an interface that was prepared for another user', async () => {
    await lab.ip('router', 'tuntap add name 6bed4 mode tun user 65533');
    const words = ['router', '--listen', ROUTER_IPV4];
    const refused = await start('router', 65_534, ...words).outcome();
    expect(refused.stderr).toContain(
      'the interface 6bed4 is for another user: run "ip link delete',
    );
    await follow('router', refused.stderr);
    const router = start('router', 65_534, ...words);
    await router.waitForLine(/run "ip address add/);
    await router.stop();
  });
});
