import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Daemon } from './support/daemon.js';
import type { Lab } from './support/lab.js';
import { buildNats, loadBox, PEER_PORT, PUBLIC, type Side } from './support/natTopology.js';
import { program } from './support/programs.js';
import { describeKernel } from './support/requirements.js';
import { type RunningPeer, startPeer, startRouter } from './support/topology.js';

/** Seconds between two echo requests. */
const INTERVAL = 0.1;
/** Seconds of calm after a fault, and its longest outage: see docs/direct-paths.md. */
const DIRECT_PATH_NOTICED = 5.5;
const ROUTER_STOPPED = 2;
const MARGIN = 1;

/** Bytes, and bytes a second: a transfer that outlasts all faults. */
const TRANSFER = 11 << 19;
const RATE = 128 << 10;

/** Echo requests that are sent all the time, and when each was answered. */
class Heartbeat {
  readonly #daemon: Daemon;

  constructor(lab: Lab, side: Side, address: string) {
    // Into a pipe, ping would write only now and then.
    const argv = ['stdbuf', '-oL', 'ping', '-6', '-n', '-D', '-O', '-i', String(INTERVAL), address];
    this.#daemon = lab.spawn(side, argv);
  }

  /** The longest time without an answer since `start`, a time in seconds; also that of the last one. */
  longestGap(start: number): number {
    const times = this.#daemon.stdout.flatMap((line) => {
      const match = /^\[(\d+\.\d+)\] \d+ bytes from/.exec(line);
      return match === null ? [] : [Number(match[1])];
    });
    const since = [start, ...times.filter((time) => time > start), Date.now() / 1000];
    return Math.max(...since.slice(1).map((time, index) => time - since[index]!));
  }
}

describeKernel('a direct path through two NATs, with a TCP transfer on it', () => {
  let lab: Lab;
  let router: Daemon;
  let left: RunningPeer;
  let right: RunningPeer;
  let heartbeat: Heartbeat;
  let receiver: Daemon;
  let sender: Daemon;

  beforeAll(async () => {
    lab = await buildNats({ left: 'masquerade', right: 'masquerade' });
    router = await startRouter(lab, 'router');
    left = await startPeer(lab, 'left', '--port', String(PEER_PORT.left));
    right = await startPeer(lab, 'right', '--port', String(PEER_PORT.right));
    heartbeat = new Heartbeat(lab, 'left', right.address);
    await left.daemon.waitForLine(/^path direct/);
    await right.daemon.waitForLine(/^path direct/);
    receiver = lab.spawn('right', program('tcpReceiver', 5001));
    await receiver.waitForLine(/listening/);
    sender = lab.spawn('left', program('tcpSender', right.address, 5001, TRANSFER, RATE));
  });

  afterAll(() => lab?.dispose());

  /** Lets something happen, waits, and tells how long nothing was answered. */
  async function outage(fault: () => Promise<unknown>, seconds: number): Promise<number> {
    const start = Date.now() / 1000;
    await fault();
    await setTimeout(seconds * 1000);
    const gap = heartbeat.longestGap(start);
    console.log(`longest time without an answer: ${gap.toFixed(1)} s`);
    return gap;
  }

  const flush = (side: Side): Promise<unknown> =>
    lab.exec(`${side}Nat`, ['conntrack', '-F'], { mayFail: true });
  const lastPath = (peer: RunningPeer): string | undefined =>
    peer.daemon.stdout.filter((line) => line.startsWith('path ')).at(-1);

  it('goes on when the NATs forget all mappings', async () => {
    const gap = await outage(() => Promise.all([flush('left'), flush('right')]), 7);
    expect(gap).toBeLessThan(DIRECT_PATH_NOTICED + MARGIN);
  });

  it('goes on when a NAT is loaded anew', async () => {
    const gap = await outage(async () => {
      await loadBox(lab, 'left', 'masquerade');
      await flush('left');
    }, 7);
    expect(gap).toBeLessThan(DIRECT_PATH_NOTICED + MARGIN);
  });

  it('does not miss a router that is killed and started again', async () => {
    const gap = await outage(async () => {
      await router.stop('SIGKILL');
      await setTimeout(ROUTER_STOPPED * 1000);
      router = await startRouter(lab, 'router');
    }, 2);
    expect(gap).toBeLessThan(MARGIN);
  });

  it('takes the router when nothing passes directly any more', { timeout: 40_000 }, async () => {
    const gap = await outage(
      () =>
        lab.nft(
          'leftNat',
          `table ip cut {
            chain through {
              type filter hook forward priority filter;
              ip saddr ${PUBLIC.right} drop
              ip daddr ${PUBLIC.right} drop
            }
          }`,
        ),
      10,
    );
    expect(gap).toBeLessThan(DIRECT_PATH_NOTICED + MARGIN);
    expect(lastPath(left)).toMatch(/^path relayed/);
    expect(lastPath(right)).toMatch(/^path relayed/);
  });

  it('misses a router that is killed only until it is back', async () => {
    const gap = await outage(async () => {
      await router.stop('SIGKILL');
      await setTimeout(ROUTER_STOPPED * 1000);
      router = await startRouter(lab, 'router');
    }, 2);
    expect(gap).toBeGreaterThan(ROUTER_STOPPED - INTERVAL);
    expect(gap).toBeLessThan(ROUTER_STOPPED + 2 * MARGIN);
  });

  it('goes direct again once that is possible', { timeout: 90_000 }, async () => {
    const told = left.daemon.stdout.length;
    await lab.exec('leftNat', ['nft', 'delete', 'table', 'ip', 'cut']);
    const gap = await outage(async () => {
      for (let second = 0; second < 70; second++) {
        if (left.daemon.stdout.slice(told).some((line) => line.startsWith('path direct'))) return;
        await setTimeout(1_000);
      }
    }, 1);
    expect(lastPath(left)).toMatch(/^path direct/);
    expect(gap).toBeLessThan(MARGIN);
  });

  it('loses no byte of the transfer', { timeout: 60_000 }, async () => {
    const received = JSON.parse(await receiver.waitForLine(/sha256/, 50_000)) as object;
    const sent = JSON.parse(await sender.waitForLine(/sha256/)) as object;
    expect(received).toEqual(sent);
    expect(received).toMatchObject({ bytes: TRANSFER });
  });
});
