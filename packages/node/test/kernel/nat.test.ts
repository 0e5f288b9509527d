import { afterEach, expect, it } from 'vitest';
import type { Daemon } from './support/daemon.js';
import type { Lab } from './support/lab.js';
import { buildNats, PEER_PORT, type Place, type Side } from './support/natTopology.js';
import { countReplies } from './support/ping.js';
import { program } from './support/programs.js';
import { describeKernel } from './support/requirements.js';
import { type RunningPeer, startPeer, startRouter } from './support/topology.js';

/** Bytes of TCP that tell whether the router is on the way. */
const TRANSFER = 4 << 20;

type PathName = 'direct' | 'lan' | 'relayed';

interface Case {
  readonly title: string;
  readonly place: Place;
  /** The way of packets from left to right, and from right to left. */
  readonly paths: readonly [PathName, PathName];
}

const both = (path: PathName): [PathName, PathName] => [path, path];

/*
 * What theory says (docs/nat-matrix.md): direct both ways where both mappings are endpoint-independent,
 * as the questions of each side open its own filter for the other; relayed where one is not, since the
 * frames of that side come from another endpoint than its address spells.
 */
const cases: readonly Case[] = [
  {
    title: 'no NAT at all',
    place: { left: 'none', right: 'none' },
    paths: both('direct'),
  },
  {
    title: 'masquerade on one side',
    place: { left: 'masquerade', right: 'none' },
    paths: both('direct'),
  },
  {
    title: 'masquerade on both sides',
    place: { left: 'masquerade', right: 'masquerade' },
    paths: both('direct'),
  },
  {
    title: 'fully random ports on one side, no NAT on the other',
    place: { left: 'fully-random', right: 'none' },
    paths: both('relayed'),
  },
  {
    title: 'fully random ports against masquerade',
    place: { left: 'fully-random', right: 'masquerade' },
    paths: both('relayed'),
  },
  {
    title: 'fully random ports on both sides',
    place: { left: 'fully-random', right: 'fully-random' },
    paths: both('relayed'),
  },
  {
    title: 'a forwarded port against masquerade',
    place: { left: 'forwarding', right: 'masquerade' },
    paths: both('direct'),
  },
  {
    title: 'a forwarded port against fully random ports',
    place: { left: 'forwarding', right: 'fully-random' },
    paths: both('relayed'),
  },
  {
    title: 'two levels of NAT against masquerade',
    place: { left: 'two-levels', right: 'masquerade' },
    paths: both('direct'),
  },
  {
    title: 'UDP blocked but to the router',
    place: { left: 'router-only', right: 'none' },
    paths: both('relayed'),
  },
  {
    title: 'both on one LAN behind the same NAT',
    place: { shared: 'lan' },
    paths: both('lan'),
  },
  {
    title:
      'both behind the same NAT on networks that multicast does not cross, without hairpinning',
    place: { shared: 'two-lans' },
    paths: both('relayed'),
  },
  {
    title: 'both behind the same NAT on networks that multicast does not cross, with hairpinning',
    place: { shared: 'two-lans-hairpin' },
    paths: both('direct'),
  },
];

/** The path that a peer told about a remote last, or null. */
function pathTold(daemon: Daemon, remote: string): string | null {
  const told = daemon.stdout.map((line) => /^path (\w+) {2}remote (\S+)/.exec(line));
  return told.filter((match) => match?.[2] === remote).at(-1)?.[1] ?? null;
}

/** Bytes that reached the router so far. */
async function bytesAtRouter(lab: Lab): Promise<number> {
  const path = '/sys/class/net/eth0/statistics/rx_bytes';
  return Number((await lab.exec('router', ['cat', path])).stdout);
}

async function transfer(lab: Lab, from: Side, to: Side, address: string): Promise<void> {
  const receiver = lab.spawn(to, program('tcpReceiver', 5001));
  await receiver.waitForLine(/listening/);
  const sent = await lab.exec(from, program('tcpSender', address, 5001, TRANSFER), {
    timeout: 25_000,
  });
  const received = JSON.parse(await receiver.waitForLine(/sha256/)) as { bytes: number };
  expect(received.bytes).toBe(TRANSFER);
  expect(received).toEqual(JSON.parse(sent.stdout));
}

let lab: Lab | null = null;
afterEach(() => {
  lab?.dispose();
  lab = null;
});

describeKernel('two peers and the NATs between them', () => {
  it.each(cases)('$title: $paths.0 one way, $paths.1 the other', async ({ place, paths }) => {
    lab = await buildNats(place);
    await startRouter(lab, 'router');
    const start = (side: Side): Promise<RunningPeer> =>
      startPeer(lab!, side, '--port', String(PEER_PORT[side]));
    const left = await start('left');
    const right = await start('right');
    // Every echo request is answered from the first on, whatever the path is at the time.
    expect(await countReplies(lab, 'left', right.address, 20)).toBe(20);
    expect(await countReplies(lab, 'right', left.address, 20)).toBe(20);
    // Searches go with packets.
    for (const [side, remote] of [
      ['left', right],
      ['right', left],
    ] as const) {
      lab.spawn(side, ['ping', '-6', '-i', '0.2', '-c', '40', remote.address]);
    }
    await left.daemon.waitForLine(new RegExp(`^path ${paths[0]} .*remote ${right.address}`));
    await right.daemon.waitForLine(new RegExp(`^path ${paths[1]} .*remote ${left.address}`));
    const before = await bytesAtRouter(lab);
    await transfer(lab, 'left', 'right', right.address);
    const passed = (await bytesAtRouter(lab)) - before;
    if (paths[0] === 'relayed') expect(passed).toBeGreaterThan(TRANSFER);
    else expect(passed).toBeLessThan(TRANSFER / 10);
    expect(pathTold(left.daemon, right.address)).toBe(paths[0]);
    expect(pathTold(right.daemon, left.address)).toBe(paths[1]);
  });
});
