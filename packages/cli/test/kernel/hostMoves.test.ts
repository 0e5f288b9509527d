import { setTimeout as sleep } from 'node:timers/promises';
import { command, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { addressesOf, TUN } from '@6bed4/testing/kernel/interfaces';
import { ROUTER_ADDRESS, ROUTER_IPV4 } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { ping } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeDrivers, useInternet } from '@6bed4/testing/kernel/suites';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { expect, test } from 'vitest';

/** Milliseconds in which an idle peer has an address of the network that it came to. */
const NEW_ADDRESS = 2_000;

/** The lower half of an address of a peer at 198.51.100.N, as far as it shows N. */
const seenAt = (host: number): RegExp =>
  new RegExp(`c433:64${host.toString(16).padStart(2, '0')}:`);

describeDrivers('when the computer moves', () => {
  let lab: Lab;
  useInternet((built) => {
    lab = built;
  });

  /** A peer with times in its log. */
  function spawnPeer(label: string, ...options: string[]): RunningProgram {
    return lab.spawn(
      label,
      command('peer', '--router', ROUTER_IPV4, '--port', '40000', '--json', ...options),
    );
  }

  /** Milliseconds from `start` to the first message with this text and a match of another pattern. */
  async function timeOf(
    daemon: RunningProgram,
    message: string,
    pattern: RegExp,
    start: number,
  ): Promise<number> {
    const line = await daemon.waitForLine(
      new RegExp(`${pattern.source}.*"msg":"${message}"`),
      20_000,
    );
    return Date.parse((JSON.parse(line) as { time: string }).time) - start;
  }

  test('an idle peer gets its new address within two seconds', async () => {
    await startRouter(lab, 'router');
    const daemon = spawnPeer('peer1');
    await daemon.waitForLine(/"ready"/);
    await lab.ip('peer1', 'addr del 198.51.100.2/24 dev eth0');
    await sleep(1_000);
    await lab.ip('peer1', 'addr add 198.51.100.42/24 dev eth0');
    const start = Date.now();
    const time = await timeOf(daemon, 'address changed', seenAt(42), start);
    expect(time).toBeLessThan(NEW_ADDRESS);
    expect(await ping(lab, 'peer1', ROUTER_ADDRESS)).toMatchObject({ result: 'reply' });
    expect(await addressesOf(lab, 'peer1')).toEqual([expect.stringMatching(seenAt(42))]);
  });

  test('an idle peer follows to another interface within two seconds', async () => {
    await lab.attach('peer1', '198.51.100.43/24', 'eth1');
    await startRouter(lab, 'router');
    const daemon = spawnPeer('peer1');
    await daemon.waitForLine(/"ready"/);
    await lab.ip('peer1', 'link set eth0 down');
    let start = Date.now();
    expect(await timeOf(daemon, 'address changed', seenAt(43), start)).toBeLessThan(NEW_ADDRESS);
    await lab.ip('peer1', 'link set eth1 down');
    await lab.ip('peer1', 'link set eth0 up');
    start = Date.now();
    const back = /"peer":"[^"]*c433:6402:.*"previous":/;
    expect(await timeOf(daemon, 'address changed', back, start)).toBeLessThan(NEW_ADDRESS);
    expect(await ping(lab, 'peer1', ROUTER_ADDRESS)).toMatchObject({ result: 'reply' });
  });

  test('networks that do not matter cause no traffic', async () => {
    await startRouter(lab, 'router');
    const daemon = spawnPeer('peer1');
    await daemon.waitForLine(/"ready"/);
    const before = await receivedBy(lab, 'router');
    for (let index = 0; index < 10; index++) {
      await lab.ip('peer1', 'link add docker0 type bridge');
      await lab.ip('peer1', 'addr add 172.17.0.1/16 dev docker0');
      await lab.ip('peer1', 'link set docker0 up');
      await sleep(100);
      await lab.ip('peer1', 'link delete docker0');
    }
    expect((await receivedBy(lab, 'router')) - before).toBe(0);
    // Whom it asks, and that it is ready.
    expect(daemon.stdout).toHaveLength(2);
  });

  test('a peer that starts before the network says so, and waits', async () => {
    await startRouter(lab, 'router');
    await lab.host('late');
    const daemon = spawnPeer('late');
    const line = await daemon.waitForLine(/no route/);
    expect(JSON.parse(line)).toMatchObject({
      level: 'warn',
      msg: `no route to the router ${ROUTER_IPV4}:25790 yet; waiting`,
    });
    await sleep(4_000);
    expect(daemon.running).toBe(true);
    await lab.attach('late', '198.51.100.44/24');
    const start = Date.now();
    expect(await timeOf(daemon, 'ready', seenAt(44), start)).toBeLessThan(NEW_ADDRESS);
    expect(await ping(lab, 'late', ROUTER_ADDRESS)).toMatchObject({ result: 'reply' });
  });

  test('a tunnel of a program waits for the network, and for no longer than it may', async () => {
    await startRouter(lab, 'router');
    await lab.host('late');
    const open = (timeout: number): RunningProgram =>
      lab.spawn('late', [
        process.execPath,
        '--input-type=module',
        '-e',
        `import { openTunnel } from '@6bed4/node';
        const options = { routers: '${ROUTER_IPV4}', timeout: ${timeout} };
        const tunnel = await openTunnel(options).catch(({ code }) => ({ address: code }));
        console.log('tunnel', tunnel.address);
        await tunnel.close?.();`,
      ]);
    await open(1_000).waitForLine(/^tunnel ENETUNREACH$/);
    const patient = open(20_000);
    await sleep(3_000);
    await lab.attach('late', '198.51.100.46/24');
    await patient.waitForLine(seenAt(46));
    expect((await patient.outcome()).code).toBe(0);
  });

  test('a peer that was stopped for a while gets its new address when it goes on', async () => {
    await lab.host('nat');
    await lab.host('inside');
    await lab.attach('nat', '198.51.100.9/24');
    await lab.link(['nat', 'lan', '192.168.1.1/24'], ['inside', 'eth0', '192.168.1.2/24']);
    await lab.ip('inside', 'route add default via 192.168.1.1');
    await lab.masquerade('nat', 'eth0', { fullyRandom: true });
    await startRouter(lab, 'router');
    const daemon = spawnPeer('inside');
    await daemon.waitForLine(/"ready"/);
    process.kill(daemon.pid, 'SIGSTOP');
    // Masquerading forgets its flows when the interface goes down.
    await lab.ip('nat', 'link set eth0 down');
    await lab.ip('nat', 'link set eth0 up');
    await sleep(6_000);
    process.kill(daemon.pid, 'SIGCONT');
    const start = Date.now();
    expect(await timeOf(daemon, 'address changed', /c433:6409:/, start)).toBeLessThan(3_000);
  });

  test('TCP from an address that is lost ends at once', async () => {
    await startRouter(lab, 'router');
    const { daemon } = await startPeer(lab, 'peer1', '--port', '40000');
    const server = lab.spawn('router', program('tcpReceiver', 7000, 'progress'));
    await server.waitForLine(/listening/);
    const sender = lab.spawn('peer1', program('tcpSender', ROUTER_ADDRESS, 7000, 1e9, 100_000));
    await server.waitForLine(/received/);
    await lab.ip('peer1', 'addr del 198.51.100.2/24 dev eth0');
    await lab.ip('peer1', 'addr add 198.51.100.45/24 dev eth0');
    await daemon.waitForLine(/address changed/);
    const { code, stderr } = await sender.outcome();
    expect([code, stderr.trim()]).toEqual([1, expect.stringContaining('ECONNABORTED')]);
  });

  test('traffic moves from a silent router to another one, and back', async () => {
    const other = '198.51.100.3';
    const first = await startRouter(lab, 'router');
    const second = lab.spawn('peer2', command('router', '--listen', other));
    await second.waitForLine(/^ready/);
    const daemon = spawnPeer('peer1', '--router', other);
    await daemon.waitForLine(/fc64:bed:c633:6401:/);
    await daemon.waitForLine(/fc64:bed:c633:6403:/);
    const preferred = async (): Promise<string[]> => {
      const found = await lab.ip('peer1', `-6 -o addr show dev ${TUN} -deprecated`);
      return found.match(/fc64:bed:c633:640[13]/g) ?? [];
    };
    expect((await preferred()).sort()).toEqual(['fc64:bed:c633:6401', 'fc64:bed:c633:6403']);

    // In use: a packet each 200 ms, until nothing answers.
    const traffic = lab.spawn('peer1', ['ping', '-6', '-i', '0.2', ROUTER_ADDRESS]);
    await traffic.waitForLine(/icmp_seq=5 /);
    await first.stop('SIGKILL');
    const start = Date.now();
    const silent = /"router":"198.51.100.1:25790".*/;
    const left = await timeOf(daemon, 'no answer from router 198.51.100.1:25790', silent, start);
    expect(left).toBeLessThan(5_000);
    expect(await preferred()).toEqual(['fc64:bed:c633:6403']);
    await traffic.stop('SIGKILL');
    // A new connection takes the address that works.
    const secondAddress = 'fc64:bed:c633:6403:c433:6403:64be:8000';
    expect(await ping(lab, 'peer1', secondAddress)).toMatchObject({ result: 'reply' });
    const source = await lab.ip('peer1', '-6 route get fc64:bed:c633:6409::1');
    expect(source).toContain('src fc64:bed:c633:6403:');

    await startRouter(lab, 'router');
    await daemon.waitForLine(/router 198.51.100.1:25790 answers again/, 45_000);
    expect((await preferred()).sort()).toEqual(['fc64:bed:c633:6401', 'fc64:bed:c633:6403']);
  }, 90_000);
});

/** UDP datagrams that programs of a host have received. */
async function receivedBy(lab: Lab, label: string): Promise<number> {
  const { stdout } = await lab.exec(label, ['cat', '/proc/net/snmp']);
  return Number(/^Udp: (\d+)/m.exec(stdout)![1]);
}
