import { setTimeout as sleep } from 'node:timers/promises';
import { command, PORT, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { addressesOf, interfacesOf, routesOf, TUN } from '@6bed4/testing/kernel/interfaces';
import { ROUTER_ADDRESS, ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { countReplies, ping } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeDrivers, useInternet } from '@6bed4/testing/kernel/suites';
import { expect, test } from 'vitest';

describeDrivers('running daemons', () => {
  let lab: Lab;
  useInternet((built) => {
    lab = built;
  });

  /** Pings until a reply comes, for at most `within` milliseconds. */
  async function answers(label: string, destination: string, within: number): Promise<boolean> {
    const end = Date.now() + within;
    while (Date.now() < end) {
      if ((await ping(lab, label, destination)).result === 'reply') return true;
      await sleep(100);
    }
    return false;
  }

  test('drop random datagrams silently', async () => {
    const router = await startRouter(lab, 'router');
    const { daemon, address } = await startPeer(lab, 'peer1', '--port', '40000');
    await lab.exec('peer2', program('udpNoise', ROUTER_IPV4, PORT, 2_000));
    await lab.exec('peer2', program('udpNoise', '198.51.100.2', 40_000, 2_000));
    expect(await countReplies(lab, 'peer1', ROUTER_ADDRESS, 2)).toBe(2);
    expect(await countReplies(lab, 'router', address, 2)).toBe(2);
    // The router is ready; the peer asks, and is ready.
    expect([...router.stdout, ...daemon.stdout]).toHaveLength(3);
    expect([...router.stderr, ...daemon.stderr]).toEqual([]);
  });

  test('restore addresses and routes after the interface was down', async () => {
    await startRouter(lab, 'router');
    await startPeer(lab, 'peer1', '--default-route');
    for (const label of ['router', 'peer1']) {
      const before = [await addressesOf(lab, label), await routesOf(lab, label)];
      await lab.ip(label, `link set ${TUN} down`);
      await lab.ip(label, `link set ${TUN} up`);
      await sleep(200);
      expect([await addressesOf(lab, label), await routesOf(lab, label)]).toEqual(before);
    }
    expect(await countReplies(lab, 'peer1', ROUTER_ADDRESS, 2)).toBe(2);
  });

  test.each(['router', 'peer1'])('end when the interface of %s is removed', async (label) => {
    const router = await startRouter(lab, 'router');
    const daemon = label === 'router' ? router : (await startPeer(lab, label)).daemon;
    await lab.ip(label, `link delete ${TUN}`);
    const { code } = await daemon.ended;
    expect(code).toBeGreaterThan(0);
    expect(daemon.stderr).toEqual([expect.stringContaining(TUN)]);
  });

  test('continue after a time without IPv4', async () => {
    await startRouter(lab, 'router');
    const { daemon } = await startPeer(lab, 'peer1', '--keepalive', '1');
    await lab.ip('peer1', 'link set eth0 down');
    await countReplies(lab, 'peer1', ROUTER_ADDRESS, 20);
    await sleep(1_200);
    expect(daemon.running).toBe(true);
    await lab.ip('peer1', 'link set eth0 up');
    expect(await answers('peer1', ROUTER_ADDRESS, 5_000)).toBe(true);
    expect(daemon.stderr).toEqual([]);
  });

  test('get a new address when a NAT maps them to another port', async () => {
    await lab.host('nat');
    await lab.host('inside');
    await lab.attach('nat', '198.51.100.9/24');
    await lab.link(['nat', 'lan', '192.168.1.1/24'], ['inside', 'eth0', '192.168.1.2/24']);
    await lab.ip('inside', 'route add default via 192.168.1.1');
    await lab.masquerade('nat', 'eth0', { fullyRandom: true });
    await startRouter(lab, 'router');
    const inside = await startPeer(lab, 'inside', '--port', '40000');
    const outside = await startPeer(lab, 'peer1');
    expect(inside.address).toMatch(/^fc64:bed:c633:6401:c433:6409:/);
    expect(await countReplies(lab, 'peer1', inside.address, 2)).toBe(2);

    // Masquerading forgets its flows when the interface goes down.
    await lab.ip('nat', 'link set eth0 down');
    await lab.ip('nat', 'link set eth0 up');
    expect(await answers('inside', outside.address, 8_000)).toBe(true);

    const [address] = (await addressesOf(lab, 'inside')).map((text) => text.split('/')[0]!);
    expect(await addressesOf(lab, 'inside')).toHaveLength(1);
    expect(address).toMatch(/^fc64:bed:c633:6401:c433:6409:/);
    expect(address).not.toBe(inside.address);
    expect(await countReplies(lab, 'peer1', address!, 2)).toBe(2);
    expect(inside.daemon.stdout.join('\n')).toContain(address);
  });

  test('share a computer with different interface names', async () => {
    await startRouter(lab, 'router');
    const first = await startPeer(lab, 'peer1');
    const second = lab.spawn(
      'peer1',
      command('peer', '--router', ROUTER_IPV4, '--tun', 'second', '--port', '40000'),
    );
    await second.waitForLine(/^ready/);
    expect(await interfacesOf(lab, 'peer1')).toEqual(expect.arrayContaining([TUN, 'second']));
    const own = 'fc64:bed:c633:6401:c433:6402:9c40:8001';
    expect(await addressesOf(lab, 'peer1', 'second')).toEqual([`${own}/114`]);
    const peer2 = await startPeer(lab, 'peer2');
    expect(await countReplies(lab, 'peer2', own, 2)).toBe(2);
    expect(await countReplies(lab, 'peer2', first.address, 2)).toBe(2);
    await second.stop();
    expect(await countReplies(lab, 'peer2', first.address, 2)).toBe(2);
    expect(await countReplies(lab, 'peer1', peer2.address, 2)).toBe(2);
  });

  test('have an address from each of several routers', async () => {
    await startRouter(lab, 'router');
    const second = lab.spawn('peer2', command('router', '--listen', '198.51.100.3'));
    await second.waitForLine(/^ready/);
    const { daemon } = await startPeer(lab, 'peer1', '--router', '198.51.100.3', '--port', '40000');
    await daemon.waitForLine(/fc64:bed:c633:6403:c433:6402:9c40:8001/);
    expect((await addressesOf(lab, 'peer1')).sort()).toEqual([
      'fc64:bed:c633:6401:c433:6402:9c40:8001/114',
      'fc64:bed:c633:6403:c433:6402:9c40:8001/114',
    ]);
    expect(await countReplies(lab, 'peer1', ROUTER_ADDRESS, 2)).toBe(2);
    expect(await countReplies(lab, 'peer1', 'fc64:bed:c633:6403:c433:6403:64be:8000', 2)).toBe(2);
    expect(await countReplies(lab, 'peer2', 'fc64:bed:c633:6403:c433:6402:9c40:8001', 2)).toBe(2);
  });

  test('relay between the peers of two routers', async () => {
    const routers = { router: ROUTER_IPV4, other: '198.51.100.4' };
    await lab.host('other');
    await lab.attach('other', `${routers.other}/24`);
    await startRouter(lab, 'router');
    const other = lab.spawn('other', command('router', '--listen', routers.other));
    await other.waitForLine(/^ready/);
    const peer1 = await startPeer(lab, 'peer1');
    const peer2 = lab.spawn('peer2', command('peer', '--router', routers.other, '--port', '40000'));
    await peer2.waitForLine(/^ready/);
    const address2 = 'fc64:bed:c633:6404:c433:6403:9c40:8001';
    expect(await ping(lab, 'peer1', address2)).toEqual({ result: 'reply', hopLimit: 61 });
    expect(await countReplies(lab, 'peer2', peer1.address, 2)).toBe(2);
  });
});
