import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addressesOf } from '@6bed4/testing/kernel/interfaces';
import { Lab } from '@6bed4/testing/kernel/lab';
import { ping } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Guide } from './support/guide.js';

const NATIVE = '2001:db8:beef::2';
const HOSTS = ['router', 'laptop', 'other', 'pi'] as const;
/** Milliseconds in which a program works, on a slow machine. */
const PATIENCE = 30_000;
const WEB_SERVER =
  'require("http").createServer((_, answer) => answer.end("hello")).listen(80, "::", () => console.log("listening"))';

describeKernel('the guide', () => {
  let lab: Lab;
  let guide: Guide;

  /** Hosts on the Internet; the router has IPv6 by its provider, who routes it 2001:db8:b::/64. */
  beforeEach(async () => {
    lab = new Lab();
    await lab.internet();
    for (const [index, host] of [...HOSTS, 'second'].entries()) {
      await lab.host(host);
      const number = host === 'second' ? 9 : index + 1;
      await lab.attach(host, `192.0.2.${number}/24`);
    }
    await lab.host('native');
    await lab.link(['router', 'eth1', '2001:db8:a::2/64'], ['native', 'eth0', '2001:db8:a::1/64']);
    await lab.ip('native', `-6 address add ${NATIVE}/128 dev lo`);
    await lab.ip('router', '-6 route add default via 2001:db8:a::1');
    for (const prefix of ['2001:db8:b::/64', '2001:db8:c::/64']) {
      await lab.ip('native', `-6 route add ${prefix} via 2001:db8:a::2`);
    }
    guide = await Guide.prepare(lab, HOSTS);
  });
  afterEach(async () => {
    await guide?.dispose();
    lab.dispose();
  });

  async function isOnline(): Promise<boolean> {
    const { result } = await ping(lab, 'laptop', NATIVE);
    return result === 'reply';
  }

  test('to run a router works from top to bottom', async () => {
    // As Debian's /etc/nftables.conf, but refusing.
    await lab.nft(
      'router',
      `table inet filter {
        chain input { type filter hook input priority filter; policy drop;
          iifname "lo" accept; ct state established,related accept; meta l4proto ipv6-icmp accept; }
        chain forward { type filter hook forward priority filter; policy drop; }
      }`,
    );
    const blocks = await Guide.blocks('run-a-router.md');
    for (const block of blocks) {
      // Before the section about firewalls, there is none.
      const isOpen = block.host === 'laptop' && block === blocks[2];
      if (isOpen) await lab.nft('router', 'add chain inet filter input { policy accept; }');
      await guide.run(block);
      if (isOpen) await lab.nft('router', 'add chain inet filter input { policy drop; }');
      if (!/6bed4 router .*--route/.test(block.code)) continue;
      const peer = lab.spawn('laptop', [
        join(lab.folder, 'bin/6bed4'),
        'peer',
        '--router',
        '192.0.2.1',
        '--no-control',
      ]);
      await peer.waitForLine(/^ready/, PATIENCE);
      expect(await isOnline()).toBe(true);
      const [own] = await addressesOf(lab, 'laptop');
      const back = await ping(lab, 'native', own!.split('/')[0]!);
      expect(back.result === 'reply').toBe(block.code.includes('--prefix'));
      await peer.stop();
    }
    expect(await lab.ip('router', '-brief link')).not.toContain('6bed4');
    const file = join(lab.folder, 'prometheus.yml');
    writeFileSync(file, await Guide.fenced('run-a-router.md', 'conf'));
    execFileSync('promtool', ['check', 'config', file], { encoding: 'utf8' });
  }, 300_000);

  test('to get IPv6 anywhere works from top to bottom', async () => {
    await lab.sysctl('router', 'net.ipv6.conf.all.forwarding', 1);
    await lab.nft(
      'router',
      'table ip6 peers { chain outbound { type nat hook postrouting priority srcnat; ip6 saddr fc64::/16 oifname eth1 masquerade; }; }',
    );
    const start = async (host: string, line: string): Promise<void> => {
      const words = [join(lab.folder, 'bin/6bed4'), ...line.split(' '), '--no-control'];
      await lab.spawn(host, words).waitForLine(/^ready/, PATIENCE);
    };
    await start('router', 'router --listen 192.0.2.1 --route 2000::/3');
    await start('second', 'router --listen 192.0.2.9');
    await start('other', 'peer --router 192.0.2.1 --port 25202');
    const server = lab.spawn('native', [process.execPath, '-e', WEB_SERVER]);
    await server.waitForLine(/listening/, PATIENCE);
    for (const block of await Guide.blocks('ipv6-anywhere.md')) await guide.run(block);
    expect(await lab.ip('laptop', '-brief link')).not.toContain('6bed4');
    expect((await lab.exec('laptop', ['nft', 'list', 'tables'])).stdout).toBe('');
  }, 300_000);

  test('to put a Raspberry Pi on 6bed4 works from top to bottom', async () => {
    for (const [host, line] of [
      ['router', 'router --listen 192.0.2.1'],
      ['other', 'peer --router 192.0.2.1 --port 25202'],
    ] as const) {
      const words = [join(lab.folder, 'bin/6bed4'), ...line.split(' '), '--no-control'];
      await lab.spawn(host, words).waitForLine(/^ready/, PATIENCE);
    }
    for (const block of await Guide.blocks('raspberry-pi.md')) await guide.run(block);
    expect(await lab.ip('pi', '-brief link')).not.toContain('6bed4');
    expect((await lab.exec('pi', ['nft', 'list', 'tables'])).stdout).toBe('');
  }, 300_000);
}, ['curl', 'promtool', 'nft', 'systemctl']);
