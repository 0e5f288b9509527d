import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addressesOf } from '@6bed4/testing/kernel/interfaces';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { markdownTable } from '@6bed4/testing/markdown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FleetNetwork, HOLD_TIME, NATIVE } from './support/fleetNetwork.js';
import { type FlowLoss, NumberedFlow } from './support/numberedFlow.js';

/** Milliseconds after which nothing of an event happens any more. */
const SETTLE = 1_500;
/** Milliseconds that a loaded computer adds to any pause. */
const ALLOWANCE = 1_500;
/** Milliseconds in which BFD notices: three packets each 300 ms. */
const BFD = 900;
const FILE_SIZE = 3_000_000;
const FILE_RATE = '600k';
const SAMPLES = 60;

/** What an event cost. */
interface Cost {
  readonly event: string;
  readonly flows: readonly FlowLoss[];
}

const delay = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

describeKernel('a fleet of three routers', () => {
  let network: FleetNetwork;
  const flows: NumberedFlow[] = [];
  const costs: Cost[] = [];
  let addresses: string[] = [];

  beforeAll(async () => {
    network = await FleetNetwork.start();
    await network.startPeers();
    const { lab, peers } = network;
    const file = randomBytes(FILE_SIZE);
    await writeFile(join(lab.folder, 'file'), file);
    const web = ['python3', '-m', 'http.server', '80', '--bind', '::', '--directory', lab.folder];
    lab.spawn('native', web);
    const calls = [
      [0, 1],
      [2, 3],
      [4, 5],
    ] as const;
    for (const [caller, callee] of calls) {
      const { host, address } = peers[callee]!;
      flows.push(...(await NumberedFlow.call(lab, peers[caller]!.host, host, address)));
    }
    flows.push(...(await NumberedFlow.call(lab, 'peer6', 'native', NATIVE)));
    addresses = await addressesNow();
  }, 180_000);
  afterAll(() => {
    network?.dispose();
    const rows = costs.map(({ event, flows: all }) => [
      event,
      String(all.filter(({ lost }) => lost > 0).length),
      String(all.reduce((sum, { lost }) => sum + lost, 0)),
      String(Math.max(...all.map(({ gap }) => gap))),
    ]);
    console.log(
      markdownTable([['event', 'flows hit', 'datagrams lost', 'longest pause, ms'], ...rows]),
    );
  });

  function addressesNow(): Promise<string[]> {
    const { lab, peers } = network;
    return Promise.all(peers.map(async ({ host }) => (await addressesOf(lab, host)).join()));
  }

  /** Downloads through the fleet that an event happens to; they have to arrive unchanged. */
  async function transfers(): Promise<void> {
    const { lab } = network;
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    const expected = digest(await readFile(join(lab.folder, 'file')));
    const hosts = ['peer7', 'peer8', 'peer9'];
    await Promise.all(
      hosts.map(async (host) => {
        const path = join(lab.folder, `${host}.file`);
        const limits = ['--limit-rate', FILE_RATE, '--max-time', '60'];
        const from = `http://[${NATIVE}]/file`;
        await lab.exec(host, ['curl', '-sf', ...limits, '-o', path, from], { timeout: 70_000 });
        expect(digest(await readFile(path))).toBe(expected);
      }),
    );
  }

  /** What an event costs: the flows before, meanwhile and until nothing of it happens any more. */
  async function costOf(event: string, happen: () => Promise<void>): Promise<Cost> {
    const transferred = transfers();
    await delay(500);
    const start = Date.now();
    await happen();
    await delay(SETTLE);
    const end = Date.now();
    await delay(300);
    const cost = { event, flows: flows.map((flow) => flow.between(start, end)) };
    costs.push(cost);
    await transferred;
    expect(await addressesNow()).toEqual(addresses);
    return cost;
  }

  function nothingLost({ flows: all }: Cost): void {
    expect(all.filter(({ lost }) => lost > 0)).toEqual([]);
  }

  const longest = ({ flows: all }: Cost): number => Math.max(...all.map(({ gap }) => gap));

  test('carries the packets of its peers by all of them', async () => {
    expect((await network.waysOfPorts(SAMPLES)).size).toBe(3);
    nothingLost(await costOf('nothing', () => delay(1_000)));
  }, 60_000);

  test('loses nothing when a router drains, and when it takes traffic again', async () => {
    const router = await network.busiest();
    const others = network.routers.filter((one) => one !== router);
    const cost = await costOf('drain', async () => {
      await network.drain(router, '--wait', '10');
      await network.untilAnnounced(others);
    });
    nothingLost(cost);
    const resumed = await costOf('resume', async () => {
      await network.drain(router, '--resume');
      await network.untilAnnounced(network.routers);
    });
    nothingLost(resumed);
  }, 90_000);

  test('loses nothing when a router is upgraded', async () => {
    const router = await network.busiest();
    const cost = await costOf('upgrade', async () => {
      await network.drain(router, '--wait', '10');
      await network.stopRouter(router, 'SIGTERM');
      await network.startRouter(router);
      await network.untilAnnounced(network.routers);
    });
    nothingLost(cost);
  }, 90_000);

  test('loses little when a router is restarted without draining', async () => {
    const router = await network.busiest();
    const cost = await costOf('restart', async () => {
      await network.stopRouter(router, 'SIGTERM');
      await network.startRouter(router);
      await network.untilAnnounced(network.routers);
    });
    expect(longest(cost)).toBeLessThan(ALLOWANCE);
  }, 90_000);

  test('is without a killed router as soon as its watch notices', async () => {
    const router = await network.busiest();
    const cost = await costOf('kill -9', () => network.stopRouter(router, 'SIGKILL'));
    expect(longest(cost)).toBeLessThan(ALLOWANCE);
    await network.untilAnnounced(network.routers.filter((one) => one !== router));
    await network.startRouter(router);
    await network.untilAnnounced(network.routers);
  }, 90_000);

  test('is without a router that nobody reaches after the time of BFD', async () => {
    const router = await network.busiest();
    const cost = await costOf('partition, with BFD', async () => {
      await network.partition(router, true);
      await delay(BFD);
    });
    expect(cost.flows.some(({ lost }) => lost > 0)).toBe(true);
    expect(longest(cost)).toBeLessThan(BFD + ALLOWANCE);
    await network.partition(router, false);
    await network.untilAnnounced(network.routers);
  }, 90_000);

  test('is without such a router after the hold time, where there is no BFD', async () => {
    const router = await network.busiest();
    await network.withoutBfd(router);
    const cost = await costOf('partition, without BFD', async () => {
      await network.partition(router, true);
      await delay(HOLD_TIME * 1000);
    });
    expect(longest(cost)).toBeGreaterThan(BFD);
    expect(longest(cost)).toBeLessThan(HOLD_TIME * 1000 + ALLOWANCE);
  }, 90_000);
}, ['bird', 'birdc', 'curl', 'python3']);
