import { draft04Profile, encodeAddress, reference2020 } from '@6bed4/codec';
import { setTrafficClass } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { REMOTE_IDLE } from '../../src/defaults.js';
import { ping } from '../support/packets.js';
import { OWN, OWN_ENDPOINT, PeeringBench, ROUTER, remoteAt } from '../support/peerBench.js';

const REMOTE_ENDPOINT = '192.0.2.9:5000';
const REMOTE = remoteAt(REMOTE_ENDPOINT);
/** The Seen flag of draft04. */
const SEEN = 0x20;
const NATIVE = '2001:db8:77:1::/64';
const OTHER_NATIVE = '2001:db8:77:2::/64';
const profiles = [
  ['draft03', reference2020],
  ['draft04', draft04Profile],
] as const;

const goesTo = (bench: PeeringBench, remote: string): string => bench.way(ping(OWN, remote));

/** A peer of draft04 whose remote says that it sees its packets, so that they go directly. */
function seen(remote = REMOTE): PeeringBench {
  const bench = new PeeringBench({ profile: draft04Profile });
  bench.pings(remote);
  const packet = ping(remote, OWN);
  setTrafficClass(packet, 0, SEEN);
  bench.arrives(ROUTER, packet);
  expect(goesTo(bench, remote)).toBe(REMOTE_ENDPOINT);
  return bench;
}

const remotesOf = (bench: PeeringBench): string[] =>
  bench.peer.remotes(bench.now).map(({ address }) => address);

describe('a remote whose endpoint identifies it', () => {
  test('has one path for all its addresses', () => {
    const bench = seen();
    expect(goesTo(bench, remoteAt(REMOTE_ENDPOINT, 77))).toBe(REMOTE_ENDPOINT);
    expect(remotesOf(bench)).toHaveLength(1);
  });

  test('has it also for its addresses under the prefixes of other routers', () => {
    const elsewhere = encodeAddress({ prefix: 'fc64:bed:c633:6409::/64', peer: REMOTE_ENDPOINT });
    expect(goesTo(seen(), elsewhere)).toBe(REMOTE_ENDPOINT);
  });

  test('is not the holder of a native address with the same lower half', () => {
    const bench = seen();
    const native = encodeAddress({ prefix: NATIVE, peer: REMOTE_ENDPOINT, lanip: 1 });
    expect(goesTo(bench, native)).toBe(ROUTER);
  });
});

describe('a peer that knows no remotes yet', () => {
  test.each(profiles)('has sent nothing to which a reply could be reported, %s', (_, profile) => {
    const bench = new PeeringBench({ profile });
    expect(bench.peer.reportReply(1, bench.now)).toBe(false);
  });
});

describe('remotes', () => {
  const others = [1, 2, 3].map((host) => remoteAt(`192.0.2.${host}:5000`));

  test('are listed by their last use, the latest first', () => {
    const bench = new PeeringBench();
    for (const remote of others) {
      bench.pings(remote);
      bench.waits(10);
    }
    expect(remotesOf(bench)).toEqual([...others].reverse());
    bench.pings(others[1]!);
    expect(remotesOf(bench)).toEqual([others[1], others[2], others[0]]);
  });

  test('are each removed when they were idle for five minutes, whatever the others do', () => {
    const bench = new PeeringBench();
    bench.pings(others[0]!);
    bench.waits(REMOTE_IDLE - 1_000);
    bench.pings(others[1]!);
    bench.waits(999);
    expect(remotesOf(bench)).toHaveLength(2);
    bench.waits(1);
    expect(remotesOf(bench)).toEqual([others[1]]);
    bench.waits(REMOTE_IDLE - 1_000);
    expect(remotesOf(bench)).toEqual([]);
  });

  test('that are reached through no router any more are removed, others stay', () => {
    const bench = new PeeringBench();
    const native = encodeAddress({ prefix: NATIVE, peer: REMOTE_ENDPOINT, lanip: 1 });
    bench.movesTo(OWN_ENDPOINT, NATIVE);
    const own = encodeAddress({ prefix: NATIVE, peer: OWN_ENDPOINT, lanip: 1 });
    for (const remote of [native, others[0]!]) bench.sends(ping(own, remote));
    expect(remotesOf(bench).sort()).toEqual([others[0], native].sort());
    bench.movesTo(OWN_ENDPOINT, OTHER_NATIVE);
    expect(remotesOf(bench)).toEqual([others[0]]);
  });

  test('that we turn out to be ourselves are removed', () => {
    const bench = new PeeringBench();
    bench.pings(others[0]!);
    bench.pings(others[1]!);
    bench.movesTo('192.0.2.1:5000');
    expect(remotesOf(bench)).toEqual([others[1]]);
  });
});
