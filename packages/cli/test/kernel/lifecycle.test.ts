import { setTimeout as sleep } from 'node:timers/promises';
import { command, PORT, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { addressesOf, interfacesOf, routesOf, TUN } from '@6bed4/testing/kernel/interfaces';
import {
  addNativeHost,
  NATIVE_ADDRESS,
  ROUTER_ADDRESS,
  ROUTER_IPV4,
} from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { ping, unanswered } from '@6bed4/testing/kernel/ping';
import { routingOf as allRoutingOf } from '@6bed4/testing/kernel/routing';
import { describeDrivers, useInternet } from '@6bed4/testing/kernel/suites';
import { Capture, faultsOf } from '@6bed4/testing/kernel/tshark';
import type { Ending, RunningProgram } from '@6bed4/testing/runningProgram';
import { describe, expect, test } from 'vitest';

describeDrivers('the daemons', () => {
  let lab: Lab;
  useInternet((built) => {
    lab = built;
  });

  /** Waits until a condition holds that the kernel brings about after the end of a process. */
  async function eventually(condition: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 40; attempt++) {
      if (await condition()) return;
      await sleep(50);
    }
    throw new Error('the condition does not hold after 2 s');
  }

  async function socketsOf(label: string): Promise<string> {
    return (await lab.exec(label, ['cat', '/proc/net/udp'])).stdout.trim();
  }

  describe.each<[NodeJS.Signals, Ending]>([
    ['SIGTERM', { code: 0, signal: null }],
    ['SIGINT', { code: 0, signal: null }],
    ['SIGKILL', { code: null, signal: 'SIGKILL' }],
  ])('after %s', (signal, ending) => {
    /** Rules and labels of a killed process stay until the next one starts. */
    async function routingOf(label: string): Promise<string> {
      if (signal === 'SIGKILL') return lab.ip(label, '-6 route show table all');
      return (await allRoutingOf(lab, label)).join('\n');
    }

    test.each(['router', 'peer1'])('leave no interface, route or socket on %s', async (label) => {
      const before = {
        routing: await routingOf(label),
        interfaces: await interfacesOf(lab, label),
        sockets: await socketsOf(label),
      };
      const options = ['--route', '2001:db8:beef::/64'];
      const router = await startRouter(lab, 'router', ...options);
      let daemon: RunningProgram = router;
      if (label === 'peer1') ({ daemon } = await startPeer(lab, label, '--default-route'));
      expect(await routesOf(lab, label)).not.toEqual([]);

      expect(await daemon.stop(signal)).toEqual(ending);

      await eventually(async () => !(await interfacesOf(lab, label)).includes(TUN));
      await eventually(async () => (await socketsOf(label)) === before.sockets);
      expect({
        routing: await routingOf(label),
        interfaces: await interfacesOf(lab, label),
        sockets: await socketsOf(label),
      }).toEqual(before);
      expect(daemon.stderr).toEqual([]);
    });
  });

  test('work when started again after a crash', async () => {
    await startRouter(lab, 'router');
    const first = await startPeer(lab, 'peer1', '--port', '40000');
    await first.daemon.stop('SIGKILL');
    const second = await startPeer(lab, 'peer1', '--port', '40000');
    expect(second.address).toBe(first.address);
    expect(await unanswered(lab, 'peer1', ROUTER_ADDRESS, 2)).toEqual([]);
  });

  test('carry packets when only the router was started again', async () => {
    const router = await startRouter(lab, 'router');
    const peer1 = await startPeer(lab, 'peer1');
    const peer2 = await startPeer(lab, 'peer2');
    await router.stop('SIGKILL');
    await startRouter(lab, 'router');
    expect(await unanswered(lab, 'peer1', peer2.address, 2)).toEqual([]);
    expect(await unanswered(lab, 'peer2', peer1.address, 2)).toEqual([]);
  });

  test('find a router that starts after them', async () => {
    const daemon = lab.spawn('peer1', command('peer', '--router', ROUTER_IPV4));
    await sleep(500);
    expect(daemon.running).toBe(true);
    await startRouter(lab, 'router');
    await daemon.waitForLine(/^ready/);
    expect(await unanswered(lab, 'peer1', ROUTER_ADDRESS, 1)).toEqual([]);
  });

  test('route all IPv6 into the tunnel with --default-route', async () => {
    await addNativeHost(lab);
    await startRouter(lab, 'router');
    await startPeer(lab, 'peer1', '--default-route');
    expect(await routesOf(lab, 'peer1')).toContain('default');
    expect(await ping(lab, 'peer1', NATIVE_ADDRESS)).toMatchObject({ result: 'reply' });
  });

  test('name the interface as --tun does', async () => {
    await startRouter(lab, 'router', '--tun', 'sixrouter');
    const daemon = lab.spawn('peer1', command('peer', '--router', ROUTER_IPV4, '--tun', 'sixpeer'));
    await daemon.waitForLine(/^ready/);
    expect(await interfacesOf(lab, 'router')).not.toContain(TUN);
    expect(await addressesOf(lab, 'router', 'sixrouter')).toHaveLength(1);
    expect(await addressesOf(lab, 'peer1', 'sixpeer')).toHaveLength(1);
  });

  test('send empty keepalives with a small TTL', async () => {
    const capture = await Capture.start(lab, [PORT]);
    await startRouter(lab, 'router');
    await startPeer(lab, 'peer1', '--keepalive', '1');
    await startPeer(lab, 'peer2', '--keepalive', '1,7');
    await sleep(2_500);
    const frames = await capture.stop();
    expect(frames.flatMap(faultsOf)).toEqual([]);
    const keepalives = frames.filter(({ outer }) => outer.length === 0).map(({ outer }) => outer);
    for (const { destination, destinationPort } of keepalives) {
      expect({ destination, destinationPort }).toEqual({
        destination: ROUTER_IPV4,
        destinationPort: PORT,
      });
    }
    const ttlsFrom = (address: string): number[] =>
      keepalives.filter(({ source }) => source === address).map(({ ttl }) => ttl);
    expect(ttlsFrom('198.51.100.2').slice(0, 2)).toEqual([3, 3]);
    expect(ttlsFrom('198.51.100.3').slice(0, 2)).toEqual([7, 7]);
  });

  test('relay without a TUN interface on the router', async () => {
    await startRouter(lab, 'router', '--no-tun');
    const peer1 = await startPeer(lab, 'peer1');
    const peer2 = await startPeer(lab, 'peer2');
    expect(await interfacesOf(lab, 'router')).not.toContain(TUN);
    expect(await unanswered(lab, 'peer1', peer2.address, 2)).toEqual([]);
    expect(await unanswered(lab, 'peer2', peer1.address, 2)).toEqual([]);
    expect(await ping(lab, 'peer1', ROUTER_ADDRESS)).toMatchObject({ result: 'reply' });
  });

  test('serve a native /64 with --prefix', async () => {
    await startRouter(lab, 'router', '--prefix', '2001:db8:64:64::/64');
    const peer1 = await startPeer(lab, 'peer1');
    const peer2 = await startPeer(lab, 'peer2', '--port', '40000');
    expect(peer2.address).toBe('2001:db8:64:64:c433:6403:9c40:8001');
    expect(await unanswered(lab, 'peer1', peer2.address, 2)).toEqual([]);
    expect(await unanswered(lab, 'peer2', peer1.address, 2)).toEqual([]);
  });

  test('use draft01 with --dialect draft01', async () => {
    await startRouter(lab, 'router', '--dialect', 'draft01', '--prefix', '2001:db8:64:64::/64');
    const peer1 = await startPeer(lab, 'peer1', '--dialect', 'draft01');
    const peer2 = await startPeer(lab, 'peer2', '--dialect', 'draft01', '--port', '40000');
    // Port 0x9c40 low byte first with its bit 1 inverted, then the IPv4 address (draft-01 §4.1). Its
    // /64 is a native one, to which a native route of the host would be preferred.
    expect(`${peer2.address}/${peer2.prefixLength}`).toBe('2001:db8:64:64:429c:c6ff:fe33:6403/128');
    expect(await unanswered(lab, 'peer1', peer2.address, 2)).toEqual([]);
    expect(await unanswered(lab, 'peer2', peer1.address, 2)).toEqual([]);
  });
});
