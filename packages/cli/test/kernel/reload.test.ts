import { chmodSync, writeFileSync } from 'node:fs';
import { command, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { addressesOf } from '@6bed4/testing/kernel/interfaces';
import { buildInternet, ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, beforeEach, expect, test } from 'vitest';

const OFFERED = '2001:db8:beef::/48';
const SILENT_ROUTER = '198.51.100.77';
const COUNT = 200;
const DEVICE = 'mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec "$@"';
/** As the units for systemd start it; everybody may use the device, as is usual. */
const UNPRIVILEGED = [
  ...['unshare', '-m', 'sh', '-c', DEVICE, 'sh'],
  ...['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
  ...['--inh-caps=-all,+net_admin', '--ambient-caps=-all,+net_admin'],
  '--bounding-set=-all,+net_admin',
];

describeKernel('a peer with an interface that reads its configuration again', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await buildInternet();
    await startRouter(lab, 'router', '--route', OFFERED);
  });
  afterEach(() => lab.dispose());

  const tables = async (): Promise<string> =>
    (await lab.exec('peer1', ['nft', 'list', 'tables'])).stdout.trim();

  test.each([
    ['root', []],
    ['a user with CAP_NET_ADMIN', UNPRIVILEGED],
  ])('as %s, changes what changes and loses no packet', async (_, prefix) => {
    const path = `${lab.folder}/peer.toml`;
    const configure = (...lines: readonly string[]): void =>
      writeFileSync(path, ['[peer]', 'control = false', ...lines, ''].join('\n'));
    configure(`router = "${ROUTER_IPV4}"`);
    chmodSync(path, 0o644);
    const daemon = lab.spawn('peer1', [...prefix, ...command('peer', '--config', path)]);
    await daemon.waitForLine(/^ready/);
    const address = (await addressesOf(lab, 'peer1'))[0]!.split('/')[0]!;
    await startPeer(lab, 'peer2');
    // From here on, every packet counts.
    const words = ['ping', '-6', '-n', '-c', String(COUNT), '-i', '0.02', '-W', '2', address];
    const pings = lab.spawn('peer2', words);
    await pings.waitForLine(/icmp_seq=5 /);
    configure(
      `router = ["${SILENT_ROUTER}", "${ROUTER_IPV4}"]`,
      'inbound = "established"',
      `accept-routes = "${OFFERED}"`,
      'log-level = "debug"',
      'direct-keepalive = 60',
    );
    process.kill(daemon.pid, 'SIGHUP');
    const line = await daemon.waitForLine(/^configuration read again/);
    expect(line.split('changed ')[1]!.split(' ').sort()).toEqual([
      ...['accept-routes', 'inbound', 'log-level', 'router'],
    ]);
    await daemon.waitForLine(/^warning: needs a restart: direct-keepalive$/);
    expect(await tables()).toBe('table inet inbound-6bed4');
    expect(await lab.ip('peer1', '-6 route show table main')).toContain(OFFERED);
    configure(`router = "${ROUTER_IPV4}"`, 'inbound = "no"');
    process.kill(daemon.pid, 'SIGHUP');
    await daemon.waitForLine(
      /the configuration stays as it was: .*peer\.toml:4: inbound: found "no"/,
    );
    expect(await tables()).toBe('table inet inbound-6bed4');
    configure(`router = "${ROUTER_IPV4}"`);
    process.kill(daemon.pid, 'SIGHUP');
    await expect.poll(tables).toBe('');
    await expect.poll(() => lab.ip('peer1', '-6 route show table main')).not.toContain(OFFERED);
    const received = await pings.waitForLine(/packets transmitted/, 20_000);
    expect(received).toContain(`${COUNT} packets transmitted, ${COUNT} received, 0% packet loss`);
    expect(await addressesOf(lab, 'peer1')).toHaveLength(1);
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
  });
}, ['nft', 'setpriv', 'unshare']);
