import { encodeAddress, parseIPv6 } from '@6bed4/codec';
import { expect, test } from 'vitest';
import { advertisement, ping, prefixOption } from '../support/packets.js';
import {
  advertisementFor,
  OWN_ENDPOINT,
  PeeringBench,
  PREFIX,
  remoteAt,
  solicitations,
} from '../support/peerBench.js';

const FIRST = '198.51.100.1:25790';
const SECOND = '192.0.2.1:25790';
const SECOND_PREFIX = 'fc64:bed:c000:201::/64';
const REMOTE_ENDPOINT = '203.0.113.9:5000';
const MOVED_TO = '203.0.113.77:7777';

/** A router says, in answer to what it makes the peer ask, that we are at this endpoint. */
function claims(bench: PeeringBench, router: string, subnet: string, endpoint = MOVED_TO): void {
  const prefix = parseIPv6(encodeAddress({ prefix: subnet, peer: endpoint, lanip: 0 }));
  bench.recorder.clear();
  // So often is a router believed to have reason to contradict itself.
  bench.waits(5_000);
  bench.recorder.clear();
  bench.arrives(router, advertisement({ options: [prefixOption(prefix)] }));
  bench.advertise(endpoint, subnet, router);
}

/** A peer with a direct path, and the path at any time. */
function withDirectPath(bench: PeeringBench): () => string | undefined {
  const remote = remoteAt(REMOTE_ENDPOINT);
  bench.take();
  bench.sends(ping(bench.peer.uplinks[0]!.lease!.address, remote));
  const [asked] = solicitations(bench.take());
  bench.arrives(REMOTE_ENDPOINT, advertisementFor(asked!));
  return () => bench.peer.remote(parseIPv6(remote), bench.now)?.path;
}

function withSecondRouter(endpoint: string): PeeringBench {
  const bench = new PeeringBench();
  bench.peer.addRouter('192.0.2.1', bench.now);
  bench.advertise(endpoint, SECOND_PREFIX, SECOND);
  return bench;
}

test('direct paths outlast a router that sees us elsewhere while another sees us where we were', () => {
  const bench = withSecondRouter(OWN_ENDPOINT);
  const path = withDirectPath(bench);
  expect(path()).toBe('direct');
  claims(bench, SECOND, SECOND_PREFIX);
  expect(bench.peer.uplinks[1]!.lease?.publicEndpoint.port).toBe(7777);
  expect(path()).toBe('direct');
  claims(bench, FIRST, PREFIX);
  expect(path()).toBe('relayed');
});

test('direct paths outlast a router that sees us elsewhere, and then again where the other one does', () => {
  const bench = withSecondRouter(OWN_ENDPOINT);
  const path = withDirectPath(bench);
  claims(bench, SECOND, SECOND_PREFIX);
  claims(bench, SECOND, SECOND_PREFIX, OWN_ENDPOINT);
  expect(bench.peer.uplinks[1]!.lease?.publicEndpoint.port).toBe(40_000);
  expect(path()).toBe('direct');
});

test('direct paths outlast a second router that sees us elsewhere from its beginning', () => {
  const bench = withSecondRouter(MOVED_TO);
  const path = withDirectPath(bench);
  claims(bench, SECOND, SECOND_PREFIX, OWN_ENDPOINT);
  expect(path()).toBe('direct');
});

test('after a move that one of two routers made up, it cannot make up another', () => {
  const bench = withSecondRouter(OWN_ENDPOINT);
  // Both see us elsewhere, each at an endpoint of its own; that is a move.
  claims(bench, FIRST, PREFIX);
  claims(bench, SECOND, SECOND_PREFIX, '203.0.113.77:7000');
  const path = withDirectPath(bench);
  claims(bench, SECOND, SECOND_PREFIX, '203.0.113.77:7002');
  expect(path()).toBe('direct');
});

test('what the only router says ends direct paths', () => {
  const bench = new PeeringBench();
  const path = withDirectPath(bench);
  claims(bench, FIRST, PREFIX);
  expect(path()).toBe('relayed');
});
