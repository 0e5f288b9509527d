import { expect, test } from 'vitest';
import type { PeerStatus } from '../../src/control/status.js';
import { metricsOf } from '../../src/metrics/metrics.js';
import { PEER, ROUTER } from '../support/statuses.js';

const connections = {
  open: 2,
  accepted: 5,
  failed: { limit: 3, authentication: 1 },
  bytesReceived: 100,
  bytesSent: 2000,
};
const datagrams = {
  open: 1,
  accepted: 4,
  datagramsReceived: 7,
  datagramsSent: 6,
  dropped: { 'too-big': 2 },
};
const PROXY: PeerStatus = {
  ...PEER,
  role: 'proxy',
  proxy: { socks: { listen: '127.0.0.1:1080', ...connections, udp: datagrams }, http: null },
  services: [
    { service: '80=[::1]:8080', ...connections, open: 9 },
    { service: 'udp:53=[::1]:53', ...datagrams, open: 8 },
  ],
};

const valuesOf = async (status: PeerStatus | typeof ROUTER): Promise<string[]> =>
  (await metricsOf(status)).split('\n').filter((line) => !line.startsWith('#'));

test.each([
  'sixbed4_connections{service="socks"} 2',
  'sixbed4_connections{service="80=[::1]:8080"} 9',
  'sixbed4_connections_accepted_total{service="socks"} 5',
  'sixbed4_connections_failed_total{service="socks",reason="limit"} 3',
  'sixbed4_connections_failed_total{service="80=[::1]:8080",reason="authentication"} 1',
  'sixbed4_connection_bytes_total{service="socks",direction="received"} 100',
  'sixbed4_connection_bytes_total{service="socks",direction="sent"} 2000',
  'sixbed4_udp_clients{service="socks"} 1',
  'sixbed4_udp_clients{service="udp:53=[::1]:53"} 8',
  'sixbed4_udp_clients_accepted_total{service="socks"} 4',
  'sixbed4_client_datagrams_total{service="socks",direction="received"} 7',
  'sixbed4_client_datagrams_total{service="udp:53=[::1]:53",direction="sent"} 6',
  'sixbed4_client_datagrams_dropped_total{service="socks",reason="too-big"} 2',
])('a proxy and its services have %s', async (line) => {
  expect(await valuesOf(PROXY)).toContain(line);
});

test('services alone have no proxy', async () => {
  const { proxy: _, ...rest } = PROXY;
  const values = await valuesOf({ ...rest, role: 'serve' });
  expect(values).toContain('sixbed4_connections{service="80=[::1]:8080"} 9');
  expect(values.join()).not.toContain('socks');
});

test('peers and routers have no clients', async () => {
  for (const status of [PEER, ROUTER]) {
    expect((await valuesOf(status)).join()).not.toMatch(/connections|clients/);
  }
});

test('a router has the packets that masquerading rewrote', async () => {
  const counters = {
    ...ROUTER.counters,
    packetsRewrittenToHosts: 3,
    packetsRewrittenFromHosts: 4,
  };
  const values = await valuesOf({ ...ROUTER, counters });
  expect(values).toContain('sixbed4_masqueraded_packets_total{direction="to-hosts"} 3');
  expect(values).toContain('sixbed4_masqueraded_packets_total{direction="from-hosts"} 4');
});
