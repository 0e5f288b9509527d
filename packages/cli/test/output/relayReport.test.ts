import { expect, test } from 'vitest';
import type { PeerStatus } from '../../src/control/status.js';
import { relayLines } from '../../src/output/relayReport.js';

const CONNECTIONS = {
  open: 1,
  accepted: 2_000,
  failed: {},
  bytesReceived: 1_000,
  bytesSent: 2_500_000,
};
const UDP = { open: 0, accepted: 0, datagramsReceived: 0, datagramsSent: 0, dropped: {} };
const lines = (part: Partial<PeerStatus>) => relayLines(part as PeerStatus);

test('a peer has no lines about proxies and services', () => {
  expect(lines({})).toEqual([]);
});

test('a proxy has a line for each listener, and for UDP once there was some', () => {
  const socks = { listen: '127.0.0.1:1080', ...CONNECTIONS, failed: { refused: 3, limit: 0 } };
  const http = { listen: '127.0.0.1:8080', ...CONNECTIONS };
  expect(lines({ proxy: { socks: { ...socks, udp: UDP }, http } })).toEqual([
    '  socks       127.0.0.1:1080  1 of 2,000 connections open, received 1.00 kB, sent 2.50 MB, failed: refused 3',
    '  http        127.0.0.1:8080  1 of 2,000 connections open, received 1.00 kB, sent 2.50 MB',
  ]);
  const udp = { ...UDP, open: 1, accepted: 2, datagramsReceived: 3, dropped: { fragment: 4 } };
  expect(lines({ proxy: { socks: { ...socks, udp }, http: null } })[1]).toBe(
    '  socks udp   1 of 2 associations open, received 3, sent 0, dropped: fragment 4',
  );
});

test('each service has a line', () => {
  const services = [
    { service: '80=127.0.0.1:8080', ...CONNECTIONS },
    { service: 'udp:53=127.0.0.1:53', ...UDP, open: 2, accepted: 2 },
  ];
  expect(lines({ services })).toEqual([
    '  serves      80=127.0.0.1:8080  1 of 2,000 connections open, received 1.00 kB, sent 2.50 MB',
    '  serves      udp:53=127.0.0.1:53  2 of 2 remotes open, received 0, sent 0',
  ]);
});
