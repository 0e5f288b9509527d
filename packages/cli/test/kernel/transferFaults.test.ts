import { setTimeout as sleep } from 'node:timers/promises';
import { PORT, startPeer, startRouter, useDriver } from '@6bed4/testing/kernel/daemons';
import type { Lab } from '@6bed4/testing/kernel/lab';
import {
  blockDirect,
  buildNatTopology,
  forgetMappings,
  PEER_PORT,
  type Side,
  unblockDirect,
} from '@6bed4/testing/kernel/natTopology';
import { countReplies } from '@6bed4/testing/kernel/ping';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { Capture, faultsOf } from '@6bed4/testing/kernel/tshark';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { numberFrom } from '@6bed4/testing/soak/report';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Exchange } from './faults/exchange.js';
import { OffloadSwitch } from './faults/offloadSwitch.js';
import { TunCapture } from './faults/tunCapture.js';

const MEGABYTE = 1_000_000;
/** Least megabytes in each direction. */
const MEGABYTES = numberFrom('SIXBED4_FAULTS_MEGABYTES', 50);
/** Milliseconds for a megabyte each way, on a loaded computer. */
const PATIENCE = 200;
/** Milliseconds in which a lost path is noticed and another one found, on a loaded computer. */
const RECOVERY = 20_000;
/** Bytes each way that have to pass between two faults. */
const BETWEEN_FAULTS = Math.max(5, MEGABYTES / 50) * MEGABYTE;
/** Milliseconds between two looks. */
const LOOK = 50;
/** Bytes each way that tshark looks at. */
const CAPTURED = 2 * MEGABYTE;

/** Two peers behind NATs that have found the direct path. */
class Peers {
  readonly #daemons: readonly RunningProgram[];
  readonly lab: Lab;
  readonly address: string;

  private constructor(lab: Lab, daemons: readonly RunningProgram[], address: string) {
    this.lab = lab;
    this.#daemons = daemons;
    this.address = address;
  }

  static async start(lab: Lab): Promise<Peers> {
    await startRouter(lab, 'router');
    const [left, right] = await Promise.all(
      (['left', 'right'] as const).map((side) =>
        startPeer(lab, side, '--verbose', '--port', String(PEER_PORT[side])),
      ),
    );
    await countReplies(lab, 'left', right!.address, 3);
    const peers = new Peers(lab, [left!.daemon, right!.daemon], right!.address);
    await peers.take('direct');
    return peers;
  }

  /** Waits until both say that they take a path. */
  async take(path: 'direct' | 'relayed'): Promise<void> {
    await until(`path ${path}`, async () => this.#daemons.every((one) => pathOf(one) === path));
  }
}

function pathOf({ stdout }: RunningProgram): string | undefined {
  return stdout.flatMap((line) => /^path (\w+)/.exec(line)?.[1] ?? []).at(-1);
}

async function until(what: string, is: () => Promise<boolean>, patience = RECOVERY): Promise<void> {
  for (const end = Date.now() + patience; !(await is()); await sleep(LOOK)) {
    if (Date.now() > end) throw new Error(`${what}: not within ${patience} ms`);
  }
}

async function carries(exchange: Exchange, bytes: number): Promise<void> {
  const goal = (await exchange.progress()) + bytes;
  const patience = RECOVERY + (bytes / MEGABYTE) * PATIENCE;
  await until(`${bytes} bytes`, async () => (await exchange.progress()) >= goal, patience);
}

/** Hosts and NATs with an interface on the Internet. */
const HOSTS = ['left', 'right', 'leftNat', 'rightNat', 'router'];

/**
 * Makes captures of the Internet short, by a limit of what NATs send, and complete, by leaving no checksum to
 * virtual Ethernet, which leaves it unfinished.
 */
async function prepareLinks(lab: Lab): Promise<void> {
  const limit = ['root', 'tbf', 'rate', '20mbit', 'burst', '32k', 'latency', '50ms'];
  for (const label of ['leftNat', 'rightNat']) {
    await lab.exec(label, ['tc', 'qdisc', 'add', 'dev', 'eth0', ...limit]);
  }
  for (const label of HOSTS) await lab.exec(label, ['ethtool', '-K', 'eth0', 'tx', 'off']);
}

/** Undoes that, and what a capture did so that each datagram is a frame. */
async function restoreLinks(lab: Lab): Promise<void> {
  for (const label of ['leftNat', 'rightNat']) {
    await lab.exec(label, ['tc', 'qdisc', 'del', 'dev', 'eth0', 'root']);
  }
  for (const label of HOSTS) {
    await lab.exec(label, ['ethtool', '-K', 'eth0', 'tx', 'on']);
    await lab.ip(label, 'link set eth0 gso_max_segs 65535');
  }
}

describeKernel('TCP in both directions through the Linux driver', () => {
  let lab: Lab;
  let peers: Peers;

  beforeAll(async () => {
    useDriver('linux');
    lab = await buildNatTopology({ left: 'masquerade', right: 'masquerade' });
    peers = await Peers.start(lab);
  });

  afterAll(() => {
    useDriver('auto');
    lab?.dispose();
  });

  test('has good checksums on both sides, whichever offloads of the interface are on', {
    timeout: 60_000,
  }, async () => {
    await prepareLinks(lab);
    const wire = await Capture.start(lab, [PORT, ...Object.values(PEER_PORT)]);
    const written = await TunCapture.start(lab, 'right');
    const exchange = await Exchange.start(lab, peers.address);
    const offloads = new OffloadSwitch(lab, false);
    await carries(exchange, CAPTURED);
    await offloads.stop();
    expect((await exchange.finish()).faults).toEqual([]);
    const [frames, segments] = await Promise.all([wire.stop(), written.stop()]);
    expect(frames.flatMap(faultsOf).slice(0, 10)).toEqual([]);
    expect(frames.filter(({ outer }) => !outer.hasGoodChecksums).slice(0, 10)).toEqual([]);
    expect(frames.length).toBeGreaterThan((2 * CAPTURED) / 1220);
    expect(segments.faults.slice(0, 10)).toEqual([]);
    expect(segments.complete).toBeGreaterThan(0);
    expect(segments.partial).toBeGreaterThan(0);
    await restoreLinks(lab);
  });

  test('stays whole while paths change, NATs forget, and offloads are switched', {
    timeout: 120_000 + MEGABYTES * PATIENCE,
  }, async () => {
    const exchange = await Exchange.start(lab, peers.address);
    const offloads = new OffloadSwitch(lab, true);
    const forget = (...sides: Side[]) =>
      Promise.all(sides.map((side) => forgetMappings(lab, side)));
    const faults = [
      () => forget('left', 'right'),
      () => blockDirect(lab),
      () => peers.take('relayed'),
      () => forget('right'),
      () => unblockDirect(lab),
      () => peers.take('direct'),
      () => forget('left'),
    ];
    const goal = (await exchange.progress()) + MEGABYTES * MEGABYTE;
    do {
      for (const fault of faults) {
        await carries(exchange, BETWEEN_FAULTS);
        await fault();
      }
    } while ((await exchange.progress()) < goal);
    await carries(exchange, BETWEEN_FAULTS);
    await offloads.stop();
    const { faults: found, bytes } = await exchange.finish();
    const carried = Object.values(bytes).map((count) => Math.round(count / MEGABYTE));
    console.log(`${carried.join(' and ')} MB, ${offloads.count} switches of offloads`);
    expect(found).toEqual([]);
    expect(Math.min(...carried)).toBeGreaterThan(0);
  });
}, ['conntrack', 'ethtool', 'tc']);
