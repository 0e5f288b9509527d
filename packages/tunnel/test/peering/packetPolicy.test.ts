import { parseIPv6 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import type { PeerOptions, PolicyName } from '../../src/index.js';
import { ping } from '../support/packets.js';
import {
  advertisementFor,
  OWN,
  PeeringBench,
  ROUTER,
  remoteAt,
  solicitations,
} from '../support/peerBench.js';

const REMOTE_ENDPOINT = '192.0.2.9:5000';
const REMOTE = remoteAt(REMOTE_ENDPOINT);
const NATIVE = '2001:db8:77::5';
const TRAFFIC_CLASS = 0x0f;

/** Has the local side send a packet under a policy; returns where it went, or why it did not. */
function sends(bench: PeeringBench, policy: PolicyName, remote = REMOTE): string {
  const packet = ping(OWN, remote);
  const refused = bench.peer.handlePacketBy(policy, packet.slice(), 0, packet.length, bench.now);
  const sent = bench.take();
  const data = sent.find(({ payload }) => payload.length === packet.length);
  return refused ?? data?.to ?? 'nowhere';
}

function direct(options: Partial<PeerOptions> = {}): PeeringBench {
  const bench = new PeeringBench(options);
  const [solicitation] = solicitations(bench.pings(REMOTE));
  bench.arrives(REMOTE_ENDPOINT, advertisementFor(solicitation!));
  bench.take();
  return bench;
}

describe('a packet sent under a policy, with neighbor-discovery', () => {
  test('prohibited: is relayed, and no path is searched', () => {
    const bench = new PeeringBench();
    expect(sends(bench, 'prohibited')).toBe(ROUTER);
    expect(solicitations(bench.waits(5_000))).toEqual([]);
  });

  test('prohibited: is relayed even where the direct path is confirmed', () => {
    const bench = direct();
    expect(sends(bench, 'proper')).toBe(REMOTE_ENDPOINT);
    expect(sends(bench, 'prohibited')).toBe(ROUTER);
  });

  test('presumptuous: goes directly while a path is searched, and is relayed after that', () => {
    const bench = new PeeringBench();
    expect(sends(bench, 'presumptuous')).toBe(REMOTE_ENDPOINT);
    bench.waits(1_000);
    expect(sends(bench, 'presumptuous')).toBe(REMOTE_ENDPOINT);
    bench.waits(1_000);
    expect(sends(bench, 'presumptuous')).toBe(ROUTER);
  });

  test('persistent: goes directly while a path is searched, and nowhere after that', () => {
    const bench = new PeeringBench();
    expect(sends(bench, 'persistent')).toBe(REMOTE_ENDPOINT);
    bench.waits(2_000);
    expect(sends(bench, 'persistent')).toBe('no-direct-path');
    expect(bench.peer.counters.snapshot().drops).toMatchObject({ 'no-direct-path': 1 });
  });

  test('persistent: makes the peer search again, and goes directly once that succeeds', () => {
    const bench = new PeeringBench();
    sends(bench, 'persistent');
    bench.waits(10_000);
    const packet = ping(OWN, REMOTE);
    bench.peer.handlePacketBy('persistent', packet, 0, packet.length, bench.now);
    const [solicitation] = solicitations(bench.take());
    bench.arrives(REMOTE_ENDPOINT, advertisementFor(solicitation!));
    expect(sends(bench, 'persistent')).toBe(REMOTE_ENDPOINT);
  });

  test('keeps its traffic class, which means nothing to this strategy', () => {
    const bench = direct();
    const packet = ping(OWN, REMOTE);
    packet[0] = 0x60 | (0xb8 >>> 4);
    packet[1] = (0xb8 << 4) & 0xff;
    bench.peer.handlePacketBy('prohibited', packet, 0, packet.length, bench.now);
    const [sent] = bench.take();
    expect([sent!.payload[0]! & TRAFFIC_CLASS, sent!.payload[1]! >>> 4]).toEqual([0x0b, 0x08]);
  });

  test('has no effect on the next packet', () => {
    const bench = direct();
    sends(bench, 'prohibited');
    expect(bench.pings(REMOTE).map(({ to }) => to)).toEqual([REMOTE_ENDPOINT]);
  });
});

describe('a remote that can only be reached through the router', () => {
  test.each<PolicyName>(['proper', 'prohibited', 'presumptuous'])(
    '%s: is sent packets through the router',
    (policy) => {
      expect(sends(new PeeringBench(), policy, NATIVE)).toBe(ROUTER);
      const viaRouter = new PeeringBench({ peering: { strategy: 'via-router' } });
      expect(sends(viaRouter, policy)).toBe(ROUTER);
    },
  );

  test('persistent: is sent nothing', () => {
    expect(sends(new PeeringBench(), 'persistent', NATIVE)).toBe('no-direct-path');
    const viaRouter = new PeeringBench({ peering: { strategy: 'via-router' } });
    expect(sends(viaRouter, 'persistent')).toBe('no-direct-path');
  });
});

describe('the policy of a packet, with probe-and-seen', () => {
  const options = { peering: { strategy: 'probe-and-seen' } } as const;

  test.each<[PolicyName, number, string]>([
    ['proper', 0x00, ROUTER],
    ['prohibited', 0x40, ROUTER],
    ['presumptuous', 0x80, REMOTE_ENDPOINT],
    ['persistent', 0xc0, REMOTE_ENDPOINT],
  ])('%s: is written into the traffic class', (policy, trafficClass, to) => {
    const bench = new PeeringBench(options);
    const packet = ping(OWN, REMOTE);
    expect(bench.peer.handlePacketBy(policy, packet, 0, packet.length, bench.now)).toBeNull();
    const sent = bench.take().find(({ payload }) => payload.length > 0)!;
    expect(sent.to).toBe(to);
    expect(((sent.payload[0]! & TRAFFIC_CLASS) << 4) | (sent.payload[1]! >>> 4)).toBe(trafficClass);
  });
});

describe('the snapshot of a remote', () => {
  test('is found by address, or null where there is none', () => {
    const bench = direct();
    expect(bench.peer.remote(parseIPv6(REMOTE), bench.now)).toMatchObject({
      address: REMOTE,
      path: 'direct',
    });
    expect(bench.peer.remote(parseIPv6(NATIVE), bench.now)).toBeNull();
  });
});
