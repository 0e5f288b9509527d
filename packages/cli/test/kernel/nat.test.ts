import { type RunningPeer, startPeer, startRouter } from '@6bed4/testing/kernel/daemons';
import type { Lab } from '@6bed4/testing/kernel/lab';
import {
  buildNatTopology,
  type NatTopology,
  PEER_PORT,
  type Side,
} from '@6bed4/testing/kernel/natTopology';
import { unanswered } from '@6bed4/testing/kernel/ping';
import { program } from '@6bed4/testing/kernel/programs';
import { describeKernel } from '@6bed4/testing/kernel/requirements';
import type { RunningProgram } from '@6bed4/testing/runningProgram';
import { expect, test } from 'vitest';

/** Length of a TCP transfer that shows whether the router is on the path. */
const TRANSFER = 2 << 20;

type PathName = 'direct' | 'lan' | 'relayed';

interface Case {
  readonly title: string;
  readonly topology: NatTopology;
  /** Path of packets from left to right, and from right to left. */
  readonly paths: readonly [PathName, PathName];
  /** Options of both peers; default: they search the local network. */
  readonly options?: readonly string[];
}

const both = (path: PathName): [PathName, PathName] => [path, path];

/*
 * Paths by theory (docs/nat-matrix.md): direct both ways where both mappings are endpoint-independent,
 * as the solicitations of each side open its own filter for the other; relayed where one is not, since
 * the frames of that side come from another endpoint than the one in its address.
 */
const cases: readonly Case[] = [
  {
    title: 'no NAT at all',
    topology: { left: 'none', right: 'none' },
    paths: both('direct'),
  },
  {
    title: 'masquerade on one side',
    topology: { left: 'masquerade', right: 'none' },
    paths: both('direct'),
  },
  {
    title: 'masquerade on both sides',
    topology: { left: 'masquerade', right: 'masquerade' },
    paths: both('direct'),
  },
  {
    title: 'fully random ports on one side, no NAT on the other',
    topology: { left: 'fully-random', right: 'none' },
    paths: both('relayed'),
  },
  {
    title: 'fully random ports against masquerade',
    topology: { left: 'fully-random', right: 'masquerade' },
    paths: both('relayed'),
  },
  {
    title: 'fully random ports on both sides',
    topology: { left: 'fully-random', right: 'fully-random' },
    paths: both('relayed'),
  },
  {
    title: 'masquerade to another port than the peer uses, on both sides',
    topology: { left: 'other-port', right: 'other-port' },
    paths: both('direct'),
  },
  {
    title: 'endpoint-independent filtering against masquerade',
    topology: { left: 'full-cone', right: 'masquerade' },
    paths: both('direct'),
  },
  {
    // The letters c and d of docs/nat-matrix.md: endpoint-independent filtering helps neither way.
    title: 'endpoint-independent filtering against fully random ports',
    topology: { left: 'full-cone', right: 'fully-random' },
    paths: both('relayed'),
  },
  {
    title: 'a forwarded port against none',
    topology: { left: 'forwarding', right: 'none' },
    paths: both('direct'),
  },
  {
    title: 'a forwarded port against masquerade',
    topology: { left: 'forwarding', right: 'masquerade' },
    paths: both('direct'),
  },
  {
    title: 'a forwarded port against fully random ports',
    topology: { left: 'forwarding', right: 'fully-random' },
    paths: both('relayed'),
  },
  {
    // The router is another destination than the remote, so its port is not the forwarded one.
    title: 'a forwarded port beside fully random ports, against none',
    topology: { left: 'forwarding-random', right: 'none' },
    paths: both('relayed'),
  },
  {
    title: 'two levels of NAT against masquerade',
    topology: { left: 'two-levels', right: 'masquerade' },
    paths: both('direct'),
  },
  {
    title: 'two levels of NAT on both sides',
    topology: { left: 'two-levels', right: 'two-levels' },
    paths: both('direct'),
  },
  {
    title: 'two levels of NAT against fully random ports',
    topology: { left: 'two-levels', right: 'fully-random' },
    paths: both('relayed'),
  },
  {
    title: 'UDP blocked but to the router',
    topology: { left: 'router-only', right: 'none' },
    paths: both('relayed'),
  },
  {
    title: 'UDP blocked between the public addresses of two NATs',
    topology: { left: 'masquerade', right: 'masquerade', blocked: true },
    paths: both('relayed'),
  },
  {
    title: 'both on one LAN behind the same NAT',
    topology: { shared: 'lan' },
    paths: both('lan'),
  },
  {
    title: 'both on one LAN behind the same NAT, which they do not search',
    topology: { shared: 'lan' },
    paths: both('relayed'),
    options: [],
  },
  {
    title: 'both on one LAN behind the same NAT, which does hairpinning',
    topology: { shared: 'lan', hairpin: 'external-source' },
    paths: both('lan'),
  },
  {
    title: 'both on one LAN without multicast behind the same NAT, without hairpinning',
    topology: { shared: 'lan', withoutMulticast: true },
    paths: both('relayed'),
  },
  {
    title: 'both on one LAN without multicast behind the same NAT, with hairpinning',
    topology: { shared: 'lan', withoutMulticast: true, hairpin: 'external-source' },
    paths: both('direct'),
  },
  {
    // The solicitation comes from the private endpoint of the sender, so the receiver solicits there. The
    // NAT translates the answers back, so the sender sees no private endpoint.
    title:
      'both on one LAN without multicast behind the same NAT, whose hairpinning keeps the source',
    topology: { shared: 'lan', withoutMulticast: true, hairpin: 'internal-source' },
    paths: ['direct', 'lan'],
  },
  {
    title:
      'both behind the same NAT on networks that multicast does not cross, without hairpinning',
    topology: { shared: 'two-lans' },
    paths: both('relayed'),
  },
  {
    title: 'both behind the same NAT on networks that multicast does not cross, with hairpinning',
    topology: { shared: 'two-lans', hairpin: 'external-source' },
    paths: both('direct'),
  },
];

/** The path to a remote that a peer logged last, or null. */
function pathLogged(daemon: RunningProgram, remote: string): string | null {
  const logged = daemon.stdout.map((line) => /^path (\w+) {2}remote (\S+)/.exec(line));
  return logged.filter((match) => match?.[2] === remote).at(-1)?.[1] ?? null;
}

/** Bytes that reached the router so far. */
async function bytesAtRouter(lab: Lab): Promise<number> {
  const path = '/sys/class/net/eth0/statistics/rx_bytes';
  return Number((await lab.exec('router', ['cat', path])).stdout);
}

/** Sends bytes by TCP and compares what arrived; returns the bytes that reached the router meanwhile. */
async function transfer(lab: Lab, from: Side, to: Side, address: string): Promise<number> {
  const receiver = lab.spawn(to, program('tcpReceiver', 5001));
  await receiver.waitForLine(/listening/);
  const before = await bytesAtRouter(lab);
  const sent = await lab.exec(from, program('tcpSender', address, 5001, TRANSFER), {
    timeout: 25_000,
  });
  const received = JSON.parse(await receiver.waitForLine(/sha256/)) as { bytes: number };
  const passed = (await bytesAtRouter(lab)) - before;
  expect(received.bytes).toBe(TRANSFER);
  expect(received).toEqual(JSON.parse(sent.stdout));
  return passed;
}

async function expectPaths(
  lab: Lab,
  paths: Case['paths'],
  options: readonly string[],
): Promise<void> {
  await startRouter(lab, 'router');
  const start = (side: Side): Promise<RunningPeer> =>
    startPeer(lab, side, '--port', String(PEER_PORT[side]), ...options);
  const [left, right] = await Promise.all([start('left'), start('right')]);
  const directions = [
    { from: 'left', to: 'right', self: left, remote: right, path: paths[0] },
    { from: 'right', to: 'left', self: right, remote: left, path: paths[1] },
  ] as const;
  // Every echo request is answered from the first on, whatever the path is at the time.
  for (const { from, remote } of directions) {
    expect(await unanswered(lab, from, remote.address, 20)).toEqual([]);
  }
  // Searches go with packets.
  for (const { from, remote } of directions) {
    lab.spawn(from, ['ping', '-6', '-i', '0.2', '-c', '60', remote.address]);
  }
  for (const { self, remote, path } of directions) {
    await self.daemon.waitForLine(new RegExp(`^path ${path} .*remote ${remote.address}`));
  }
  for (const { from, to, remote, path } of directions) {
    const passed = await transfer(lab, from, to, remote.address);
    if (path === 'relayed') expect(passed).toBeGreaterThan(TRANSFER);
    else expect(passed).toBeLessThan(TRANSFER / 10);
  }
  for (const { self, remote, path } of directions) {
    expect(pathLogged(self.daemon, remote.address)).toBe(path);
  }
}

describeKernel('two peers and the NATs between them', () => {
  // Most of the time they wait, so several topologies run at once.
  test.concurrent.each(cases)(
    '$title: $paths.0 one way, $paths.1 the other',
    async ({ topology, paths, options = ['--lan-search'] }) => {
      const lab = await buildNatTopology(topology);
      try {
        await expectPaths(lab, paths, options);
      } finally {
        lab.dispose();
      }
    },
  );
});
