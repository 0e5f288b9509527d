import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  PORT,
  type RunningPeer,
  startPeer,
  startRouter,
  useDriver,
} from '@6bed4/testing/kernel/daemons';
import { interfacesOf, TUN } from '@6bed4/testing/kernel/interfaces';
import { buildInternet, ROUTER_ADDRESS } from '@6bed4/testing/kernel/internet';
import type { Lab } from '@6bed4/testing/kernel/lab';
import { countReplies, ping } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { Capture, faultsOf } from '@6bed4/testing/kernel/tshark';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const TRANSFER = 40_000_000;
const TICKS_PER_SECOND = 100;

/** Processor time of a process so far, in ticks. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Waits until a daemon has compiled its code, which it does after its start while nothing else is to be done. */
async function untilWarm(pid: number): Promise<void> {
  for (let before = Number.NEGATIVE_INFINITY; ; ) {
    const ticks = ticksOf(pid);
    if (ticks - before <= 2) return;
    before = ticks;
    await sleep(300);
  }
}

/** Resident memory of a process, in megabytes. */
function residentOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))!;
  return Number(kilobytes) / 1024;
}

describeKernel('the Linux driver', () => {
  let lab: Lab;

  beforeEach(async () => {
    useDriver('linux');
    lab = await buildInternet();
  });

  afterEach(() => {
    useDriver('auto');
    lab.dispose();
  });

  /** Carries bytes from one host to another over TCP, and compares what arrives. */
  async function transfer(from: string, to: string, address: string, length = TRANSFER) {
    const receiver = lab.spawn(to, program('tcpReceiver', 5001));
    await receiver.waitForLine(/listening/);
    const sender = program('tcpSender', address, 5001, length);
    const sent = await lab.exec(from, sender, { timeout: 60_000 });
    const received = await receiver.waitForLine(/sha256/);
    expect(JSON.parse(sent.stdout).bytes).toBe(length);
    expect(JSON.parse(received)).toEqual(JSON.parse(sent.stdout));
    await receiver.ended;
  }

  /** Pings until packets go from peer to peer without the router. */
  async function becomeDirect(from: RunningPeer, to: RunningPeer): Promise<void> {
    await countReplies(lab, 'peer1', to.address, 3);
    await from.daemon.waitForLine(/^path direct/);
  }

  test('reports its offloads, and why others are off', async () => {
    const router = await startRouter(lab, 'router', '--verbose', '--offloads', 'udp');
    const line = await router.waitForLine(/^driver/);
    expect(line).toMatch(/driver linux {2}workers 1 /);
    expect(line).toMatch(/udp-send on {2}udp-receive on/);
    expect(line).toMatch(/tun-tcp off \(switched off\) {2}tun-udp off \(switched off\)/);
  });

  describe.each(['none', 'udp', 'tun', 'all'])('with offloads: %s', (offloads) => {
    test('carries TCP intact, directly and through a router', { timeout: 120_000 }, async () => {
      await startRouter(lab, 'router', '--offloads', offloads);
      const peer1 = await startPeer(lab, 'peer1', '--offloads', offloads);
      const peer2 = await startPeer(lab, 'peer2', '--offloads', offloads);
      const most = offloads === 'tun' || offloads === 'all' ? 51 : 65_535;
      const link = await lab.ip('peer1', `-d link show dev ${TUN}`);
      expect(link).toContain(`gso_max_segs ${most} `);
      expect(link).toMatch(/qlen 1000\b/);
      await becomeDirect(peer1, peer2);
      await transfer('peer1', 'peer2', peer2.address);
      // The router is a host as well: it relays nothing here, but its interface does what others do.
      await transfer('peer2', 'router', ROUTER_ADDRESS, TRANSFER / 4);
      await transfer('router', 'peer1', peer1.address, TRANSFER / 4);
    });
  });

  test('exchanges TCP with a portable driver in both directions', {
    timeout: 120_000,
  }, async () => {
    useDriver('portable');
    await startRouter(lab, 'router');
    const peer1 = await startPeer(lab, 'peer1');
    useDriver('linux');
    const peer2 = await startPeer(lab, 'peer2');
    await becomeDirect(peer1, peer2);
    await transfer('peer1', 'peer2', peer2.address, TRANSFER / 4);
    await transfer('peer2', 'peer1', peer1.address, TRANSFER / 4);
  });

  test('sends frames without faults with GSO and GRO at both ends', {
    timeout: 90_000,
  }, async () => {
    const capture = await Capture.start(lab, [PORT, 40_000, 40_002]);
    await startRouter(lab, 'router');
    const peer1 = await startPeer(lab, 'peer1', '--port', '40000');
    const peer2 = await startPeer(lab, 'peer2', '--port', '40002');
    await becomeDirect(peer1, peer2);
    await transfer('peer1', 'peer2', peer2.address, TRANSFER / 4);
    const frames = await capture.stop();
    expect(frames.length).toBeGreaterThan(TRANSFER / 4 / 1220);
    expect(frames.flatMap(faultsOf).slice(0, 10)).toEqual([]);
    expect(Math.max(...frames.map(({ outer }) => outer.length))).toBe(1280);
  });

  test.each(['all', 'none'])(
    'carries UDP with GSO and GRO intact, offloads: %s',
    {
      timeout: 60_000,
    },
    async (offloads) => {
      await startRouter(lab, 'router');
      const peer1 = await startPeer(lab, 'peer1', '--offloads', offloads);
      const peer2 = await startPeer(lab, 'peer2');
      await becomeDirect(peer1, peer2);
      const receiver = lab.spawn('peer2', program('udpReceiver', 5001));
      await receiver.waitForLine(/listening/);
      const sent = await lab.exec('peer1', program('udpSegmentSender', peer2.address, 5001, 100));
      const received = await receiver.waitForLine(/sha256/);
      expect(JSON.parse(received)).toEqual(JSON.parse(sent.stdout));
    },
  );

  test('relays on several threads', { timeout: 60_000 }, async () => {
    const router = await startRouter(lab, 'router', '--workers', '3', '--verbose');
    expect(await router.waitForLine(/^driver/)).toMatch(/workers 3 /);
    const relayed = ['--peering', 'via-router'];
    const peer1 = await startPeer(lab, 'peer1', ...relayed);
    const peer2 = await startPeer(lab, 'peer2', ...relayed);
    await transfer('peer1', 'peer2', peer2.address);
    await transfer('router', 'peer1', peer1.address, TRANSFER / 4);
    await router.stop();
    const counters = router.stdout.find((line) => line.startsWith('counters'));
    const [, delivered] = /packetsTaken (\d+)/.exec(counters!)!;
    expect(Number(delivered)).toBeGreaterThan(TRANSFER / 4 / 1220);
  });

  test('sends frames beyond the path MTU in fragments', { timeout: 60_000 }, async () => {
    await startRouter(lab, 'router');
    const peer1 = await startPeer(lab, 'peer1');
    const peer2 = await startPeer(lab, 'peer2');
    await becomeDirect(peer1, peer2);
    for (const label of ['peer1', 'peer2']) await lab.ip(label, 'link set eth0 mtu 1000');
    await transfer('peer1', 'peer2', peer2.address, TRANSFER / 10);
  });

  test('continues after ICMP errors and a firewall that drops', { timeout: 60_000 }, async () => {
    const router = await startRouter(lab, 'router');
    const peer1 = await startPeer(lab, 'peer1');
    const peer2 = await startPeer(lab, 'peer2', '--port', '40000');
    await becomeDirect(peer1, peer2);
    await peer2.daemon.stop('SIGKILL');
    // Nobody listens there any more: every datagram is answered by an error.
    for (let count = 0; count < 5; count++) await ping(lab, 'peer1', peer2.address);
    await lab.nft(
      'peer1',
      'table ip t { chain c { type filter hook output priority 0; meta l4proto udp drop; }; }',
    );
    expect((await ping(lab, 'peer1', ROUTER_ADDRESS)).result).not.toBe('reply');
    await lab.nft('peer1', 'delete table ip t');
    expect(await countReplies(lab, 'peer1', ROUTER_ADDRESS, 3)).toBe(3);
    expect([router.running, peer1.daemon.running]).toEqual([true, true]);
  });

  test('continues after the interface was down under load', { timeout: 60_000 }, async () => {
    await startRouter(lab, 'router');
    const peer1 = await startPeer(lab, 'peer1');
    await untilWarm(peer1.daemon.pid);
    const load = lab.spawn('router', ['ping', '-q', '-f', '-s', '1000', peer1.address]);
    for (let count = 0; count < 5; count++) {
      await lab.ip('peer1', `link set ${TUN} down`);
      const before = ticksOf(peer1.daemon.pid);
      await sleep(300);
      expect(ticksOf(peer1.daemon.pid) - before).toBeLessThan(20);
      await lab.ip('peer1', `link set ${TUN} up`);
      await sleep(100);
    }
    await load.stop('SIGKILL');
    expect(await countReplies(lab, 'peer1', ROUTER_ADDRESS, 3)).toBe(3);
  });

  test.each(['peer1', 'router'])(
    'ends cleanly under load on %s',
    { timeout: 60_000 },
    async (label) => {
      const router = await startRouter(lab, 'router');
      const relayed = ['--peering', 'via-router'];
      const peer1 = await startPeer(lab, 'peer1', ...relayed);
      const peer2 = await startPeer(lab, 'peer2', ...relayed);
      const sink = lab.spawn('peer2', program('tcpReceiver', 5001));
      await sink.waitForLine(/listening/);
      lab.spawn('peer1', program('tcpSender', peer2.address, 5001, 1e12));
      await sleep(1000);
      const daemon: RunningProgram = label === 'router' ? router : peer1.daemon;
      expect(await daemon.stop('SIGTERM', 2000)).toEqual({ code: 0, signal: null });
      expect(daemon.stderr).toEqual([]);
      expect(await interfacesOf(lab, label)).not.toContain(TUN);
    },
  );

  test('uses almost no processor time and little memory when idle', {
    timeout: 60_000,
  }, async () => {
    const router = await startRouter(lab, 'router');
    const { daemon } = await startPeer(lab, 'peer1');
    // V8 collects its garbage of the start once, eight seconds after it.
    await sleep(12_000);
    const pids = [router.pid, daemon.pid];
    const before = pids.map(ticksOf);
    const seconds = 10;
    await sleep(seconds * 1000);
    for (const [index, pid] of pids.entries()) {
      // 0.5 %
      expect(ticksOf(pid) - before[index]!).toBeLessThanOrEqual(0.005 * seconds * TICKS_PER_SECOND);
      expect(residentOf(pid)).toBeLessThan(120);
    }
  });
});
