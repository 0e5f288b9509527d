import { setTimeout as sleep } from 'node:timers/promises';
import { addressesOf, interfacesOf } from '@6bed4/testing/kernel/interfaces';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { Capture } from '@6bed4/testing/kernel/tshark';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LAPTOP, PUBLIC_ROUTER, ReferenceLab } from './support/referenceLab.js';

describeKernel('6bed4peer', () => {
  let lab: ReferenceLab;
  beforeEach(async () => {
    lab = new ReferenceLab();
    await lab.build();
  });
  afterEach(() => lab.dispose());

  test('-ref -k does what it says since 2020, with keepalives of that period and TTL', async () => {
    const capture = await Capture.start(lab, [25790]);
    await lab.router();
    await lab.peer('laptop', '6bed4peer -refk 1,5');
    expect(await lab.ip('laptop', '-6 route show default')).toContain('metric 1042');
    await sleep(2_600);
    const keepalives = (await capture.stop()).filter(({ outer }) => outer.length === 0);
    expect(keepalives.length).toBeGreaterThanOrEqual(2);
    expect(keepalives.length).toBeLessThanOrEqual(8);
    for (const { outer } of keepalives) {
      expect(outer).toMatchObject({ source: LAPTOP, destination: PUBLIC_ROUTER, ttl: 5 });
    }
  });

  test('-s, -l, -p and -d choose router, own address, own port and a prepared interface', async () => {
    await lab.ip('laptop', 'address add 145.136.0.22/24 dev eth0');
    await lab.ip('laptop', 'tuntap add name tun3 mode tun');
    const router = lab.line('other', '6bed4router -l 145.136.0.3');
    await router.waitForLine(/^ready/);
    const line = '6bed4peer -fe -s 145.136.0.3 -l 145.136.0.22 -p 40000 -d /dev/tun3';
    const { daemon, address, ready } = await lab.peer('laptop', line);
    expect(ready).toContain('via 145.136.0.3:25790  public 145.136.0.22:40000');
    expect(await addressesOf(lab, 'laptop', 'tun3')).toEqual([`${address}/114`]);
    expect(await lab.ip('laptop', '-6 route show default')).toBe('');
    await daemon.stop();
    expect(await interfacesOf(lab, 'laptop')).toContain('tun3');
  });

  /** Puts two hosts into a local network behind a NAT. */
  async function buildLan(): Promise<void> {
    await lab.host('gateway');
    await lab.attach('gateway', '145.136.0.9/24');
    await lab.masquerade('gateway', 'eth0');
    await lab.ip('gateway', 'link add name lan type bridge stp_state 0 mcast_snooping 0');
    await lab.address('gateway', 'lan', '10.0.0.1/24');
    for (const number of [2, 3]) {
      const label = `home${number}`;
      await lab.host(label);
      await lab.link(['gateway', `port${number}`], [label, 'eth0', `10.0.0.${number}/24`]);
      await lab.ip('gateway', `link set port${number} master lan`);
      await lab.ip(label, 'route add default via 10.0.0.1');
    }
  }

  test('-t and -r are the radius of the search on the local network, and 0 is none', async () => {
    await buildLan();
    await lab.router();
    const seen = lab.spawn('gateway', [
      ...['tcpdump', '-n', '-l', '-v', '-i', 'lan', '--immediate-mode'],
      ...['dst', '224.0.0.1', 'and', 'udp', 'port', '25790'],
    ]);
    await seen.waitForLine(/listening on/);
    const group = /^udp .* 224\.0\.0\.1:25790 .*6bed4peer/m;
    const one = await lab.peer('home2', '6bed4peer -fe -t 0');
    const two = await lab.peer('home3', '6bed4peer -fe -t 0');
    expect(await lab.sockets('home2')).not.toMatch(group);
    expect(await unanswered(lab, 'home2', two.address, 2)).toEqual([]);
    expect(seen.stdout).toEqual([]);
    await Promise.all([one.daemon.stop(), two.daemon.stop()]);

    const three = await lab.peer('home2', '6bed4peer -fe -t 3');
    const four = await lab.peer('home3', '6bed4peer -fe -r 3');
    expect(await lab.sockets('home2')).toMatch(group);
    expect(await unanswered(lab, 'home2', four.address, 2)).toEqual([]);
    await three.daemon.waitForLine(/^path lan/);
    expect(await seen.waitForLine(/ttl/)).toContain('ttl 3,');
  });

  test('logs to syslog without -e', async () => {
    await lab.router();
    // A syslog in a /dev of its own, which prints what it gets.
    const syslog =
      'import socket; s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind("/dev/log"); print("listening",flush=True)\n' +
      'while True: print(s.recv(4096).decode(),flush=True)';
    const [node, path] = [process.execPath, new URL('../../bin/6bed4peer.js', import.meta.url)];
    const script = `mount -t tmpfs none /dev && touch /dev/null && { python3 -c '${syslog}' & while ! test -S /dev/log; do sleep 0.1; done; exec ${node} ${path.pathname} -f --no-tun; }`;
    const logged = lab.spawn('laptop', ['unshare', '-m', 'sh', '-c', script]);
    expect(await logged.waitForLine(/ready {2}peer fc64:/)).toMatch(
      /^<30>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d 6bed4peer\[\d+\]: ready/,
    );
    expect(logged.stderr).toEqual([]);
  });
}, ['netstat', 'python3']);
