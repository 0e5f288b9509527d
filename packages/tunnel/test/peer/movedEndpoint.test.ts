import { encodeAddress, parseIPv6 } from '@6bed4/codec';
import { expect, test } from 'vitest';
import { advertisement, prefixOption } from '../support/packets.js';
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

/** A router says, in answer to what it makes the peer ask, that we are at another endpoint. */
function claimsMove(bench: PeeringBench, router: string, subnet: string): void {
  const prefix = parseIPv6(encodeAddress({ prefix: subnet, peer: MOVED_TO, lanip: 0 }));
  bench.recorder.clear();
  bench.arrives(router, advertisement({ options: [prefixOption(prefix)] }));
  bench.advertise(MOVED_TO, subnet, router);
}

test('direct paths outlast a router that sees us elsewhere while another sees us where we were', () => {
  const remote = remoteAt(REMOTE_ENDPOINT);
  const bench = new PeeringBench();
  bench.peer.addRouter('192.0.2.1', bench.now);
  bench.advertise(OWN_ENDPOINT, SECOND_PREFIX, SECOND);
  bench.take();
  const [asked] = solicitations(bench.pings(remote));
  bench.arrives(REMOTE_ENDPOINT, advertisementFor(asked!));
  const path = () => bench.peer.remote(parseIPv6(remote), bench.now)?.path;
  expect(path()).toBe('direct');
  claimsMove(bench, SECOND, SECOND_PREFIX);
  expect(bench.peer.uplinks[1]!.lease?.publicEndpoint.port).toBe(7777);
  expect(path()).toBe('direct');
  claimsMove(bench, FIRST, PREFIX);
  expect(path()).toBe('relayed');
});
