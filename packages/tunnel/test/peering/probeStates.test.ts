import { draft04Profile } from '@6bed4/codec';
import { setTrafficClass, trafficClass } from '@6bed4/nd';
import { beforeEach, describe, expect, test } from 'vitest';
import { OPENING_TTL } from '../../src/defaults.js';
import { NextHop } from '../../src/peering/peering.js';
import { ProbeAndSeenPeering } from '../../src/peering/probeAndSeen.js';
import { Drop } from '../../src/report/drop.js';
import { ping } from '../support/packets.js';
import { OWN, remoteAt } from '../support/peerBench.js';
import { endpointAt, FakePeeringHost } from '../support/peeringHost.js';

const REMOTE_ENDPOINT = '192.0.2.9:5000';
const REMOTE = remoteAt(REMOTE_ENDPOINT);
const SEEN = 0x20;
const PRESUMPTUOUS = 0x80;
const PERSISTENT = 0xc0;
const FAILS_AFTER = 2_000;
const FAIL_LASTS = 25_000;

let host: FakePeeringHost;
let peering: ProbeAndSeenPeering;
let slot: number;

function make(isOutbound = true): void {
  host = new FakePeeringHost(draft04Profile, 'endpoint');
  const options = { mappingTimeout: 30_000, adaptive: true };
  peering = new ProbeAndSeenPeering(host, host.remotes, options);
  slot = isOutbound ? host.create(REMOTE_ENDPOINT) : host.createInbound(REMOTE_ENDPOINT);
  peering.created(slot, false, 0);
}

beforeEach(() => make());

/** Sends a packet; its next hop, and the traffic class that it then has. */
function sends(now: number, wanted = 0): [number, number] {
  const packet = ping(OWN, REMOTE);
  setTrafficClass(packet, 0, wanted);
  const hop = peering.route(slot, packet, 0, packet.length, null, now);
  host.remotes.sent(slot, hop === NextHop.direct, now);
  return [hop, trafficClass(packet, 0)];
}

function arrives(now: number, isDirect: boolean, value = 0): void {
  const packet = ping(REMOTE, OWN);
  setTrafficClass(packet, 0, value);
  peering.packetArrived(slot, isDirect, packet, 0, packet.length, now);
}

/** Runs the timeouts up to a time; when probes went. */
function probes(end: number): number[] {
  const times: number[] = host.take().map(() => Number.NaN);
  for (let at = peering.nextTimeout(); at <= end; at = peering.nextTimeout()) {
    peering.handleTimeout(at);
    times.push(...host.take().map(() => at));
  }
  return times;
}

describe('the search for a remote', () => {
  test('is under way for two seconds from the first packet', () => {
    expect(peering.isSearching(slot)).toBe(false);
    sends(0);
    expect(peering.isSearching(slot)).toBe(true);
    probes(1_000);
    expect(peering.isSearching(slot)).toBe(true);
    probes(FAILS_AFTER - 1);
    expect(peering.isSearching(slot)).toBe(true);
    probes(FAILS_AFTER);
    expect(peering.isSearching(slot)).toBe(false);
  });

  test('is told with the time of the last probe', () => {
    const never = Number.NEGATIVE_INFINITY;
    const told = (state: string, triedAt: number) => ({
      ...{ state, triedAt },
      failures: null,
      retryAt: never,
    });
    expect(peering.search(slot)).toEqual(told('idle', never));
    sends(10);
    expect(peering.search(slot)).toEqual(told('trying', 10));
    probes(10 + FAILS_AFTER);
    expect(peering.search(slot)).toEqual(told('failed', 10 + FAILS_AFTER));
  });

  test('begins with an empty datagram, unless the packet itself goes there', () => {
    sends(0);
    expect(host.take()).toMatchObject([{ to: REMOTE_ENDPOINT, length: 0, ttl: OPENING_TTL }]);
    for (const wanted of [PRESUMPTUOUS, PERSISTENT]) {
      make();
      expect(sends(0, wanted)[0]).toBe(NextHop.direct);
      expect(host.take()).toEqual([]);
    }
  });

  test('ends when the remote is removed', () => {
    sends(0);
    peering.removed(slot);
    expect([peering.nextTimeout(), peering.isSearching(slot)]).toEqual([
      Number.POSITIVE_INFINITY,
      false,
    ]);
  });

  test('sends a remote without credit nothing', () => {
    make(false);
    sends(0);
    expect(host.take()).toEqual([]);
    host.remotes.credit.grant(slot, 28);
    expect(probes(FAILS_AFTER)).toEqual([1_000]);
  });
});

describe('a search in vain', () => {
  test.each([
    [29_999, [FAILS_AFTER + FAIL_LASTS]],
    [30_000, []],
  ])('is repeated when the last packet was sent %i ms ago: %j', (ago, expected) => {
    sends(0);
    probes(FAILS_AFTER);
    host.remotes.sent(slot, false, FAILS_AFTER + FAIL_LASTS - ago);
    expect(probes(FAILS_AFTER + FAIL_LASTS)).toEqual(expected);
  });

  test('is answered by a probe out of turn when the remote reaches us, every five seconds at most', () => {
    sends(0);
    host.take();
    arrives(10, true);
    expect(host.take()).toMatchObject([{ length: 0, ttl: 0 }]);
    probes(FAILS_AFTER);
    const counts = [3_000, 7_999, 8_000].map((now) => {
      arrives(now, true);
      return host.take().length;
    });
    expect(counts).toEqual([1, 0, 1]);
    arrives(20_000, false);
    expect(host.take()).toEqual([]);
  });
});

describe('the Seen flag', () => {
  test('renews a confirmation that is a second old', () => {
    const { paths } = host.remotes;
    sends(0);
    const confirmed = [10, 1_009, 1_010].map((now) => {
      arrives(now, false, SEEN);
      return paths.confirmedAt(slot);
    });
    expect(confirmed).toEqual([10, 10, 1_010]);
    expect([paths.isValid(slot, 28_009), paths.isValid(slot, 28_010)]).toEqual([true, false]);
  });

  test('makes no search follow before 25 s, and then two probes', () => {
    sends(0);
    arrives(10, false, SEEN);
    host.take();
    expect(peering.isSearching(slot)).toBe(false);
    expect(probes(27_000)).toEqual([25_010, 26_010]);
  });

  test('is set for two seconds after what we sent, once something came directly', () => {
    sends(0);
    expect(sends(10)[1]).toBe(0);
    // Shows that our probe may go all the way, which it does at once.
    arrives(20, false);
    expect(sends(30)[1]).toBe(0);
    arrives(40, true);
    expect([sends(2_020)[1], sends(2_021)[1]]).toEqual([SEEN, 0]);
  });

  test('is not set for what comes later than our mapping lasts', () => {
    host.remotes.received(slot, false, 8, 0);
    sends(0);
    arrives(30_001, true);
    expect(sends(30_001)[1]).toBe(0);
  });
});

describe('a change of our network', () => {
  test('voids the confirmation, and the next packet searches anew', () => {
    sends(0);
    arrives(10, false, SEEN);
    host.take();
    expect(sends(20)[0]).toBe(NextHop.direct);
    peering.networkChanged();
    expect(peering.nextTimeout()).toBe(Number.POSITIVE_INFINITY);
    arrives(30, false, SEEN);
    expect(sends(40)[0]).toBe(NextHop.router);
    expect(host.take()).toHaveLength(1);
    expect(peering.isSearching(slot)).toBe(true);
  });

  test('of the local one only changes nothing', () => {
    sends(0);
    arrives(10, false, SEEN);
    peering.localSubnetsChanged();
    expect(sends(20)[0]).toBe(NextHop.direct);
  });
});

describe('a solicitation', () => {
  test('is answered when its sender has the bytes for it, which are taken', () => {
    make(false);
    let answers = 0;
    const answer = { length: 72, send: () => answers++ };
    const solicited = () => peering.solicited(slot, false, endpointAt(REMOTE_ENDPOINT), answer, 0);
    host.remotes.credit.earn(slot, 99);
    expect([solicited(), answers]).toEqual([false, 0]);
    host.remotes.credit.earn(slot, 1);
    expect([solicited(), answers]).toEqual([true, 1]);
    expect([solicited(), answers]).toEqual([false, 1]);
  });

  test('is direct traffic, which is reported', () => {
    sends(0);
    const answer = { length: 72, send: () => {} };
    peering.solicited(slot, false, endpointAt(REMOTE_ENDPOINT), answer, 10);
    expect(sends(20)[1]).toBe(SEEN);
  });
});

test('what belongs to Neighbor Discovery has no effect', () => {
  expect(peering.name).toBe('probe-and-seen');
  expect([peering.sendOpportunistic(), peering.replyReported(), peering.isOnTrial()]).toEqual([
    0,
    false,
    false,
  ]);
  expect([peering.advertised(), peering.redirected()]).toEqual([
    Drop.ndUnexpected,
    Drop.ndUnexpected,
  ]);
});

describe('packets with one header from a remote', () => {
  const isAlike = (value: number): boolean => {
    const packet = ping(REMOTE, OWN);
    setTrafficClass(packet, 0, value);
    return peering.arrivesAlike(slot, true, packet, 0, 5);
  };

  test('are not alike while the flag of the next one would confirm the path', () => {
    make(false);
    // A stranger's packet has not paid for our probe yet.
    sends(0);
    expect(host.take()).toEqual([]);
    host.remotes.received(slot, true, 60, 5);
    arrives(5, true, SEEN);
    expect(host.take()).toHaveLength(1);
    expect(isAlike(0)).toBe(true);
    expect(isAlike(SEEN)).toBe(false);
    arrives(5, true, SEEN);
    expect(host.remotes.paths.isValid(slot, 5)).toBe(true);
    expect(isAlike(SEEN)).toBe(true);
  });
});
