import { addressesOf, interfacesOf, TUN } from '@6bed4/testing/kernel/interfaces';
import { ping, unanswered } from '@6bed4/testing/kernel/ping';
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

  test('-l serves at the address, and is found by its name', async () => {
    const { address } = await lab.router();
    await lab.peer('laptop', '6bed4peer -fe');
    expect(await unanswered(lab, 'laptop', address, 2)).toEqual([]);
    const { stdout } = await lab.exec('server', ['netstat', '-puntl']);
    expect(stdout).toMatch(/^udp .* 145\.136\.0\.1:25790 .* \d+\/6bed4router/m);
  });

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
    const { stdout } = await lab.exec('server', ['netstat', '-puntl']);
    expect(stdout).toMatch(/^udp .* 127\.0\.0\.1:3000 .*6bed4router/m);
    expect(stdout).not.toContain(':25790 ');
    const one = await lab.peer('laptop', '6bed4peer -fe --peering via-router');
    const two = await lab.peer('other', '6bed4peer -fe --peering via-router');
    expect(one.ready).toContain(`via ${PUBLIC_ROUTER}:25790`);
    expect(await unanswered(lab, 'laptop', address, 2)).toEqual([]);
    expect(await unanswered(lab, 'laptop', two.address, 2)).toEqual([]);
    expect(await unanswered(lab, 'other', one.address, 2)).toEqual([]);
  });

  test.each([
    ['-n 64', 'fc64:64:9188:1::'],
    ['-n 64 -L fc64::/16', 'fc64:64:9188:1::'],
    ['-L 2001:64::/32', '2001:64:9188:1::'],
    ['-L 2001:db8:9::/48 -n 64', '2001:db8:9:64::'],
    ['-L 2001:db8:9:10::/64', '2001:db8:9:10::'],
  ])('%s serves %s', async (options, prefix) => {
    const router = await lab.router(options);
    expect(router.prefix).toBe(prefix);
    const peer = await lab.peer('laptop', '6bed4peer -fe');
    expect(peer.address.startsWith(prefix.slice(0, -1))).toBe(true);
    expect(await unanswered(lab, 'laptop', router.address, 1)).toEqual([]);
  });

  test('-L fd00::/8 serves bits of chance that survive a restart', async () => {
    const first = await lab.router('-L fd00::/8');
    expect(first.prefix).toMatch(/^fd[0-9a-f]{2}:/);
    await first.daemon.stop();
    const second = await lab.router('-L fd00::/8');
    expect(second.prefix).toBe(first.prefix);
  });

  test('-R offers several prefixes, through which their hosts are reached', async () => {
    await lab.host('native');
    await lab.sysctl('server', 'net.ipv6.conf.all.forwarding', 1);
    const addresses = ['2001:db8:1::', '2001:db8:2::'];
    for (const [index, net] of addresses.entries()) {
      const link = [`lan${index}`, `eth${index}`] as const;
      await lab.link(['server', link[0], `${net}1/64`], ['native', link[1], `${net}2/64`]);
    }
    await lab.ip('native', '-6 route add default via 2001:db8:1::1');
    await lab.router('-R 2001:db8:1::/48 -R 2001:db8:2::/48');
    const { ready } = await lab.peer('laptop', '6bed4peer -fe');
    expect(ready).toContain('routes 2001:db8:1::/48 2001:db8:2::/48');
    for (const net of addresses) {
      expect(await ping(lab, 'laptop', `${net}2`)).toMatchObject({ result: 'reply' });
    }
  });

  test('under a native /64, services of the server have the addresses of port 0', async () => {
    await lab.ip('server', '-6 address add 2001:db8:9:10::11/128 dev lo');
    await lab.router('-L 2001:db8:9:10::/64');
    const { address } = await lab.peer('laptop', '6bed4peer -fe');
    const server = lab.spawn('server', [
      process.execPath,
      '-e',
      'require("net").createServer((socket) => socket.end("hello")).listen(80, "2001:db8:9:10::11", () => console.log("listening"))',
    ]);
    await server.waitForLine(/listening/);
    expect(await unanswered(lab, 'laptop', '2001:db8:9:10::11', 2)).toEqual([]);
    const url = 'telnet://[2001:db8:9:10::11]:80';
    const fetched = await lab.exec('laptop', ['curl', '-s', '--max-time', '5', url]);
    expect(fetched.stdout).toBe('hello');
    const back = ['ping', '-6', '-c', '2', '-W', '2', '-I', '2001:db8:9:10::11', address];
    expect((await lab.exec('server', back)).stdout).toContain(' 0% packet loss');
    // An address that the server does not have is nobody's, and goes in no circles.
    expect(await ping(lab, 'laptop', '2001:db8:9:10::12')).not.toMatchObject({ result: 'reply' });
  });

  test.each(['-d', '-t'])(
    '%s /dev/tunX uses a prepared interface, and leaves it',
    async (letter) => {
      await lab.ip('server', 'tuntap add name tun3 mode tun');
      const { address, daemon } = await lab.router(`${letter} /dev/tun3`);
      expect(await addressesOf(lab, 'server', 'tun3')).toEqual([`${address}/64`]);
      expect(await interfacesOf(lab, 'server')).not.toContain(TUN);
      await daemon.stop();
      expect(await interfacesOf(lab, 'server')).toContain('tun3');
    },
  );
}, ['netstat', 'curl']);
