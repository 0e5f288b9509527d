import { setTimeout as sleep } from 'node:timers/promises';
import { command, type RunningPeer, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { addressesOf, interfacesOf, TUN } from '@6bed4/testing/kernel/interfaces';
import {
  addNativeHost,
  buildInternet,
  NATIVE_ADDRESS,
  ROUTER_ADDRESS,
  ROUTER_IPV4,
} from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { routeTo, routingOf } from '@6bed4/testing/kernel/routing';
import { describeDrivers, useInternet } from '@6bed4/testing/kernel/suites';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PeerStatus } from '../../src/control/status.js';

/** Milliseconds for what happens within seconds: a comparison, and one more on a slow computer. */
const SOON = 20_000;
const PORT = 40_000;
/** What the peers get at {@link PORT}. */
const ADDRESS1 = 'fc64:bed:c633:6401:c433:6402:9c40:8001';
const ADDRESS2 = 'fc64:bed:c633:6401:c433:6403:9c40:8001';
const TCP_PORT = 5001;

async function eventually(condition: () => Promise<boolean>, within = SOON): Promise<void> {
  for (const end = Date.now() + within; Date.now() < end; await sleep(50)) {
    if (await condition()) return;
  }
  throw new Error(`the condition does not hold after ${within} ms`);
}

/** All that the kernel of a host knows about its interface, and where it leads. */
async function stateOf(lab: Lab, label: string): Promise<string[]> {
  const [link] = JSON.parse(await lab.ip(label, '-json link show type tun')) as {
    mtu: number;
    flags: string[];
  }[];
  const routing = await routingOf(lab, label);
  const addresses = await lab.ip(label, '-6 -oneline addr show');
  // What the kernel adds with an address is no more than what the routes say.
  const planned = routing.filter((line) => !line.includes('proto kernel'));
  return [`${link?.mtu} ${link?.flags}`, addresses, ...planned].sort();
}

/** The status of a daemon; others may run meanwhile. */
async function statusOf(lab: Lab, { pid }: RunningProgram): Promise<PeerStatus> {
  const { stdout } = await lab.exec('peer1', command('status', '--json'), { mayFail: true });
  const all = stdout.trimEnd().split('\n');
  return all.map((line) => JSON.parse(line) as PeerStatus).find((one) => one.pid === pid)!;
}

/** Whether a TCP connection from an address to another one brings an answer. */
async function asks(lab: Lab, label: string, to: string, from: string): Promise<boolean> {
  const argv = program('tcpAsk', to, TCP_PORT, from);
  const { stdout } = await lab.exec(label, argv, { mayFail: true });
  return stdout === `${from} ${to}\n`;
}

async function startAnswering(lab: Lab, ...labels: readonly string[]): Promise<void> {
  for (const label of labels) {
    await lab.spawn(label, program('tcpAsk', 'answer', TCP_PORT)).waitForLine(/^listening/);
  }
}

describeDrivers('what others do to the interface of a peer', () => {
  let lab: Lab;
  let peer: RunningPeer;

  beforeAll(async () => {
    lab = await buildInternet();
    await startRouter(lab, 'router', '--route', '2001:db8:beef::/64');
    peer = await startPeer(lab, 'peer1', '--accept-routes', '2001:db8:beef::/64');
  });
  afterAll(() => lab?.dispose());

  const table = async (): Promise<string> =>
    /^5210:.* lookup (\d+)/m.exec(await lab.ip('peer1', '-6 rule'))![1]!;

  test.each<[string, () => Promise<unknown>]>([
    ['addresses', () => lab.ip('peer1', `-6 addr flush dev ${TUN}`)],
    ['routes in the main table', () => lab.ip('peer1', `-6 route flush dev ${TUN}`)],
    ['routes in its own', async () => lab.ip('peer1', `-6 route flush table ${await table()}`)],
    ['rules', () => lab.ip('peer1', '-6 rule del priority 5210')],
    ['the last rule', () => lab.ip('peer1', '-6 rule del priority 32800')],
    ['labels', () => lab.ip('peer1', `addrlabel del prefix fc64::/16 dev ${TUN} label 27629`)],
    ['its state', () => lab.ip('peer1', `link set ${TUN} down`)],
    ['a larger MTU', () => lab.ip('peer1', `link set ${TUN} mtu 1500`)],
    ['an MTU that is too small for IPv6', () => lab.ip('peer1', `link set ${TUN} mtu 1000`)],
    [
      'IPv6 for a second',
      async () => {
        await lab.sysctl('peer1', `net.ipv6.conf.${TUN}.disable_ipv6`, 1);
        await eventually(async () => (await statusOf(lab, peer.daemon)).address === null);
        const { routers, interface: report } = await statusOf(lab, peer.daemon);
        expect(routers[0]!.state).toBe('unconfigured');
        expect(report!.missing[0]).toMatchObject({
          part: `address ${peer.address}`,
          reason: expect.stringContaining(`sysctl net.ipv6.conf.${TUN}.disable_ipv6=0`),
        });
        await lab.sysctl('peer1', `net.ipv6.conf.${TUN}.disable_ipv6`, 0);
      },
    ],
  ])('is undone: %s', async (_, disturb) => {
    const before = await stateOf(lab, 'peer1');
    await disturb();
    await eventually(async () => `${await stateOf(lab, 'peer1')}` === `${before}`);
    expect(await unanswered(lab, 'peer1', ROUTER_ADDRESS, 2)).toEqual([]);
    await eventually(async () => (await statusOf(lab, peer.daemon)).address === peer.address);
  });

  test('is undone also under another name', async () => {
    const before = await stateOf(lab, 'peer1');
    await lab.ip('peer1', `link set ${TUN} down`);
    await lab.exec('peer1', [
      ...['sh', '-c'],
      `ip link set ${TUN} name other || { ip link set ${TUN} down && ip link set ${TUN} name other; }`,
    ]);
    await lab.ip('peer1', '-6 addr flush dev other');
    const renamed = before.map((line) => line.replaceAll(TUN, 'other'));
    await eventually(async () => `${await stateOf(lab, 'peer1')}` === `${renamed.sort()}`);
    expect(await unanswered(lab, 'peer1', ROUTER_ADDRESS, 2)).toEqual([]);
    expect((await statusOf(lab, peer.daemon)).interface!.name).toBe('other');
  });

  test('was no reason to complain, but for IPv6 that was disabled', () => {
    const { stdout, stderr } = peer.daemon;
    const lines = [...stdout, ...stderr].filter(
      (line) => !/^(?:asking|ready) |complete again/.test(line),
    );
    expect(lines.filter((line) => !line.includes('disable_ipv6=0'))).toEqual([]);
  });
});

describeKernel('someone who keeps removing the address of a peer', () => {
  let lab: Lab;
  useInternet((built) => {
    lab = built;
  });

  test('is reported once, and not fought without end', async () => {
    await startRouter(lab, 'router');
    const { daemon, address } = await startPeer(lab, 'peer1');
    const loop = `while :; do ip -6 addr flush dev ${TUN} scope global; sleep 0.05; done`;
    const foe = lab.spawn('peer1', ['sh', '-c', loop]);
    await daemon.waitForLine(/someone keeps removing from 6bed4: address/, SOON);
    const restorations = async (): Promise<number> =>
      (await statusOf(lab, daemon)).interface!.restorations;
    const before = await restorations();
    await sleep(5_000);
    expect((await restorations()) - before).toBeLessThan(4);
    expect((await statusOf(lab, daemon)).interface!.disputed).toContain(`address ${address}`);
    await foe.stop('SIGKILL');
    await eventually(async () => (await addressesOf(lab, 'peer1')).length === 1, 60_000);
    expect(
      daemon.stdout.filter((line) => line.includes('removing from 6bed4: address')),
    ).toHaveLength(1);
  });
});

describeKernel('a host where IPv6 is disabled', () => {
  let lab: Lab;
  useInternet((built) => {
    lab = built;
  });

  test.each(['router', 'peer1'])(
    'is told so by %s, which is ready once the advice was followed',
    async (label) => {
      await startRouter(lab, 'router', '--no-tun');
      if (label === 'router') await lab.attach('peer2', '198.51.100.7/24', 'eth1');
      const host = label === 'router' ? 'peer2' : 'peer1';
      await lab.sysctl(host, 'net.ipv6.conf.default.disable_ipv6', 1);
      // As in most containers.
      const readOnly = 'mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys';
      const argv =
        label === 'router'
          ? command('router', '--listen', '198.51.100.7')
          : command('peer', '--router', ROUTER_IPV4);
      const daemon = lab.spawn(host, [
        ...['unshare', '--mount', 'sh', '-c', `${readOnly} && exec "$@"`, 'sh'],
        ...argv,
      ]);
      const warning = await daemon.waitForLine(/IPv6 is disabled there/);
      const [, advice] = /run "(sysctl .+?)"/.exec(warning)!;
      await sleep(2_500);
      expect(daemon.stdout.filter((line) => line.startsWith('ready'))).toEqual([]);
      await lab.exec(host, advice!.split(' '));
      await daemon.waitForLine(/^ready/, SOON);
      expect(await addressesOf(lab, host)).toHaveLength(1);
      expect(daemon.stdout.filter((line) => line.includes('disabled'))).toHaveLength(1);
    },
  );
});

describeKernel('source-specific routing', () => {
  let lab: Lab;
  useInternet((built) => {
    lab = built;
  });

  test('lets two peers on one computer be used by TCP in both directions', async () => {
    await startRouter(lab, 'router');
    const first = await startPeer(lab, 'peer1');
    const argv = command('peer', '--router', ROUTER_IPV4, '--port', `${PORT}`, '--tun', 'second');
    const second = lab.spawn('peer1', argv);
    await second.waitForLine(/^ready/);
    const other = await startPeer(lab, 'peer2');
    await startAnswering(lab, 'peer1', 'peer2');
    for (const own of [first.address, ADDRESS1]) {
      expect([own, await asks(lab, 'peer1', other.address, own)]).toEqual([own, true]);
      expect([own, await asks(lab, 'peer2', own, other.address)]).toEqual([own, true]);
    }
    expect(await routeTo(lab, 'peer1', other.address, ADDRESS1)).toMatchObject({
      device: 'second',
    });
  });

  test('lets native IPv6 and 6bed4 be used side by side', async () => {
    await addNativeHost(lab);
    // A native network of the peer, whose gateway does not carry packets from addresses of others.
    await lab.host('gateway');
    await lab.link(
      ['peer1', 'eth1', '2001:db8:aaaa::2/64'],
      ['gateway', 'eth0', '2001:db8:aaaa::1/64'],
    );
    await lab.link(
      ['gateway', 'wan', '2001:db8:bbbb::1/64'],
      ['native', 'eth1', '2001:db8:bbbb::2/64'],
    );
    await lab.sysctl('gateway', 'net.ipv6.conf.all.forwarding', 1);
    await lab.ip('peer1', '-6 route add default via 2001:db8:aaaa::1');
    await lab.ip('gateway', '-6 route add default via 2001:db8:bbbb::2');
    await lab.ip('native', '-6 route add 2001:db8:aaaa::/64 via 2001:db8:bbbb::1');
    await lab.nft(
      'gateway',
      `table ip6 f {
        chain c {
          type filter hook forward priority 0
          iifname "eth0" ip6 saddr != 2001:db8:aaaa::/64 drop
        }
      }`,
    );
    await startRouter(lab, 'router');
    const { address } = await startPeer(lab, 'peer1');
    await startAnswering(lab, 'peer1', 'native');
    expect(await asks(lab, 'native', address, NATIVE_ADDRESS)).toBe(true);
    expect(await asks(lab, 'native', '2001:db8:aaaa::2', NATIVE_ADDRESS)).toBe(true);
    expect(await asks(lab, 'peer1', NATIVE_ADDRESS, address)).toBe(true);
    expect(await asks(lab, 'peer1', NATIVE_ADDRESS, '2001:db8:aaaa::2')).toBe(true);
    expect(await routeTo(lab, 'peer1', NATIVE_ADDRESS)).toMatchObject({ device: 'eth1' });
    // Without native IPv6 there would be a default route for all.
    await lab.ip('peer1', 'link del eth1');
    await eventually(async () => (await routeTo(lab, 'peer1', '4000::1', address)) === null);
    expect(await routeTo(lab, 'peer1', '4000::1')).toBeNull();
  });

  test('lets a router and a peer of another router share a computer', async () => {
    await startRouter(lab, 'router');
    const peer = await startPeer(lab, 'peer1');
    const argv = command('router', '--listen', '198.51.100.2', '--tun', 'second');
    await lab.spawn('peer1', argv).waitForLine(/^ready/);
    const own = 'fc64:bed:c633:6402:c433:6402:64be:8000';
    expect(await routeTo(lab, 'peer1', ROUTER_ADDRESS, own)).toMatchObject({ device: 'second' });
    expect(await routeTo(lab, 'peer1', ROUTER_ADDRESS, peer.address)).toMatchObject({
      device: TUN,
    });
    await startAnswering(lab, 'router');
    expect(await asks(lab, 'peer1', ROUTER_ADDRESS, own)).toBe(true);
    expect(await asks(lab, 'peer1', ROUTER_ADDRESS, peer.address)).toBe(true);
  });
});

describeDrivers('an interface that was prepared', (driver) => {
  let lab: Lab;
  useInternet((built) => {
    lab = built;
  });

  test('has nothing of a killed peer when the next one starts', async () => {
    await startRouter(lab, 'router');
    await lab.ip('peer1', `tuntap add name ${TUN} mode tun`);
    const first = await startPeer(lab, 'peer1', '--port', `${PORT}`);
    await first.daemon.stop('SIGKILL');
    expect(await addressesOf(lab, 'peer1')).toEqual([`${ADDRESS1}/114`]);
    const second = await startPeer(lab, 'peer1', '--port', '40002');
    expect(await addressesOf(lab, 'peer1')).toEqual([`${second.address}/114`]);
    expect((await lab.ip('peer1', '-6 rule')).match(/^5210:/gm)).toHaveLength(1);
    await second.daemon.stop();
    expect(await addressesOf(lab, 'peer1')).toEqual([]);
    expect((await routingOf(lab, 'peer1')).join('\n')).not.toMatch(/5210|32800|27629|fc64/);
  });

  test.each(['', ' multi_queue'])(
    'is used with the flags%s, and by one process only',
    async (flags) => {
      await lab.ip('router', `tuntap add name ${TUN} mode tun${flags}`);
      await lab.ip('peer1', `tuntap add name ${TUN} mode tun${flags}`);
      const workersOf = (count: string): string[] =>
        driver === 'portable' ? [] : ['--workers', count];
      await startRouter(lab, 'router', ...workersOf(flags === '' ? '2' : '1'));
      await startPeer(lab, 'peer1');
      expect(await unanswered(lab, 'peer1', ROUTER_ADDRESS, 2)).toEqual([]);
      for (const workers of ['1', '2']) {
        const second = command(
          'router',
          '--listen',
          ROUTER_IPV4,
          '--port',
          '9999',
          ...workersOf(workers),
        );
        const { code, stderr } = await lab.exec('router', second, { mayFail: true });
        expect([code, stderr]).toEqual([1, expect.stringContaining('in use by another process')]);
      }
    },
  );

  test('serves a user without privileges, as the documentation says', async () => {
    await startRouter(lab, 'router');
    await startPeer(lab, 'peer2', '--port', `${PORT}`);
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    // The usual permissions of the device, wherever this runs.
    const device = 'mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200';
    const withDevice = ['unshare', '--mount', 'sh', '-c', `${device} && exec "$@"`, 'sh'];
    await lab.ip('peer1', `tuntap add name ${TUN} mode tun user 65534`);
    const argv = command('peer', '--router', ROUTER_IPV4, '--port', `${PORT}`);
    const daemon = lab.spawn('peer1', [...withDevice, ...nobody, ...argv]);
    // Each warning has the command that helps, and it helps while the peer runs.
    for (const pattern of [
      /run "(ip link .* mtu 1280)"/,
      /run "(ip link .* up)"/,
      /run "(ip address .*)"/,
    ]) {
      const warning = await daemon.waitForLine(pattern, SOON);
      expect(daemon.stdout.filter((line) => line.startsWith('ready'))).toEqual([]);
      await lab.exec('peer1', pattern.exec(warning)![1]!.split(' '));
    }
    expect(await daemon.waitForLine(/^ready/, SOON)).toMatch(
      / {2}without .*route fc64::\/16 metric 1052, .*label of fc64::\/16/,
    );
    for (const prefix of ['fc64::/16', '2001:64::/32']) {
      await lab.ip('peer1', `-6 route add ${prefix} dev ${TUN} metric 1052`);
    }
    expect(await unanswered(lab, 'peer1', ADDRESS2, 2)).toEqual([]);
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
  });
});

describe.runIf(process.env['SIXBED4_TEST_DRIVER'] !== 'portable')(
  'a router with several threads',
  () => {
    describeKernel('on its own interface', () => {
      let lab: Lab;
      useInternet((built) => {
        lab = built;
      });

      test('shares it with no other process', async () => {
        await startRouter(lab, 'router', '--workers', '2');
        const second = command(
          'router',
          '--listen',
          ROUTER_IPV4,
          '--port',
          '9999',
          '--workers',
          '2',
        );
        const { code, stderr } = await lab.exec('router', second, { mayFail: true });
        expect([code, stderr]).toEqual([1, expect.stringContaining('in use by another process')]);
        expect(await interfacesOf(lab, 'router')).toContain(TUN);
      });
    });
  },
);
