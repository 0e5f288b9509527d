import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseIPv6 } from '@6bed4/codec';
import { buildNd } from '@6bed4/nd';
import { PORT } from '@6bed4/testing/kernel/daemons';
import { addressesOf } from '@6bed4/testing/kernel/interfaces';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import { markdownTable } from '@6bed4/testing/markdown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FleetNetwork, HOLD_TIME, NATIVE, SERVICE } from './support/fleetNetwork.js';
import { waysOf } from './support/fleetWays.js';
import { type Call, type FlowLoss, NumberedFlow } from './support/numberedFlow.js';

/** Milliseconds after which nothing of an event happens any more. */
const SETTLE = 1_500;
/** Milliseconds that a loaded computer adds to any pause. */
const ALLOWANCE = 1_500;
/** Milliseconds in which BFD notices: three packets each 300 ms. */
const BFD = 900;
const FILE_SIZE = 3_000_000;
const FILE_RATE = '600k';
const SAMPLES = 60;
/** Of an event, how long each flow paused, and what it lost: written there by `npm run bench:fleet`. */
const RESULTS = process.env['SIXBED4_FLEET_RESULTS'];
/** Calls between each two hosts that have one. */
const CALLS = Number(process.env['SIXBED4_FLEET_CALLS'] ?? 1);
const FIRST_PORT = 5004;
const ECHO_PORT = 4000;
/** The peer that an echo runs on, behind a NAT that lets only those in to whose address and port it sent. */
const FILTERED = 6;

/** What an event cost. */
interface Cost {
  readonly event: string;
  readonly flows: readonly FlowLoss[];
  /** Echo requests to a peer from the IPv6 Internet, one each 50 ms, that were not answered. */
  readonly pings: number;
}

/** The number of requests before the last answer that have none. */
function unanswered(lines: readonly string[]): number {
  const numbers = lines.flatMap((line) => /icmp_seq=(\d+) ttl=/.exec(line)?.[1] ?? []).map(Number);
  expect(numbers.length).toBeGreaterThan(0);
  return Math.max(...numbers) - new Set(numbers).size;
}

const delay = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

describeKernel('a fleet of three routers', () => {
  let network: FleetNetwork;
  const flows: NumberedFlow[] = [];
  const costs: Cost[] = [];
  let addresses: string[] = [];
  /** Lines that the peers have printed before all events. */
  let told: string[][] = [];

  beforeAll(async () => {
    network = await FleetNetwork.start();
    await network.startPeers();
    const { lab, peers } = network;
    const file = randomBytes(FILE_SIZE);
    await writeFile(join(lab.folder, 'file'), file);
    const web = ['python3', '-m', 'http.server', '80', '--bind', '::', '--directory', lab.folder];
    lab.spawn('native', web);
    for (let port = FIRST_PORT; port < FIRST_PORT + CALLS; port++) {
      const toPeer = (caller: number, callee: number, way: Call['way']): Call => {
        const { host, address } = peers[callee]!;
        return { caller: peers[caller]!.host, callee: host, address, port, way };
      };
      const calls: readonly Call[] = [
        toPeer(0, 1, 'relayed'),
        toPeer(2, 3, 'relayed'),
        toPeer(4, 5, 'direct'),
        { caller: 'peer6', callee: 'native', address: NATIVE, port, way: 'relayed' },
      ];
      for (const call of calls) flows.push(...(await NumberedFlow.call(lab, call)));
    }
    addresses = await addressesNow();
    told = peers.map(({ daemon }) => [...daemon.stdout]);
  }, 180_000);
  afterAll(async () => {
    network?.dispose();
    if (RESULTS !== undefined) await writeFile(RESULTS, JSON.stringify(costs));
    const rows = costs.map(({ event, flows: all, pings }) => [
      event,
      String(all.filter(({ lost }) => lost > 0).length),
      String(all.reduce((sum, { lost }) => sum + lost, 0)),
      String(pings),
      String(Math.max(...all.map(({ gap }) => gap))),
    ]);
    const head = ['event', 'flows hit', 'datagrams lost', 'pings lost', 'longest pause, ms'];
    console.log(markdownTable([head, ...rows]));
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
    const { lab, peers } = network;
    const transferred = transfers();
    const pinging = lab.spawn('native', ['ping', '-6', '-n', '-i', '0.05', peers[9]!.address]);
    await delay(500);
    const start = Date.now();
    await happen();
    await delay(SETTLE);
    const end = Date.now();
    await delay(300);
    await pinging.stop('SIGINT');
    const cost = {
      event,
      flows: flows.map((flow) => flow.between(start, end)),
      pings: unanswered(pinging.stdout),
    };
    costs.push(cost);
    await transferred;
    expect(await addressesNow()).toEqual(addresses);
    expect(peers.map(({ daemon }) => daemon.stdout)).toEqual(told);
    expect(cost.flows.filter(({ way, lost }) => way === 'direct' && lost > 0)).toEqual([]);
    return cost;
  }

  function nothingLost({ flows: all, pings }: Cost): void {
    expect(all.filter(({ lost }) => lost > 0)).toEqual([]);
    expect(pings).toBe(0);
  }

  const longest = ({ flows: all }: Cost): number => Math.max(...all.map(({ gap }) => gap));

  test('answers from its one address, whichever router a flow goes to', async () => {
    const { lab, routers } = network;
    const solicitation = buildNd({
      type: 'router-solicitation',
      source: parseIPv6('::'),
      destination: parseIPv6('ff02::2'),
      options: [],
    });
    const payload = Buffer.from(solicitation).toString('hex');
    const ask = program('udpFromPorts', SERVICE, PORT, SAMPLES, payload);
    let answers = '';
    const ways = await waysOf(network, '203.0.113.19', async () => {
      answers = (await lab.exec('nat9', ask)).stdout;
    });
    // Not as many as there were questions: routers limit their answers to strangers.
    expect(Object.keys(JSON.parse(answers))).toEqual([`${SERVICE} ${PORT}`]);
    expect(ways).toEqual({ from: routers, to: routers });
  }, 60_000);

  test('reaches a peer by routers that it never sent to, through a NAT that filters', async () => {
    const { lab, routers, peers } = network;
    const { host, address } = peers[FILTERED]!;
    const echo = lab.spawn(host, program('udpEcho', ECHO_PORT));
    await echo.waitForLine(/listening/);
    let answers = '';
    const ways = await waysOf(network, `203.0.113.${10 + FILTERED}`, async () => {
      const ask = program('udpFromPorts', address, ECHO_PORT, SAMPLES, '00');
      answers = (await lab.exec('native', ask)).stdout;
    });
    await echo.stop('SIGTERM');
    expect(JSON.parse(answers)).toEqual({ [`${address} ${ECHO_PORT}`]: SAMPLES });
    expect(ways.from).toHaveLength(1);
    expect(ways.to).toEqual(routers);
  }, 60_000);

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
