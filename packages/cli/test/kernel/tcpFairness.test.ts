import { setTimeout as sleep } from 'node:timers/promises';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KERNEL, STACK, TcpLab } from './tcp/tcpLab.js';

const SOURCE = '2001:db8:3::2';
const SOURCE_GATEWAY = '2001:db8:3::1';
/** The bottleneck carries 40 Mbit/s, 200 kB in a round trip of 40 ms; as much waits at most. */
const BOTTLENECK = 'rate 40mbit burst 10kb limit 200kb';
const ROUND_TRIP = 40;
/** Milliseconds until both have left slow start, and over which they are compared. */
const BEGIN = 6_000;
const COMPARED = 20_000;
const FOR_EVER = 1e12;

describeKernel('a stack with BBR, the default, and CUBIC of the kernel', () => {
  let net: TcpLab;

  beforeAll(async () => {
    net = await TcpLab.start();
    const { lab } = net;
    await lab.host('source');
    await lab.link(['gateway', 'side', `${SOURCE_GATEWAY}/64`], ['source', 'eth0', `${SOURCE}/64`]);
    await lab.ip('source', `-6 route add default via ${SOURCE_GATEWAY}`);
    await lab.ip('source', 'link set eth0 gso_max_segs 1');
    await lab.exec('gateway', `tc qdisc add dev lan root tbf ${BOTTLENECK}`.split(' '));
    await lab.nft(
      'gateway',
      `table ip6 shares {
          counter stack { }
          counter kernel { }
          chain forward {
            type filter hook postrouting priority filter;
            ip6 saddr ${STACK} counter name stack
            ip6 saddr ${SOURCE} counter name kernel
          }
        }`,
    );
  });

  afterAll(() => net?.dispose());

  async function bytesOf(name: string): Promise<number> {
    const argv = ['nft', '-j', 'list', 'counter', 'ip6', 'shares', name];
    const { stdout } = await net.lab.exec('gateway', argv);
    return Number(/"bytes": (\d+)/.exec(stdout)![1]);
  }

  test('share a bottleneck, neither with more than twice of the other', {
    timeout: 60_000,
  }, async () => {
    const delay = await net.delay(ROUND_TRIP);
    const server = net.lab.spawn('kernel', ['iperf3', '-s', '--forceflush']);
    await server.waitForLine(/listening/);
    const sink = await net.kernel({ role: 'listen' });
    const stack = await net.stack({ role: 'connect', send: FOR_EVER });
    const argv = ['iperf3', '-6', '-c', KERNEL, '-C', 'cubic', '-t', '60'];
    const kernel = net.lab.spawn('source', argv);
    await sleep(BEGIN);
    const before = [await bytesOf('stack'), await bytesOf('kernel')] as const;
    await sleep(COMPARED);
    const after = [await bytesOf('stack'), await bytesOf('kernel')] as const;
    for (const one of [kernel, stack, sink, server, delay]) await one.stop('SIGKILL');
    const shares = [after[0] - before[0], after[1] - before[1]] as const;
    const [ours, theirs] = shares.map((bytes) => (bytes * 8) / 1_000 / COMPARED) as [
      number,
      number,
    ];
    console.log(`stack ${ours.toFixed(1)} Mbit/s, kernel ${theirs.toFixed(1)} Mbit/s`);
    expect(ours + theirs).toBeGreaterThan(30);
    expect(ours / theirs).toBeGreaterThan(0.5);
    expect(ours / theirs).toBeLessThan(2);
  });
}, ['iperf3', 'tc']);
