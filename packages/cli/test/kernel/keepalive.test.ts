import { setTimeout } from 'node:timers/promises';
import { startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import { addressesOf, TUN } from '@6bed4/testing/kernel/interfaces';
import { buildNatTopology } from '@6bed4/testing/kernel/natTopology';
import { countReplies, unanswered } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { Capture, faultsOf } from '@6bed4/testing/kernel/tshark';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { test } from 'vitest';
import { LAPTOP, PUBLIC_ROUTER, ReferenceLab } from './support/referenceLab.js';

/** Seconds after which Linux forgets a UDP mapping that brought one answer, by its own default. */
const FORGETS_AFTER = 30;
/** Minutes for which nobody sends to the peer; the measured claim in docs/direct-paths.md is of ten. */
const MINUTES = Number(process.env['SIXBED4_IDLE_MINUTES'] ?? 1.2);

/** Seconds between keepalives in the published instructions, and how much later one may be seen on a slow machine. */
const PERIOD = 30;
const TOLERANCE = 4;
/** Milliseconds in which programs begin. */
const PATIENCE = 30_000;
/** For the last packets before the silence there is some time more. */
const LONGEST_POLL = { timeout: (2.5 * PERIOD + TOLERANCE) * 1000, interval: 500 };
const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;

interface Sent {
  /** Seconds. */
  readonly at: number;
  readonly ttl: string;
  readonly length: string;
}

/** The datagrams that tcpdump has shown. */
function sentIn({ stdout }: RunningProgram): Sent[] {
  const text = stdout.join('\n');
  return [...text.matchAll(/^(\d+\.\d+) IP \(.*ttl (\d+),.*\n.*UDP, length (\d+)$/gm)].map(
    ([, at, ttl, length]) => ({ at: Number(at), ttl: ttl!, length: length! }),
  );
}

/** Whether a datagram is empty and dies on the way. */
function isKeepalive({ ttl, length }: Sent): boolean {
  return ttl === '3' && length === '0';
}

// They wait side by side.
describeKernel('an idle peer', () => {
  test.concurrent(
    'behind a NAT with random ports that forgets after 30 s keeps its address, and is reached by the first packet',
    async ({ expect }) => {
      const lab = await buildNatTopology({ left: 'fully-random', right: 'none' });
      try {
        const timeouts = ['udp_timeout', 'udp_timeout_stream'].map(
          (name) => `net.netfilter.nf_conntrack_${name}=${FORGETS_AFTER}`,
        );
        await lab.exec('leftNat', ['sysctl', '-w', ...timeouts]);
        await startRouter(lab, 'router');
        const [idle, other] = await Promise.all([startPeer(lab, 'left'), startPeer(lab, 'right')]);
        await setTimeout(MINUTES * 60_000);
        expect(await addressesOf(lab, 'left')).toEqual([`${idle.address}/${idle.prefixLength}`]);
        expect(await countReplies(lab, 'right', idle.address, 1)).toBe(1);
        expect([...idle.daemon.stdout, ...idle.daemon.stderr].join()).not.toContain('changed');
        expect(other.address).not.toBe(idle.address);
      } finally {
        await lab.dispose();
      }
    },
    MINUTES * 60_000 + 60_000,
  );

  // In the dialect of today, and in that of the instructions.
  test.concurrent.for([
    ['', '', 25790],
    [' --dialect draft01', '-L 2001:db8:64:64::/64 --dialect draft01', 25788],
  ] as const)(
    'is what the published instructions show, with 6bed4peer -def%s',
    { timeout: 150_000 },
    async ([option, ofRouter, port], { expect }) => {
      const lab = new ReferenceLab();
      try {
        await lab.build();
        const capture = await Capture.start(lab, [port]);
        const trace = lab.spawn('laptop', [
          'tshark',
          '-l',
          '-n',
          '-i',
          'eth0',
          '-f',
          'udp',
          '-d',
          `udp.port==${port},ip`,
        ]);
        await trace.waitForLine(/Capturing on/, PATIENCE);
        const router = await lab.router(ofRouter);
        const { daemon, address, ready } = await lab.peer('laptop', `6bed4peer -def${option}`);

        // Its port, by the name of the process.
        const found = await lab.exec('laptop', ['sh', '-c', 'netstat -puntl | grep 6bed4']);
        const [, ownPort] = /^udp .* 0\.0\.0\.0:(\d+) .*\/6bed4peer/m.exec(found.stdout) ?? [];
        expect(ready).toContain(`public ${LAPTOP}:${ownPort}`);

        // An address and a default route.
        expect(await lab.ip('laptop', '-6 address show')).toContain(address);
        expect(await lab.ip('laptop', '-6 route show default')).toMatch(
          new RegExp(`dev ${TUN} .*metric 1042`),
        );
        expect(await unanswered(lab, 'laptop', router.address, 2)).toEqual([]);

        // The trace as people read it.
        expect(await trace.waitForLine(/Router Solicitation/)).toMatch(/ :: \S+ ff02::2 +ICMPv6 /);
        expect(await trace.waitForLine(/Router Advertisement/)).toMatch(
          / fe80::\S* \S+ (?:fe80|ff02)::\S* +ICMPv6 /,
        );
        await trace.stop('SIGINT');

        // Silence, but for empty datagrams that die on the way.
        const words = [
          '-n',
          '-l',
          '-v',
          '-tt',
          '-i',
          'eth0',
          '--immediate-mode',
          `src ${LAPTOP} and dst ${PUBLIC_ROUTER}`,
        ];
        const idle = lab.spawn('laptop', ['tcpdump', ...words]);
        await idle.waitForLine(/listening on/, PATIENCE);
        await expect.poll(() => sentIn(idle).filter(isKeepalive).length, LONGEST_POLL).toBe(2);
        await idle.stop('SIGINT');
        const [first, second] = sentIn(idle).slice(-2);
        expect([first, second].map((one) => isKeepalive(one!))).toEqual([true, true]);
        expect(Math.abs(second!.at - first!.at - PERIOD)).toBeLessThan(TOLERANCE);

        // In the foreground, with errors on the console.
        expect(daemon.stdout).toEqual([]);
        expect(daemon.running).toBe(true);
        expect(await daemon.stop()).toEqual({ code: 0, signal: null });
        expect(await lab.ip('laptop', '-6 route show default')).toBe('');

        const frames = await capture.stop();
        expect(frames.flatMap(faultsOf)).toEqual([]);
        const of = (type: number) => frames.find(({ inner }) => inner?.icmpType === type);
        expect(of(ROUTER_SOLICITATION)).toMatchObject({
          outer: { source: LAPTOP, destination: PUBLIC_ROUTER, destinationPort: port },
          inner: { destination: 'ff02::2', hopLimit: 255 },
        });
        expect(of(ROUTER_ADVERTISEMENT)).toMatchObject({
          outer: { source: PUBLIC_ROUTER, destination: LAPTOP, sourcePort: port },
          inner: { source: 'fe80::', hopLimit: 255 },
        });
      } finally {
        await lab.dispose();
      }
    },
  );
}, ['netstat']);
