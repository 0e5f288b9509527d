import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ReferenceLab } from './support/referenceLab.js';

describeKernel('the extension hook of 6bed4peer', () => {
  let lab: ReferenceLab;
  let hook: string;
  beforeEach(async () => {
    lab = new ReferenceLab();
    await lab.build();
    hook = join(lab.folder, 'hook.sh');
  });
  afterEach(() => lab.dispose());

  function writeHook(body: string): void {
    writeFileSync(hook, `#!/bin/sh\necho "$@" >>${lab.folder}/calls\n${body}\n`);
    chmodSync(hook, 0o755);
  }

  const calls = (): string[] => readFileSync(join(lab.folder, 'calls'), 'utf8').trim().split('\n');

  /** Connects a computer to the laptop, by IPv6 without any address but link-local ones. */
  async function buildLan(): Promise<void> {
    await lab.host('desk');
    await lab.link(['laptop', 'lan', 'fe80::1/64'], ['desk', 'eth0', 'fe80::2/64']);
    await lab.sysctl('laptop', 'net.ipv6.conf.all.forwarding', 1);
    await lab.ip('desk', '-6 route add default via fe80::1 dev eth0');
  }

  test('gives the addresses of a peer to a computer behind it, with all privileges', async () => {
    await buildLan();
    writeHook(
      'case $2 in\n' +
        'add-range-offer) ip -6 route add $3/128 dev lan proto 66;;\n' +
        `del-offers) ip -6 route flush dev lan proto 66; grep CapEff /proc/self/status >${lab.folder}/privileges;;\n` +
        'esac',
    );
    const router = await lab.router('-R 2001:db8:1::/48');
    const { daemon, address } = await lab.peer('laptop', `6bed4peer -fex ${hook}`);
    const net = address.replace(/4001$/, '');
    await expect.poll(() => calls().length, { timeout: 5_000 }).toBe(3);
    expect(calls()).toEqual([
      `${daemon.pid} del-offers`,
      `${daemon.pid} add-range-offer ${net}4002 ${net}7fff`,
      `${daemon.pid} add-route-offer 2001:db8:1:: 48 ${net}4000`,
    ]);

    await lab.ip('desk', `address add ${net}4002/128 dev eth0`);
    const other = await lab.peer('other', '6bed4peer -fe');
    for (const remote of [router.address, other.address]) {
      expect(await unanswered(lab, 'desk', remote, 2)).toEqual([]);
    }
    expect(await unanswered(lab, 'other', `${net}4002`, 2)).toEqual([]);

    const usual = await lab.exec('laptop', ['grep', 'CapEff', '/proc/self/status']);
    expect(readFileSync(join(lab.folder, 'privileges'), 'utf8')).toBe(usual.stdout);
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    expect(calls().at(-1)).toBe(`${daemon.pid} del-offers`);
    expect(await lab.ip('laptop', '-6 route show dev lan proto 66')).toBe('');
  });

  test('that hangs, fails and prints holds nothing up', async () => {
    writeHook('echo something; case $2 in add-range-offer) sleep 60;; *) exit 3;; esac');
    const router = await lab.router();
    const line = `6bed4peer -fe --hook-timeout 1 -x ${hook}`;
    const { daemon } = await lab.peer('laptop', line);
    expect(await unanswered(lab, 'laptop', router.address, 2)).toEqual([]);
    await daemon.waitForLine(/^warning: hook failed: exit code 3 .* call del-offers$/);
    await daemon.waitForLine(/^warning: hook failed: not done after 1 s, ended .* add-range-offer/);
    await daemon.waitForLine(/^hook: something/);
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
  });
});
