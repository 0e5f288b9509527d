import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import {
  addNativeHost,
  NATIVE_ADDRESS,
  NATIVE_PREFIX,
  ROUTER_IPV4,
  SERVED_PREFIX,
} from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { useInternet } from '@6bed4/testing/kernel/suites';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HealthReport } from '../../src/health/healthCheck.js';

const PATIENCE = { timeout: 10_000, interval: 50 };

describeKernel('the health of a router', () => {
  let lab: Lab;
  useInternet((built) => {
    lab = built;
  });
  let router: RunningProgram;
  const socket = (): string => join(lab.folder, 'health.sock');

  const start = async (): Promise<void> => {
    const at = ['--control', socket(), '--route', NATIVE_PREFIX];
    router = await startRouter(lab, 'router', ...at);
  };

  /** Its exit code, and the names of the checks that failed. */
  async function health(
    ...options: readonly string[]
  ): Promise<[number | null, string[], HealthReport]> {
    const argv = command('health', socket(), '--json', ...options);
    const { code, stdout } = await lab.exec('router', argv, { mayFail: true });
    const found = JSON.parse(stdout) as HealthReport;
    return [code, found.checks.filter((one) => one.passed === false).map((one) => one.name), found];
  }
  const ofHealth = async (...options: readonly string[]): Promise<[number | null, string[]]> => {
    const [code, failed] = await health(...options);
    return [code, failed];
  };

  beforeEach(async () => {
    await addNativeHost(lab);
    await start();
  });

  afterEach(async () => {
    await router.stop('SIGKILL');
  });

  test('is good where all is well, and each fault is found and has its exit code', async () => {
    const [code, failed, { checks }] = await health('--ping', NATIVE_ADDRESS);
    expect([code, failed]).toEqual([0, []]);
    expect(checks.map(({ passed }) => passed)).toEqual(Array(7).fill(true));

    await lab.sysctl('router', 'net.ipv6.conf.all.forwarding', 0);
    expect(await ofHealth()).toEqual([13, ['forwarding']]);
    await lab.sysctl('router', 'net.ipv6.conf.all.forwarding', 1);

    const refusal = `unreachable ${SERVED_PREFIX} metric 1`;
    await lab.ip('router', `-6 route add ${refusal}`);
    expect(await ofHealth()).toEqual([14, ['ipv6-side']]);
    await lab.ip('router', `-6 route del ${refusal}`);
    expect(await ofHealth('--ping', '2001:db8:beef::99')).toEqual([15, ['self-test']]);

    await lab.exec('router', [
      'nft',
      'add table inet f { chain i { type filter hook input priority 0; udp dport 25790 drop; }; }',
    ]);
    expect(await ofHealth()).toEqual([15, ['self-test']]);
    await lab.exec('router', ['nft', 'delete table inet f']);

    await lab.ip('router', `address del ${ROUTER_IPV4}/24 dev eth0`);
    expect((await ofHealth())[0]).toBe(11);
    await lab.ip('router', `address add ${ROUTER_IPV4}/24 dev eth0`);
    expect(await ofHealth()).toEqual([0, []]);

    process.kill(router.pid, 'SIGSTOP');
    const began = performance.now();
    expect(await ofHealth()).toEqual([10, ['daemon']]);
    expect(performance.now() - began).toBeLessThan(4000);
    process.kill(router.pid, 'SIGCONT');

    // The router would set it up again at once.
    const foe = lab.spawn('router', ['sh', '-c', 'while :; do ip link set 6bed4 down; done']);
    // Routes go with it.
    await expect.poll(async () => (await ofHealth())[0], PATIENCE).toBe(12);
    await foe.stop('SIGKILL');
  });

  test('takes a way to the IPv6 Internet, where the prefix belongs to it', async () => {
    await router.stop('SIGKILL');
    const prefix = '2001:db8:b::/64';
    const options = ['--control', socket(), '--prefix', prefix];
    router = await startRouter(lab, 'router', ...options);
    const side = async (): Promise<string> => {
      const [, , { checks }] = await health();
      return checks.find(({ name }) => name === 'ipv6-side')!.detail;
    };
    expect(await side()).toBe(`${prefix}, and ${NATIVE_PREFIX} dev lan`);
    await lab.ip('router', 'address flush dev lan scope global');
    await lab.ip('router', '-6 route add unreachable 2000::/3');
    expect(await ofHealth()).toEqual([14, ['ipv6-side']]);
    expect(await side()).toMatch('no route to the IPv6 Internet');
    const ways = 'nexthop via fe80::1 dev lan nexthop via fe80::2 dev eth0';
    await lab.ip('router', `-6 route add default ${ways}`);
    expect(await side()).toBe(`${prefix}, and ::/0 by several interfaces`);
  });

  test('ends by draining, which loses nothing, and can be waited for', async () => {
    const { address } = await startPeer(lab, 'peer1');
    process.kill(router.pid, 'SIGUSR1');
    await router.waitForLine(/^draining/);
    expect(await ofHealth()).toEqual([16, ['draining']]);
    expect(await unanswered(lab, 'router', address, 3)).toEqual([]);
    const busy = lab.spawn('router', ['ping', '-6', '-q', '-i', '0.02', address]);
    const drain = (...options: readonly string[]) =>
      lab.exec('router', command('drain', socket(), ...options), { mayFail: true });
    expect(await drain('--wait', '2')).toMatchObject({ code: 1 });
    await busy.stop('SIGKILL');
    expect(await drain('--wait', '10')).toMatchObject({ code: 0 });
    expect(await drain('--resume')).toMatchObject({ code: 0 });
    await router.waitForLine(/^resumed/);
    expect(await ofHealth()).toEqual([0, []]);
  });

  test('is followed by a watch that runs commands at once', async () => {
    const log = join(lab.folder, 'events');
    rmSync(log, { force: true });
    const events = (): string[] =>
      existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
    // Its checks are seldom: what comes sooner was noticed without them.
    const watch = lab.spawn('router', [
      ...command('health', socket(), '--watch', '--interval', '5', '--rise', '1', '--fall', '3'),
      ...['--up', `echo "up" >> ${log}`],
      ...['--down', `echo "down" >> ${log}`],
    ]);
    const soon = { timeout: 3000, interval: 20 };
    await expect.poll(events, PATIENCE).toEqual(['up']);
    await sleep(300);
    await lab.exec('router', command('drain', socket()));
    await expect.poll(events, soon).toEqual(['up', 'down']);
    await lab.exec('router', command('drain', socket(), '--resume'));
    await expect.poll(events, soon).toHaveLength(3);
    await router.stop('SIGKILL');
    await expect.poll(events, soon).toEqual(['up', 'down', 'up', 'down']);
    await start();
    await expect.poll(events, PATIENCE).toHaveLength(5);
    expect(await watch.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(events().slice(4)).toEqual(['up', 'down']);
  });
});
