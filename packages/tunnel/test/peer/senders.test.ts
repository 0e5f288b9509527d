import { draft04Profile, encodeAddress } from '@6bed4/codec';
import { trafficClass } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { ping } from '../support/packets.js';
import { PeeringBench, remoteAt, solicitationFrom } from '../support/peerBench.js';
import {
  OWN,
  OWN_ENDPOINT,
  OWN_PREFIX,
  PREFIX,
  REMOTE,
  REMOTE_ENDPOINT,
  ROUTER,
  RoutedPeerBench,
} from '../support/routedPeerBench.js';

describe('a packet that says that it is from ourselves, from our own endpoint', () => {
  const other = encodeAddress({ prefix: 'fc64:bed:c633:6409::/64', peer: OWN_ENDPOINT });
  const lanip = encodeAddress({ prefix: PREFIX, peer: OWN_ENDPOINT, lanip: 9 });

  test.each(['neighbor-discovery', 'probe-and-seen'] as const)(
    'is dropped, makes no remote of us, and opens no way for another: %s',
    (strategy) => {
      const bench = new PeeringBench({ peering: { strategy } });
      for (const source of [OWN, lanip, OWN_PREFIX, other]) {
        bench.arrives(OWN_ENDPOINT, ping(source, OWN));
        bench.arrives(OWN_ENDPOINT, solicitationFrom(source));
      }
      expect(bench.peer.counters.snapshot().drops).toEqual({ loop: 8 });
      bench.sends(ping(OWN, other));
      expect(bench.take().map(({ to }) => to)).toEqual([ROUTER]);
      expect(bench.peer.remotes(bench.now)).toEqual([]);
      for (const source of [OWN, lanip]) {
        bench.arrives(ROUTER, ping(source, OWN));
        bench.sends(ping(OWN, source));
      }
      expect([bench.take(), bench.recorder.delivered]).toEqual([[], []]);
      expect(bench.peer.counters.snapshot().drops).toEqual({ loop: 12 });
    },
  );
});

describe('a packet with the address of a known remote', () => {
  test.each(['neighbor-discovery', 'probe-and-seen'] as const)(
    'is accepted directly from its endpoint alone, and through the router: %s',
    (strategy) => {
      const bench = new PeeringBench({ peering: { strategy } });
      bench.pings(REMOTE);
      const takes = (from: string): boolean => {
        bench.recorder.delivered.length = 0;
        bench.arrives(from, ping(REMOTE, OWN));
        return bench.recorder.delivered.length === 1;
      };
      const ways = [REMOTE_ENDPOINT, ROUTER, '203.0.113.9:5001', '203.0.113.8:5000'];
      expect(ways.map(takes)).toEqual([true, true, false, false]);
      expect(bench.peer.counters.snapshot().drops).toEqual({ 'source-mismatch': 2 });
    },
  );
});

describe('a frame with compressed headers (draft-03 §10.2)', () => {
  test('is answered five times at once, and the answers that are withheld are counted', () => {
    const bench = new PeeringBench();
    const compressed = Uint8Array.of(0xe7, 0xfd, 0x01, ...new Uint8Array(40));
    for (let step = 0; step < 20; step++) bench.arrives(REMOTE_ENDPOINT, compressed);
    expect(bench.take().map(({ to }) => to)).toEqual(Array<string>(5).fill(REMOTE_ENDPOINT));
    expect(bench.peer.counters.snapshot().answersWithheld).toBe(15);
  });

  test('is not answered, and no answer withheld, when it begins no context', () => {
    const bench = new PeeringBench();
    bench.arrives(REMOTE_ENDPOINT, Uint8Array.of(0xf4, ...new Uint8Array(60)));
    expect(bench.take()).toEqual([]);
    expect(bench.peer.counters.snapshot().answersWithheld).toBe(0);
  });
});

describe('what a router sends that only remotes may', () => {
  test('is no probe, even where a remote claims its endpoint', () => {
    const bench = new PeeringBench({ profile: draft04Profile });
    const claimed = remoteAt(ROUTER);
    bench.pings(claimed);
    bench.arrives(ROUTER, new Uint8Array(0));
    const sent = bench.pings(claimed).filter(({ payload }) => payload.length > 0);
    expect(sent.map(({ payload }) => trafficClass(payload, 0))).toEqual([0]);
  });

  test('is not answered when its headers are compressed', () => {
    const compressed = Uint8Array.of(0xe7, 0xfd, 0x01, ...new Uint8Array(40));
    const bench = RoutedPeerBench.leased();
    expect(bench.datagram(ROUTER, compressed).sent).toEqual([]);
    expect(bench.datagram(REMOTE_ENDPOINT, compressed).sent).toHaveLength(1);
  });
});
