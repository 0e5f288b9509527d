import { demand, type FuzzTarget, InputReader } from '@6bed4/testing/fuzzTarget';
import { statusIn } from '../../src/control/findDaemons.js';
import type { PeerStatus } from '../../src/control/status.js';
import { reportOf } from '../../src/output/statusReport.js';

const VALUES: readonly unknown[] = [
  ...[0, 1, -1, 0.5, 1e300, 999, 1000, 86_400, Number.MAX_SAFE_INTEGER],
  ...[null, '', '6bed4', 'fc64::1', [], {}],
];

const endpoint = { address: '198.51.100.1', port: 25_790 };
const status: PeerStatus = {
  role: 'peer',
  version: '1.0.0',
  pid: 1,
  uptime: 10,
  inbound: 'open',
  tun: '6bed4',
  endpoint,
  driver: { name: 'linux', reason: null, workers: 1, offloads: [], batches: null },
  counters: {
    ...{ datagramsReceived: 1, datagramBytesReceived: 1, datagramsSent: 1, datagramBytesSent: 1 },
    ...{ packetsTaken: 1, packetBytesTaken: 1, packetsDelivered: 1, packetBytesDelivered: 1 },
    ...{ keepalivesReceived: 0, answersWithheld: 0, remotesRefused: 0, localDrops: 0 },
    ...{ packetsRewrittenToHosts: 0, packetsRewrittenFromHosts: 0 },
    drops: { 'too-big': 3 },
    udp: { queueDrops: 0, sendErrors: { EPERM: 1 }, receiveErrors: {} },
  },
  address: null,
  routers: [],
  lookups: [],
  gateway: null,
  remotes: [],
  interface: null,
  inboundPaths: { direct: 0, lan: 0, relayed: 0 },
  logLinesLost: 0,
  capabilities: ['net_admin'],
};

/** Numbers of a status, of any size. */
export const target: FuzzTarget = {
  longest: 64,
  seeds: [Uint8Array.of(0), Uint8Array.of(3, 1, 5, 2)],
  run(input) {
    const reader = new InputReader(input);
    const changed = structuredClone(status) as unknown as Record<string, Record<string, unknown>>;
    const counters = changed['counters']!;
    for (const key of Object.keys(counters)) {
      if (typeof counters[key] === 'number' && !reader.isOver) {
        counters[key] = Math.abs(Number(reader.pick(VALUES.slice(0, 9))));
      }
    }
    (changed as Record<string, unknown>)['uptime'] = reader.word() * reader.word();
    const found = statusIn({ kind: 'status', status: changed });
    demand(found !== null, 'a status is one');
    const text = reportOf('name', found as PeerStatus);
    demand(!/NaN|undefined|\[object/.test(text), text);
    // What else listens at a path says anything.
    statusIn({ kind: 'status', status: reader.pick(VALUES) });
  },
};
