import type { PeerStatus, RemoteStatus, RouterStatus } from '../../src/control/status.js';

const COUNTERS = {
  datagramsReceived: 12_345,
  datagramBytesReceived: 6_000_000,
  datagramsSent: 2,
  datagramBytesSent: 96,
  packetsTaken: 3,
  packetBytesTaken: 1500,
  packetsDelivered: 4,
  packetBytesDelivered: 999,
  keepalivesReceived: 0,
  answersWithheld: 1,
  remotesRefused: 0,
  packetsRewrittenToHosts: 0,
  packetsRewrittenFromHosts: 0,
  drops: { 'source-mismatch': 2000, 'hop-limit-exceeded': 1 },
  udp: { sendErrors: { ENETUNREACH: 3 }, receiveErrors: { ECONNREFUSED: 1 }, queueDrops: 5 },
  localDrops: 0,
};

/** The status of a router. */
export const ROUTER: RouterStatus = {
  role: 'router',
  version: '1.2.3',
  logLinesLost: 0,
  capabilities: null,
  pid: 42,
  uptime: 7500,
  tun: '6bed4',
  interface: { name: '6bed4', missing: [], disputed: [], restorations: 0 },
  inbound: null,
  endpoint: { address: '198.51.100.1', port: 25790 },
  driver: { name: 'portable', reason: null, workers: 0, offloads: [], batches: null },
  counters: COUNTERS,
  address: 'fc64:bed:c633:6401:c433:6401:64be:8000',
  prefix: 'fc64:bed:c633:6401::/64',
  publicEndpoint: { address: '198.51.100.1', port: 25790 },
  masquerade: [],
  draining: false,
  dialect: 'draft03',
};

/** The status of a peer without an address. */
export const PEER: PeerStatus = {
  ...ROUTER,
  role: 'peer',
  address: null,
  routers: [],
  lookups: [],
  gateway: null,
  remotes: [],
  inboundPaths: { direct: 0, lan: 0, relayed: 0 },
};

/** A remote with a direct path. */
export const REMOTE: RemoteStatus = {
  address: 'fc64::2',
  direction: 'outbound',
  path: 'direct',
  endpoint: { address: '203.0.113.6', port: 40_002 },
  confirmedBy: 'neighbor-advertisement',
  confirmedAgo: 3,
  roundTripMs: 1.234,
  search: null,
  createdAgo: 100,
  sentAgo: 1,
  receivedAgo: null,
  packetsSentDirect: 1000,
  packetsSentRelayed: 1,
  packetsReceivedDirect: 0,
  packetsReceivedRelayed: 0,
};
