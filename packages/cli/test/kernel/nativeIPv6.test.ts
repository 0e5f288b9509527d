import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, type RunningPeer, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { interfacesOf, TUN } from '@6bed4/testing/kernel/interfaces';
import {
  addNativeHost,
  buildInternet,
  NATIVE_ADDRESS,
  ROUTER_ADDRESS,
  ROUTER_IPV4,
} from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { routeTo, routingOf, sourceTowards } from '@6bed4/testing/kernel/routing';
import { describeDrivers } from '@6bed4/testing/kernel/suites';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';

/** What a router offers that would like all traffic. */
const GREEDY = ['2000::/3', '::/0', '::/1', '8000::/1', '2001:4860:4860::/64', 'fd12::/16'];
const USUAL = ['2000::/3', '::/0', '2001:4860:4860::/64'];
const offers = (prefixes: readonly string[]) => prefixes.flatMap((each) => ['--route', each]);

const OWN_NATIVE = '2001:db8:aaaa::2';
const GATEWAY = '2001:db8:aaaa::1';
/** Destinations of native IPv6: by the default route, by a longer one, and on the link. */
const NATIVE = [
  '2a00:1450:4009::1',
  '2001:4860:4860::8888',
  'fd12:3456:789a::1',
  'fd99::1',
  '2001:db8:aaaa::9',
];

/** Gives `peer1` native IPv6 by a gateway. */
async function addNativeIPv6(lab: Lab): Promise<void> {
  await lab.host('gateway');
  await lab.link(['peer1', 'eth1', `${OWN_NATIVE}/64`], ['gateway', 'eth0', `${GATEWAY}/64`]);
  await lab.ip('peer1', `-6 route add default via ${GATEWAY}`);
  await lab.ip('peer1', `-6 route add fd99::/64 via ${GATEWAY}`);
}

async function routesTo(lab: Lab, destinations: readonly string[], from?: string) {
  const found = new Map<string, object | null>();
  for (const each of destinations) found.set(each, await routeTo(lab, 'peer1', each, from));
  return found;
}

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 40; attempt++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the condition does not hold after 2 s');
}

const isGone = (lab: Lab) => async () => !(await interfacesOf(lab, 'peer1')).includes(TUN);

describeDrivers('a host with native IPv6 and a router that offers all of it', () => {
  let lab: Lab;
  let peer: RunningPeer;
  let before: Awaited<ReturnType<typeof routesTo>>;

  beforeAll(async () => {
    lab = await buildInternet();
    await addNativeIPv6(lab);
    before = await routesTo(lab, NATIVE);
    await startRouter(lab, 'router', ...offers(GREEDY));
    peer = await startPeer(lab, 'peer1');
  });
  afterAll(() => lab?.dispose());

  test('reaches native destinations as before', async () => {
    expect(await routesTo(lab, NATIVE)).toEqual(before);
    for (const route of before.values()) {
      expect(route).toEqual({ device: 'eth1', source: OWN_NATIVE });
    }
  });

  test('reaches them natively from its native address', async () => {
    for (const route of (await routesTo(lab, NATIVE, OWN_NATIVE)).values()) {
      expect(route).toMatchObject({ device: 'eth1' });
    }
  });

  test('reaches them by the tunnel from its 6bed4 address', async () => {
    for (const destination of ['2a00:1450:4009::1', '2001:4860:4860::8888', 'fd12::1']) {
      expect(await routeTo(lab, 'peer1', destination, peer.address)).toMatchObject({ device: TUN });
    }
  });

  test('has a default route into the tunnel only for packets from its 6bed4 address', async () => {
    const all = await lab.ip('peer1', '-6 route show table all');
    const [found, ...others] = all.match(/^default dev 6bed4.*$/gm)!;
    expect([found, others]).toEqual([expect.stringContaining(' table '), []]);
    expect(await routeTo(lab, 'peer1', '4000::1')).toEqual({ device: 'eth1', source: OWN_NATIVE });
    expect(await routeTo(lab, 'peer1', '4000::1', peer.address)).toMatchObject({ device: TUN });
  });

  test('reaches 6bed4 destinations by the tunnel', async () => {
    const expected = { device: TUN, source: peer.address };
    for (const destination of [ROUTER_ADDRESS, 'fc64:bed:c633:6409::1', '2001:64::1']) {
      expect(await routeTo(lab, 'peer1', destination)).toEqual(expected);
    }
    expect(await unanswered(lab, 'peer1', ROUTER_ADDRESS, 2)).toEqual([]);
  });

  test('gives programs the address that fits the destination', async () => {
    expect(await sourceTowards(lab, 'peer1', '2a00:1450:4009::1')).toBe(OWN_NATIVE);
    expect(await sourceTowards(lab, 'peer1', '2001:4860:4860::8888')).toBe(OWN_NATIVE);
    expect(await sourceTowards(lab, 'peer1', ROUTER_ADDRESS)).toBe(peer.address);
  });
});

describeKernel('the routes of a peer', () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await buildInternet();
    await startRouter(lab, 'router', ...offers(USUAL));
  });
  afterEach(() => lab?.dispose());

  test('with --accept-routes win over native ones within that prefix only', async () => {
    await addNativeIPv6(lab);
    const peer = await startPeer(lab, 'peer1', '--accept-routes', '2001:4860:4860::/64');
    const native = { device: 'eth1', source: OWN_NATIVE };
    expect(await routeTo(lab, 'peer1', '2a00:1450:4009::1')).toEqual(native);
    expect(await routeTo(lab, 'peer1', '2001:4860:4861::1')).toEqual(native);
    expect(await routeTo(lab, 'peer1', '2001:4860:4860::8888')).toEqual({
      device: TUN,
      source: peer.address,
    });
    expect(await sourceTowards(lab, 'peer1', '2001:4860:4860::8888')).toBe(peer.address);
  });

  test('serve a host without native IPv6, and do not include ::/0', async () => {
    const peer = await startPeer(lab, 'peer1');
    const tunnel = { device: TUN, source: peer.address };
    expect(await routeTo(lab, 'peer1', '2a00:1450:4009::1')).toEqual(tunnel);
    expect(await sourceTowards(lab, 'peer1', '2a00:1450:4009::1')).toBe(peer.address);
    expect(await routeTo(lab, 'peer1', '4000::1')).toBeNull();
    expect(await routeTo(lab, 'peer1', '4000::1', peer.address)).toBeNull();
    await addNativeHost(lab);
    expect(await unanswered(lab, 'peer1', NATIVE_ADDRESS, 2)).toEqual([]);
  });

  test('include ::/0 with --default-route, which only packets from the tunnel prefer', async () => {
    await addNativeIPv6(lab);
    const peer = await startPeer(lab, 'peer1', '--default-route');
    const native = { device: 'eth1', source: OWN_NATIVE };
    expect(await routeTo(lab, 'peer1', '4000::1')).toEqual(native);
    expect(await routeTo(lab, 'peer1', '4000::1', peer.address)).toMatchObject({ device: TUN });
    await lab.ip('peer1', 'link del eth1');
    const tunnel = { device: TUN, source: peer.address };
    expect(await routeTo(lab, 'peer1', '4000::1')).toEqual(tunnel);
  });

  test('give way to native IPv6 that comes later, and return when it goes', async () => {
    const peer = await startPeer(lab, 'peer1');
    await addNativeIPv6(lab);
    const destination = '2a00:1450:4009::1';
    const native = { device: 'eth1', source: OWN_NATIVE };
    expect(await routeTo(lab, 'peer1', destination)).toEqual(native);
    await lab.ip('peer1', 'link del eth1');
    expect(await routeTo(lab, 'peer1', destination)).toEqual({
      device: TUN,
      source: peer.address,
    });
  });

  test('are there again when the interface was down', async () => {
    const peer = await startPeer(lab, 'peer1', '--accept-routes', '2001:4860::/32');
    const before = await routingOf(lab, 'peer1');
    // This removes them; the daemon may bring it up before we do, and adds one after the other.
    await lab.ip('peer1', `link set ${TUN} down`);
    await lab.ip('peer1', `link set ${TUN} up`);
    const after = async () => (await routingOf(lab, 'peer1')).sort();
    await expect.poll(after, { timeout: 10_000 }).toEqual(before.sort());
    expect(await sourceTowards(lab, 'peer1', '2a00:1450:4009::1')).toBe(peer.address);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('are all taken back after %s', async (signal) => {
    await addNativeIPv6(lab);
    const before = await routingOf(lab, 'peer1');
    const { daemon } = await startPeer(lab, 'peer1', '--default-route');
    const during = (await routingOf(lab, 'peer1')).join('\n');
    expect(during).toMatch(/^5210:/m);
    expect(during).toMatch(/^32800:/m);
    expect(during).toMatch(/^prefix fc64::\/16 dev 6bed4 label 27629/m);
    await daemon.stop(signal);
    await eventually(isGone(lab));
    expect(await routingOf(lab, 'peer1')).toEqual(before);
  });

  test('are all taken back by the next daemon after SIGKILL', async () => {
    const before = await routingOf(lab, 'peer1');
    const first = await startPeer(lab, 'peer1');
    const rules = (await lab.ip('peer1', '-6 rule')).split('\n').length;
    await first.daemon.stop('SIGKILL');
    await eventually(isGone(lab));
    expect((await routingOf(lab, 'peer1')).join('\n')).toMatch(/^5210:/m);
    const second = await startPeer(lab, 'peer1');
    expect((await lab.ip('peer1', '-6 rule')).split('\n')).toHaveLength(rules);
    await second.daemon.stop('SIGTERM');
    await eventually(isGone(lab));
    expect(await routingOf(lab, 'peer1')).toEqual(before);
  });

  test('leave the rules of another peer on the same host alone', async () => {
    const first = await startPeer(lab, 'peer1');
    const rules = await lab.ip('peer1', '-6 rule');
    const second = await startPeer(lab, 'peer1', '--tun', 'second');
    expect((await lab.ip('peer1', '-6 rule')).split('\n').length).toBeGreaterThan(
      rules.split('\n').length,
    );
    await second.daemon.stop('SIGTERM');
    expect(await lab.ip('peer1', '-6 rule')).toBe(rules);
    await first.daemon.stop('SIGTERM');
  });
});

describeKernel('an interface that was prepared', () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await buildInternet();
    await startRouter(lab, 'router', ...offers(USUAL));
  });
  afterEach(() => lab?.dispose());

  test('loses routes, rules and labels when the peer ends, also a killed one', async () => {
    await lab.ip('peer1', `tuntap add name ${TUN} mode tun`);
    const first = await startPeer(lab, 'peer1', '--port', '40000');
    await first.daemon.stop('SIGTERM');
    const before = await routingOf(lab, 'peer1');
    expect(before.join('\n')).not.toMatch(/5210|32800|27629|2000::\/3/);
    const second = await startPeer(lab, 'peer1', '--port', '40000');
    await second.daemon.stop('SIGKILL');
    expect((await routingOf(lab, 'peer1')).join('\n')).toMatch(/5210[\s\S]*32800[\s\S]*27629/);
    const third = await startPeer(lab, 'peer1', '--port', '40000');
    await third.daemon.stop('SIGTERM');
    expect(await routingOf(lab, 'peer1')).toEqual(before);
  });
});

describeKernel('a peer without privileges', () => {
  let lab: Lab;
  afterEach(() => lab?.dispose());

  test('warns once of each thing that it cannot set, and works with what was prepared', async () => {
    lab = await buildInternet();
    await startRouter(lab, 'router', ...offers(USUAL));
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    // The usual permissions of the device, wherever this runs.
    const device = 'mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200';
    const withDevice = ['unshare', '--mount', 'sh', '-c', `${device} && exec "$@"`, 'sh'];
    // The address that the peer is going to get at this port.
    await lab.ip('peer1', `tuntap add name ${TUN} mode tun user 65534`);
    await lab.ip('peer1', `link set ${TUN} up mtu 1280`);
    await lab.ip('peer1', `addr add fc64:bed:c633:6401:c433:6402:9c40:8001/114 dev ${TUN}`);
    await lab.ip('peer1', `-6 route add fc64::/16 dev ${TUN}`);
    const argv = command('peer', '--router', ROUTER_IPV4, '--port', '40000');
    const daemon = lab.spawn('peer1', [...withDevice, ...nobody, ...argv]);
    await daemon.waitForLine(/routing needs root or CAP_NET_ADMIN: run "ip addrlabel add/);
    const warnings = daemon.stdout.filter((line) => line.includes('needs root'));
    expect(warnings.filter((line) => !/: run "ip .+"/.test(line))).toEqual([]);
    expect(new Set(warnings).size).toBe(warnings.length);
    expect(await unanswered(lab, 'peer1', ROUTER_ADDRESS, 2)).toEqual([]);
    expect(await routeTo(lab, 'peer1', '2a00:1450:4009::1')).toBeNull();
    expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});

describeKernel('the gai.conf of the documentation', () => {
  let lab: Lab;
  afterEach(() => lab?.dispose());

  test('makes glibc put native destinations before those of the tunnel', async () => {
    const page = new URL('../../../../docs/address-selection.md', import.meta.url);
    const [, table] = /```conf\n([\s\S]+?)```/.exec(readFileSync(page, 'utf8'))!;
    lab = await buildInternet();
    await addNativeIPv6(lab);
    await lab.ip('peer1', 'route add default via 198.51.100.1');
    await startRouter(lab, 'router');
    await startPeer(lab, 'peer1');
    const destinations = ['fc64:bed:c000:201::1', '203.0.113.9', '2a00:1450:4009::1'];
    const file = (name: string): string => join(lab.folder, name);
    writeFileSync(file('gai.conf'), table!);
    writeFileSync(file('hosts'), destinations.map((each) => `${each} multi\n`).join(''));
    writeFileSync(file('nsswitch.conf'), 'hosts: files\n');
    const mount = (name: string): string => `mount --bind ${file(name)} /etc/${name}`;
    const order = async (...names: readonly string[]): Promise<string[]> => {
      const script = [...names.map(mount), 'getent ahosts multi'].join(' && ');
      const { stdout } = await lab.exec('peer1', ['unshare', '--mount', 'sh', '-c', script]);
      const found = stdout.split('\n').filter((line) => line.includes('STREAM'));
      return found.map((line) => line.split(' ')[0]!);
    };
    const [tunnel, ipv4, native] = destinations;
    expect(await order('hosts', 'nsswitch.conf', 'gai.conf')).toEqual([native, ipv4, tunnel]);
    // As long as glibc does without, the documentation has to say so.
    writeFileSync(file('gai.conf'), '');
    expect(await order('hosts', 'nsswitch.conf', 'gai.conf')).toEqual([tunnel, native, ipv4]);
  });
});

describeKernel('address labels', () => {
  let lab: Lab;
  afterEach(() => lab?.dispose());

  test('rank addresses of the tunnel behind native ones of another interface', async () => {
    lab = await buildInternet();
    await lab.host('gateway');
    await lab.link(['peer1', 'eth1'], ['gateway', 'eth0']);
    await lab.ip('peer1', 'link set eth1 up');
    await lab.ip('gateway', 'link set eth0 up');
    await lab.ip('peer1', 'addr add 2a00:aaaa::1/128 dev lo');
    await lab.ip('peer1', '-6 route add default via fe80::1 dev eth1 onlink');
    await startRouter(lab, 'router', '--prefix', '2001:64::/32');
    const peer = await startPeer(lab, 'peer1');
    expect(peer.address).toMatch(/^2001:64:/);
    // The address of the tunnel has more bits in common with this destination.
    const destination = '2001:67c::1';
    const native = { device: 'eth1', source: '2a00:aaaa::1' };
    expect(await routeTo(lab, 'peer1', destination)).toEqual(native);
    expect(await sourceTowards(lab, 'peer1', destination)).toBe('2a00:aaaa::1');
    expect(await routeTo(lab, 'peer1', '2001:64::1')).toEqual({
      device: TUN,
      source: peer.address,
    });
    const label = ['prefix', '2001:64::/32', 'dev', TUN, 'label', '27629'];
    // The peer puts it back when it looks.
    await vi.waitFor(async () => {
      await lab.exec('peer1', ['ip', 'addrlabel', 'del', ...label], { mayFail: true });
      expect(await routeTo(lab, 'peer1', destination)).toMatchObject({ source: peer.address });
    });
  });
});
