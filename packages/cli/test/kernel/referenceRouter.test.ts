import { fileURLToPath } from 'node:url';
import { addressesOf, interfacesOf } from '@6bed4/testing/kernel/interfaces';
import { ping, unanswered } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PUBLIC_ROUTER, ReferenceLab } from './support/referenceLab.js';

describeKernel('6bed4router', () => {
  let lab: ReferenceLab;
  beforeEach(async () => {
    lab = new ReferenceLab();
    await lab.build();
  });
  afterEach(() => lab.dispose());

  test('-x serves what a firewall redirects to this computer itself', async () => {
    await lab.sysctl('server', 'net.ipv4.conf.all.route_localnet', 1);
    await lab.nft(
      'server',
      `table ip bypass {
        chain inbound {
          type nat hook prerouting priority dstnat;
          ip daddr ${PUBLIC_ROUTER} udp dport 25790 dnat to 127.0.0.1:3000
        }
      }`,
    );
    const { address, daemon } = await lab.router('-x 3000');
    // The public address is the one that addresses contain.
    expect(address).toBe('fc64:bed:9188:1:9088:1:64be:4000');
    expect(daemon.stdout[0]).toContain('on 127.0.0.1:3000');
    const sockets = await lab.sockets('server');
    expect(sockets).toMatch(/^udp .* 127\.0\.0\.1:3000 .*6bed4router/m);
    expect(sockets).not.toContain(':25790 ');
    const one = await lab.peer('laptop', '6bed4peer -fe --peering via-router');
    const two = await lab.peer('other', '6bed4peer -fe --peering via-router');
    expect(one.ready).toContain(`via ${PUBLIC_ROUTER}:25790`);
    expect(await unanswered(lab, 'laptop', address, 2)).toEqual([]);
    expect(await unanswered(lab, 'laptop', two.address, 2)).toEqual([]);
    expect(await unanswered(lab, 'other', one.address, 2)).toEqual([]);
  });

  test('-L and -n choose the prefix', async () => {
    for (const [options, prefix] of [
      ['-n 64', /^fc64:64:9188:1::$/],
      ['-L 2001:db8:9::/48 -n 64', /^2001:db8:9:64::$/],
      ['-L fd00::/8', /^fd[0-9a-f]{2}(?::[0-9a-f]{1,4}){3}::$/],
    ] as const) {
      const router = await lab.router(options);
      expect(router.prefix).toMatch(prefix);
      expect(await addressesOf(lab, 'server')).toEqual([`${router.address}/64`]);
      await router.daemon.stop();
    }
  });

  test('-R offers prefixes, and -m, -s, -t, -u and -i give the address on the link to a host there', async () => {
    await lab.host('native');
    await lab.sysctl('server', 'net.ipv6.conf.all.forwarding', 1);
    const networks = ['2001:db8:1::', '2001:db8:2::'];
    for (const [index, net] of networks.entries()) {
      const link = [`lan${index}`, `eth${index}`] as const;
      await lab.link(['server', link[0], `${net}1/64`], ['native', link[1], `${net}2/64`]);
    }
    await lab.ip('native', '-6 route add default via 2001:db8:1::1');
    await lab.serve('native', '2001:db8:1::2', 81);
    const sctp = (...args: readonly string[]): string[] => {
      const file = fileURLToPath(new URL('./programs/sctpInUdp.mjs', import.meta.url));
      return [process.execPath, file, ...args];
    };
    for (const words of [program('udpEcho', 46_000), sctp('answer', '7')]) {
      await lab.spawn('native', words).waitForLine(/listening/);
    }
    const rules = '-m 2001:db8:1::2 -t 80:90 -i -u 46000 -s 7';
    await lab.router(`-R 2001:db8:1::/48 -R 2001:db8:2::/48 ${rules}`);
    const { address, ready } = await lab.peer('laptop', '6bed4peer -fe');
    expect(ready).toContain('routes 2001:db8:1::/48 2001:db8:2::/48');
    expect(await ping(lab, 'laptop', '2001:db8:2::2')).toMatchObject({ result: 'reply' });
    const onLink = address.replace(/1$/, '0');
    expect(await lab.fetched('laptop', onLink, 81)).toBe('hello');
    expect(await ping(lab, 'laptop', onLink)).toMatchObject({ result: 'reply' });
    const requests = program('udpRequester', onLink, 46_000, 50, 3, 100);
    expect((await lab.exec('laptop', requests)).stdout.trim()).toBe('answered 3');
    expect((await lab.exec('laptop', sctp('ask', onLink, '7'))).stdout.trim()).toBe(
      `${onLink} 7 true`,
    );
    // The host answers, and not the router.
    await lab.ip('native', 'link set eth0 down');
    expect(await ping(lab, 'laptop', onLink)).not.toMatchObject({ result: 'reply' });
  });

  test('-L of a native /64 leaves port 0 to the server, and -d takes a prepared interface', async () => {
    await lab.ip('server', '-6 address add 2001:db8:9:10::11/128 dev lo');
    await lab.ip('server', 'tuntap add name tun3 mode tun');
    const router = await lab.router('-L 2001:db8:9:10::/64 -d /dev/tun3');
    expect(await addressesOf(lab, 'server', 'tun3')).toEqual([`${router.address}/64`]);
    const { address } = await lab.peer('laptop', '6bed4peer -fe');
    await lab.serve('server', '2001:db8:9:10::11', 80);
    expect(await lab.fetched('laptop', '2001:db8:9:10::11', 80)).toBe('hello');
    const back = ['ping', '-6', '-c', '2', '-W', '2', '-I', '2001:db8:9:10::11', address];
    expect((await lab.exec('server', back)).stdout).toContain(' 0% packet loss');
    // An address that the server does not have is nobody's, and goes in no circles.
    expect(await ping(lab, 'laptop', '2001:db8:9:10::12')).not.toMatchObject({ result: 'reply' });
    await router.daemon.stop();
    expect(await interfacesOf(lab, 'server')).toContain('tun3');
  });
}, ['netstat']);
