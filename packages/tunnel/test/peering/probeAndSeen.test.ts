import { draft04Profile, encodeAddress, formatIPv6, parseIPv6, reference2020 } from '@6bed4/codec';
import {
  type NdOption,
  parseIcmpError,
  parseNd,
  parseUdp,
  setTrafficClass,
  sourceAddress,
  trafficClass,
  verifyIcmpv6Checksum,
} from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { OPENING_TTL } from '../../src/defaults.js';
import { peerNatStates } from '../../src/peering/peerNatStates.js';
import { advertisement, ping, prefixOption, udp } from '../support/packets.js';
import {
  messageIn,
  OWN,
  OWN_ENDPOINT,
  PeeringBench,
  PREFIX,
  ROUTER,
  remoteAt,
} from '../support/peerBench.js';
import type { SentDatagram } from '../support/recorder.js';

const REMOTE_ENDPOINT = '192.0.2.9:5000';
const REMOTE = remoteAt(REMOTE_ENDPOINT);

const PROPER = 0x00;
const PROHIBITED = 0x40;
const PRESUMPTUOUS = 0x80;
const PERSISTENT = 0xc0;
const SEEN = 0x20;
const ADAPTIVE = 0x20;

function withClass(packet: Uint8Array, value: number): Uint8Array {
  setTrafficClass(packet, 0, value);
  return packet;
}

class Bench extends PeeringBench {
  constructor(options: ConstructorParameters<typeof PeeringBench>[0] = {}) {
    super({ profile: draft04Profile, ...options });
  }

  /** The local side pings the remote under a traffic class. */
  pingsWith(value: number, remote = REMOTE): SentDatagram[] {
    this.sends(withClass(ping(OWN, remote), value));
    return this.take();
  }

  /** The remote pings us, through the router or directly. */
  isPinged(from: string, value: number): void {
    this.arrives(from, withClass(ping(REMOTE, OWN), value));
  }

  /** A bench whose remote has reported that it sees us. */
  static seen(): Bench {
    const bench = new Bench();
    bench.pingsWith(PROPER);
    bench.isPinged(ROUTER, SEEN);
    bench.take();
    return bench;
  }
}

const isProbe = ({ to, payload }: SentDatagram): boolean =>
  payload.length === 0 && to === REMOTE_ENDPOINT;
const wayOf = (sent: readonly SentDatagram[]): string[] =>
  sent.filter(({ payload }) => payload.length > 0).map(({ to }) => to);

describe('probes (draft-04 §7.2, §7.5)', () => {
  test('go directly to the remote beside the first packet, which is relayed', () => {
    const sent = new Bench().pingsWith(PROPER);
    expect(sent.filter(isProbe)).toHaveLength(1);
    expect(sent.find(isProbe)!.ttl).toBe(OPENING_TTL);
    expect(wayOf(sent)).toEqual([ROUTER]);
  });

  test('are three in three seconds, then one every 25 s while packets are sent', () => {
    const bench = new Bench();
    const start = bench.now;
    const times: number[] = [];
    for (let step = 0; step < 800; step++) {
      const sent = [...(step % 10 === 0 ? bench.pingsWith(PROPER) : []), ...bench.waits(100)];
      for (const _ of sent.filter(isProbe)) times.push(Math.round((bench.now - start) / 100));
    }
    expect(times).toEqual([1, 10, 20, 270, 520, 770]);
  });

  test('end when no packets are sent to the remote any more', () => {
    const bench = new Bench();
    bench.pingsWith(PROPER);
    bench.waits(31_000);
    expect(bench.waits(600_000).filter(isProbe)).toEqual([]);
  });

  test('are reported when they were in vain', () => {
    const bench = new Bench();
    bench.pingsWith(PROPER);
    bench.waits(2_000);
    expect(bench.events('path-changed')).toMatchObject([{ path: 'relayed', previous: null }]);
  });

  test('of a remote make us set Seen while our own mapping is fresh', () => {
    const bench = new Bench();
    bench.pingsWith(PROPER);
    bench.now += 100;
    bench.arrives(REMOTE_ENDPOINT, new Uint8Array(0));
    bench.take();
    const [relayed] = bench.pingsWith(PROPER);
    expect(relayed!.to).toBe(ROUTER);
    expect(trafficClass(relayed!.payload, 0)).toBe(SEEN);
  });

  test('make us set Seen for the mapping timeout less 28 s since our last direct one, and no longer', () => {
    const bench = new Bench({ peering: { mappingTimeout: 33 } });
    bench.pingsWith(PROPER);
    bench.arrives(REMOTE_ENDPOINT, new Uint8Array(0));
    bench.waits(2_000);
    bench.arrives(REMOTE_ENDPOINT, new Uint8Array(0));
    bench.waits(4_900);
    expect(trafficClass(bench.pingsWith(PROPER)[0]!.payload, 0)).toBe(SEEN);
    bench.waits(200);
    expect(trafficClass(bench.pingsWith(PROPER)[0]!.payload, 0)).toBe(PROPER);
  });

  test('from unknown endpoints have no effect', () => {
    const bench = new Bench();
    bench.pingsWith(PROPER);
    bench.arrives('192.0.2.9:5001', new Uint8Array(0));
    bench.arrives('192.0.2.10:5000', new Uint8Array(0));
    expect(trafficClass(bench.pingsWith(PROPER)[0]!.payload, 0)).toBe(PROPER);
  });
});

describe('the Seen flag (draft-04 §7.3)', () => {
  test('lets packets go directly to the remote for 27 s', () => {
    const bench = Bench.seen();
    expect(wayOf(bench.pingsWith(PROPER))).toEqual([REMOTE_ENDPOINT]);
    bench.waits(26_900);
    expect(wayOf(bench.pingsWith(PROPER))).toEqual([REMOTE_ENDPOINT]);
    bench.waits(200);
    expect(wayOf(bench.pingsWith(PROPER))).toEqual([ROUTER]);
    expect(bench.events('path-changed')).toMatchObject([
      { path: 'direct', confirmedBy: 'seen', endpoint: { address: '192.0.2.9', port: 5000 } },
      { path: 'relayed', previous: 'direct' },
    ]);
  });

  test('is polled after 25 s: two probes, and one more when it stays away', () => {
    const bench = Bench.seen();
    bench.waits(24_000);
    bench.pingsWith(PROPER);
    expect(bench.waits(900).filter(isProbe)).toHaveLength(0);
    expect(bench.waits(200).filter(isProbe)).toHaveLength(1);
    expect(bench.waits(1_000).filter(isProbe)).toHaveLength(1);
    expect(bench.waits(1_000).filter(isProbe)).toHaveLength(1);
    expect(bench.waits(20_000).filter(isProbe)).toHaveLength(0);
  });

  test('keeps the path for another 27 s when it is renewed', () => {
    const bench = Bench.seen();
    bench.waits(20_000);
    bench.pingsWith(PROPER);
    bench.isPinged(REMOTE_ENDPOINT, SEEN);
    bench.waits(26_000);
    expect(wayOf(bench.pingsWith(PROPER))).toEqual([REMOTE_ENDPOINT]);
  });

  test('is ignored where we sent nothing directly', () => {
    const bench = new Bench();
    bench.pingsWith(PROHIBITED);
    bench.isPinged(ROUTER, SEEN);
    bench.isPinged(REMOTE_ENDPOINT, SEEN);
    expect(wayOf(bench.pingsWith(PROPER))).toEqual([ROUTER]);
  });

  test('is ignored later than the mapping timeout after our last direct datagram', () => {
    for (const [wait, expected] of [
      [30_000, REMOTE_ENDPOINT],
      [30_001, ROUTER],
    ] as const) {
      const bench = new Bench();
      bench.pingsWith(PRESUMPTUOUS);
      // The probes of the states would be direct as well.
      bench.now += wait;
      bench.isPinged(ROUTER, SEEN);
      expect(wayOf(bench.pingsWith(PROPER))).toEqual([expected]);
    }
  });

  test('is not reported to a remote that took the place of one which we saw, nor is its own believed', () => {
    const bench = new Bench({ peering: { maxRemotes: 1, mappingTimeout: 300 } });
    bench.pingsWith(PROPER);
    bench.arrives(REMOTE_ENDPOINT, new Uint8Array(0));
    bench.take();
    expect(trafficClass(bench.pingsWith(PROPER)[0]!.payload, 0)).toBe(SEEN);
    // A remote that is being searched makes room for nobody.
    bench.waits(2_000);
    expect(trafficClass(bench.pingsWith(PROPER)[0]!.payload, 0)).toBe(SEEN);
    const other = remoteAt('192.0.2.44:4444');
    const [first] = bench.pingsWith(PROHIBITED, other);
    expect(bench.peer.remotes(bench.now).map(({ address }) => address)).toEqual([other]);
    expect(trafficClass(first!.payload, 0)).toBe(PROHIBITED);
    bench.arrives(ROUTER, withClass(ping(other, OWN), SEEN));
    expect(wayOf(bench.pingsWith(PROPER, other))).toEqual([ROUTER]);
  });

  test('is ignored in a traffic class that is not 6bed4’s', () => {
    const bench = new Bench();
    bench.pingsWith(PROPER);
    bench.isPinged(ROUTER, SEEN | 0x08);
    expect(wayOf(bench.pingsWith(PROPER))).toEqual([ROUTER]);
  });

  test('is cleared before the local side could take it for Adaptive; ECN and policy stay', () => {
    const bench = new Bench();
    bench.isPinged(ROUTER, PRESUMPTUOUS | SEEN | 0x02);
    expect(trafficClass(bench.recorder.delivered[0]!, 0)).toBe(PRESUMPTUOUS | 0x02);
  });

  test('is set on the packets that answer a probe', () => {
    const bench = new Bench();
    bench.pingsWith(PROPER);
    bench.arrives(REMOTE_ENDPOINT, new Uint8Array(0));
    bench.take();
    const [sent] = bench.pingsWith(PROPER);
    expect(trafficClass(sent!.payload, 0) & SEEN).toBe(SEEN);
  });
});

describe('a remote that takes the place of another', () => {
  const OTHER_ENDPOINT = '192.0.2.10:5000';
  const OTHER = remoteAt(OTHER_ENDPOINT);

  test('is not reported as seen, nor reached directly, nor probed out of turn, for what that one did', () => {
    const bench = new Bench({ peering: { maxRemotes: 1 } });
    bench.pingsWith(PROPER);
    bench.isPinged(REMOTE_ENDPOINT, PROPER);
    bench.waits(2_100);
    bench.isPinged(REMOTE_ENDPOINT, PROPER);
    bench.take();
    const sent = bench.pingsWith(PROPER, OTHER);
    expect(bench.peer.remotes(bench.now).map(({ address }) => address)).toEqual([OTHER]);
    const packet = sent.find(({ payload }) => payload.length > 0)!;
    expect([packet.to, trafficClass(packet.payload, 0)]).toEqual([ROUTER, PROPER]);
    expect(sent.filter(({ payload }) => payload.length === 0).map(({ to }) => to)).toEqual([
      OTHER_ENDPOINT,
    ]);
  });

  test('does not get a place while that one is being searched for', () => {
    const bench = new Bench({ peering: { maxRemotes: 1 } });
    const present = (): string[] => bench.peer.remotes(bench.now).map(({ address }) => address);
    bench.pingsWith(PROPER);
    bench.waits(1_999);
    bench.pingsWith(PROPER, OTHER);
    expect(present()).toEqual([REMOTE]);
    bench.waits(1);
    bench.pingsWith(PROPER, OTHER);
    expect(present()).toEqual([OTHER]);
  });
});

describe('two hundred remotes', () => {
  test('each keep their own path and Seen flag while the table grows', () => {
    const bench = new Bench();
    const endpoints = Array.from({ length: 200 }, (_, index) => `192.0.2.${index}:5000`);
    for (const [index, endpoint] of endpoints.entries()) {
      bench.pingsWith(PROPER, remoteAt(endpoint));
      const wanted = index % 2 === 0 ? SEEN : PROPER;
      bench.arrives(endpoint, withClass(ping(remoteAt(endpoint), OWN), wanted));
    }
    bench.take();
    for (const [index, endpoint] of endpoints.entries()) {
      const [sent] = bench.pingsWith(PROPER, remoteAt(endpoint));
      expect(sent!.to).toBe(index % 2 === 0 ? endpoint : ROUTER);
      expect(trafficClass(sent!.payload, 0)).toBe(SEEN);
    }
    bench.waits(25_100);
    const probed = bench.peer.remotes(bench.now).filter(({ path }) => path === 'direct');
    expect(probed).toHaveLength(100);
  });
});

describe('policies, packet by packet (draft-04 §6, §7.6)', () => {
  test('prohibited: never direct, and no probe is sent for it', () => {
    const bench = new Bench();
    const sent = bench.pingsWith(PROHIBITED);
    expect(wayOf(sent)).toEqual([ROUTER]);
    expect(sent.filter(isProbe)).toEqual([]);
    expect(wayOf(Bench.seen().pingsWith(PROHIBITED))).toEqual([ROUTER]);
  });

  test('presumptuous: direct during the search, then as proper', () => {
    const bench = new Bench();
    const first = bench.pingsWith(PRESUMPTUOUS);
    expect(wayOf(first)).toEqual([REMOTE_ENDPOINT]);
    expect(first.filter(isProbe)).toEqual([]);
    bench.waits(1_900);
    expect(wayOf(bench.pingsWith(PRESUMPTUOUS))).toEqual([REMOTE_ENDPOINT]);
    bench.waits(200);
    expect(wayOf(bench.pingsWith(PRESUMPTUOUS))).toEqual([ROUTER]);
  });

  test('persistent: direct always, and an error to the sender once that fails', () => {
    const bench = new Bench();
    expect(wayOf(bench.pingsWith(PERSISTENT))).toEqual([REMOTE_ENDPOINT]);
    bench.waits(2_100);
    expect(wayOf(bench.pingsWith(PERSISTENT))).toEqual([]);
    const error = bench.recorder.delivered.at(-1)!;
    expect(parseIcmpError(error, 0, error.length)).toMatchObject({
      ok: true,
      value: { type: 'destination-unreachable', code: 3 },
    });
    expect(bench.peer.counters.snapshot().drops).toEqual({ 'no-direct-path': 1 });
  });

  test('share the state of the remote', () => {
    const bench = Bench.seen();
    for (const policy of [PROPER, PRESUMPTUOUS, PERSISTENT]) {
      expect(wayOf(bench.pingsWith(policy))).toEqual([REMOTE_ENDPOINT]);
    }
  });

  test('treat a traffic class that is not 6bed4’s as proper, and keep it', () => {
    const bench = new Bench();
    const [sent] = bench.pingsWith(0xb8).filter(({ payload }) => payload.length > 0);
    expect(sent!.to).toBe(ROUTER);
    expect(trafficClass(sent!.payload, 0)).toBe(0xb8);
  });

  test('requested beside the packet replace a traffic class that is not 6bed4’s, but for ECN', () => {
    const bench = bound();
    const packet = withClass(ping(OWN, REMOTE), 0x3d);
    bench.peer.handlePacketBy('presumptuous', packet, 0, packet.length, bench.now);
    const [sent] = bench.take();
    // Its bits are not Adaptive: the source does not fit, so it is relayed.
    expect(sent!.to).toBe(ROUTER);
    expect(trafficClass(sent!.payload, 0)).toBe(PRESUMPTUOUS | 0x01);
  });

  test('clear Adaptive on the wire, where it would mean Seen', () => {
    const bench = new Bench();
    const [sent] = bench.pingsWith(ADAPTIVE).filter(({ payload }) => payload.length > 0);
    expect(trafficClass(sent!.payload, 0)).toBe(0);
  });
});

describe('the Adaptive flag of an application', () => {
  const VIA_ROUTER = { strategy: 'via-router' } as const;
  const NATIVE = '2001:db8:77::5';

  test.each([
    ['a remote, with probe-and-seen', {}, REMOTE],
    ['a remote whose source is never adapted', { adaptive: false }, REMOTE],
    ['a remote, with via-router', VIA_ROUTER, REMOTE],
    ['a router’s own address', {}, remoteAt(REMOTE_ENDPOINT, 0)],
    ['an endpoint that nobody can be at', {}, remoteAt('224.0.0.1:5000')],
    ['a native address', {}, NATIVE],
  ])('does not go out as Seen in any policy: to %s', (_, peering, to) => {
    for (const policy of [PROPER, PROHIBITED, PRESUMPTUOUS, PERSISTENT]) {
      const bench = new Bench({ peering });
      bench.arrives(REMOTE_ENDPOINT, new Uint8Array(0));
      const sent = bench.pingsWith(policy | ADAPTIVE, to);
      for (const { payload } of sent.filter((one) => one.payload.length > 0)) {
        expect(trafficClass(payload, 0) & SEEN).toBe(0);
      }
    }
  });

  test('does not go out as Seen to a remote that the table has no room for', () => {
    const bench = new Bench({ peering: { maxRemotes: 1 } });
    // A working path makes room for nobody.
    bench.pingsWith(PROPER);
    bench.isPinged(ROUTER, SEEN);
    const other = remoteAt('192.0.2.44:4444');
    const [sent] = bench.pingsWith(ADAPTIVE, other);
    expect(bench.peer.remotes(bench.now).map(({ address }) => address)).toEqual([REMOTE]);
    expect(sent!.to).toBe(ROUTER);
    expect(trafficClass(sent!.payload, 0)).toBe(0);
  });

  test('does not go out as Seen from peers of another strategy or dialect', () => {
    for (const options of [
      { profile: draft04Profile, peering: VIA_ROUTER },
      { profile: reference2020 },
    ]) {
      const other = new PeeringBench(options);
      for (let count = 0; count < 5; count++) {
        other.sends(withClass(ping(OWN, REMOTE), ADAPTIVE));
        const packet = other.take().find(({ payload }) => messageIn({ payload }) === null)!;
        expect(trafficClass(packet.payload, 0) & SEEN).toBe(0);
      }
    }
  });
});

describe('the states of a remote', () => {
  test('are those of draft-04 §7.5', () => {
    expect(peerNatStates).toEqual({
      init: { lasts: 1_000, next: 'init-again', probes: true },
      'init-again': { lasts: 1_000, next: 'fail', probes: true },
      peer: { lasts: 25_000, next: 'poll', probes: false },
      poll: { lasts: 1_000, next: 'poll-again', probes: true },
      'poll-again': { lasts: 1_000, next: 'fail', probes: true },
      fail: { lasts: 25_000, next: 'fail', probes: true },
    });
  });

  test('refuse a mapping timeout that is too short for them', () => {
    expect(() => new Bench({ peering: { mappingTimeout: 27 } })).toThrow(/mappingTimeout/);
  });
});

/** The remote says that it sees us at this endpoint. */
function correction(endpoint: string, nonce?: Uint8Array, prefix = PREFIX): Uint8Array {
  const offered = parseIPv6(encodeAddress({ prefix, peer: endpoint, lanip: 0 }));
  return advertisement({
    routerLifetime: 0,
    options: [
      prefixOption(offered),
      ...(nonce === undefined ? [] : [{ type: 'nonce' as const, nonce }]),
    ],
  });
}

const SEEN_AS = '203.0.113.5:55555';

/** The nonce in the solicitation that a correction caused, if it caused one. */
function solicitedNonce(bench: Bench): Uint8Array | null {
  for (const datagram of bench.take()) {
    const message = messageIn(datagram);
    if (message?.type !== 'router-solicitation' || datagram.to !== REMOTE_ENDPOINT) continue;
    const nonce = message.options.find((option) => option.type === 'nonce');
    return nonce?.type === 'nonce' ? nonce.nonce : null;
  }
  return null;
}

/** A bench whose remote sees it at another endpoint than the router does, and has confirmed it. */
function bound(): Bench {
  const bench = Bench.seen();
  bench.arrives(REMOTE_ENDPOINT, correction(SEEN_AS));
  bench.arrives(REMOTE_ENDPOINT, correction(SEEN_AS, solicitedNonce(bench)!));
  return bench;
}

describe('a local prefix bound to a remote (draft-04 §7.7)', () => {
  test('is solicited after a correction, and only the answer counts', () => {
    const bench = Bench.seen();
    bench.arrives(REMOTE_ENDPOINT, correction(SEEN_AS));
    const nonce = solicitedNonce(bench);
    expect(nonce).toHaveLength(6);
    expect(wayOf(bench.pingsWith(PROPER))).toEqual([REMOTE_ENDPOINT]);
    bench.arrives(REMOTE_ENDPOINT, correction(SEEN_AS, nonce!));
    // Our address does not fit the remote any more.
    expect(wayOf(bench.pingsWith(PROPER))).toEqual([ROUTER]);
  });

  test.each([
    ['with another nonce', REMOTE_ENDPOINT, new Uint8Array(6), PREFIX],
    ['from elsewhere', '192.0.2.66:5000', null, PREFIX],
    ['about another network', REMOTE_ENDPOINT, null, 'fc64:bed:c633:6499::/64'],
  ])('is not changed by an answer %s', (_, from, nonce, prefix) => {
    const bench = Bench.seen();
    bench.arrives(REMOTE_ENDPOINT, correction(SEEN_AS));
    const solicited = solicitedNonce(bench)!;
    bench.arrives(from, correction(SEEN_AS, nonce ?? solicited, prefix));
    expect(wayOf(bench.pingsWith(PROPER))).toEqual([REMOTE_ENDPOINT]);
  });

  test('is not changed by an answer that comes too late, or names an endpoint that nobody can be at', () => {
    for (const [wait, endpoint, expected] of [
      [3_000, SEEN_AS, ROUTER],
      [3_001, SEEN_AS, REMOTE_ENDPOINT],
      [0, '224.0.0.1:5000', REMOTE_ENDPOINT],
    ] as const) {
      const bench = Bench.seen();
      bench.arrives(REMOTE_ENDPOINT, correction(SEEN_AS));
      const nonce = solicitedNonce(bench)!;
      bench.waits(wait);
      bench.arrives(REMOTE_ENDPOINT, correction(endpoint, nonce));
      expect(wayOf(bench.pingsWith(PROPER))).toEqual([expected]);
    }
  });

  test('is solicited in as many bytes as the answer has, every ten seconds at most', () => {
    const bench = Bench.seen();
    bench.arrives(REMOTE_ENDPOINT, correction(SEEN_AS));
    const [solicitation] = bench.take();
    const answer = correction(SEEN_AS, new Uint8Array(6));
    expect(solicitation!.payload.length).toBe(answer.length);
    bench.waits(9_999);
    bench.arrives(REMOTE_ENDPOINT, correction(SEEN_AS));
    expect(solicitedNonce(bench)).toBeNull();
    bench.waits(1);
    bench.arrives(REMOTE_ENDPOINT, correction(SEEN_AS));
    expect(solicitedNonce(bench)).not.toBeNull();
  });

  test('is not solicited after a correction from an endpoint that we sent nothing to', () => {
    const bench = new Bench();
    bench.pingsWith(PROHIBITED);
    bench.arrives(REMOTE_ENDPOINT, correction(SEEN_AS));
    expect(bench.take()).toEqual([]);
  });

  test('is adapted to in the source of an Adaptive packet, with its checksum right', () => {
    const bench = bound();
    const [sent] = bench.pingsWith(ADAPTIVE);
    expect(sent!.to).toBe(REMOTE_ENDPOINT);
    expect(formatIPv6(sourceAddress(sent!.payload, 0))).toBe(remoteAt(SEEN_AS));
    expect(verifyIcmpv6Checksum(sent!.payload, 0, sent!.payload.length)).toBe(true);
    bench.sends(withClass(udp(OWN, REMOTE, Uint8Array.of(1, 2, 3)), ADAPTIVE));
    const [datagram] = bench.take();
    expect(parseUdp(datagram!.payload, 0, datagram!.payload.length)).toMatchObject({ ok: true });
  });

  test('is adapted to in each packet of a run', () => {
    const bench = bound();
    const packet = withClass(udp(OWN, REMOTE, Uint8Array.of(1, 2, 3)), ADAPTIVE);
    const size = packet.length;
    const run = Uint8Array.from([...packet, ...packet, ...packet]);
    bench.peer.handlePackets(run, 0, run.length, size, bench.now);
    const sent = bench.take().map(({ payload }) => payload);
    const source = remoteAt(SEEN_AS);
    expect(sent.map((one) => formatIPv6(sourceAddress(one, 0)))).toEqual([source, source, source]);
    for (const one of sent) expect(parseUdp(one, 0, size)).toMatchObject({ ok: true });
  });

  test('is adapted to by no packet where options forbid it, and Adaptive does not go out as Seen', () => {
    const bench = new Bench({ peering: { adaptive: false } });
    bench.pingsWith(PROPER);
    bench.isPinged(ROUTER, SEEN);
    bench.take();
    bench.arrives(REMOTE_ENDPOINT, correction(SEEN_AS));
    bench.arrives(REMOTE_ENDPOINT, correction(SEEN_AS, solicitedNonce(bench)!));
    const [sent] = bench.pingsWith(ADAPTIVE);
    expect(sent!.to).toBe(ROUTER);
    expect(formatIPv6(sourceAddress(sent!.payload, 0))).toBe(OWN);
    expect(trafficClass(sent!.payload, 0)).toBe(0);
  });

  test('makes packets of this remote to that address ours, and those of others not', () => {
    const bench = bound();
    const delivered = bench.recorder.delivered.length;
    bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, remoteAt(SEEN_AS)));
    expect(bench.recorder.delivered).toHaveLength(delivered + 1);
    const other = '192.0.2.66:5000';
    bench.arrives(other, ping(remoteAt(other), remoteAt(SEEN_AS)));
    bench.arrives(ROUTER, ping(REMOTE, remoteAt(SEEN_AS)));
    expect(bench.recorder.delivered).toHaveLength(delivered + 1);
  });

  test('is the last one that is offered, and none that is taken back', () => {
    const option = (endpoint: string, validLifetime = 0xffff_ffff): NdOption =>
      prefixOption(parseIPv6(encodeAddress({ prefix: PREFIX, peer: endpoint, lanip: 0 })), {
        validLifetime,
        preferredLifetime: validLifetime,
      });
    const old = option(OWN_ENDPOINT, 0);
    const isBoundBy = (...options: NdOption[]): boolean => {
      const bench = Bench.seen();
      bench.arrives(REMOTE_ENDPOINT, correction(SEEN_AS));
      const nonce: NdOption = { type: 'nonce', nonce: solicitedNonce(bench)! };
      bench.arrives(
        REMOTE_ENDPOINT,
        advertisement({ routerLifetime: 0, options: [...options, nonce] }),
      );
      bench.recorder.delivered.length = 0;
      bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, remoteAt(SEEN_AS)));
      return bench.recorder.delivered.length === 1;
    };
    expect(isBoundBy(old, option(SEEN_AS))).toBe(true);
    expect(isBoundBy(option(SEEN_AS), old)).toBe(true);
    expect(isBoundBy(option('203.0.113.5:55556'), option(SEEN_AS))).toBe(true);
    expect(isBoundBy(option(SEEN_AS), option('203.0.113.5:55556'))).toBe(false);
    expect(isBoundBy(option(SEEN_AS, 1))).toBe(true);
    expect(isBoundBy(option(SEEN_AS, 0))).toBe(false);
  });

  test('is not offered from where nobody can be', () => {
    const bench = Bench.seen();
    bench.arrives('127.0.0.1:5000', correction(SEEN_AS));
    expect(bench.peer.counters.snapshot().drops).toEqual({ 'source-endpoint-refused': 1 });
  });

  test('lets the local side send from that address, directly to this remote only', () => {
    const bench = bound();
    bench.sends(ping(remoteAt(SEEN_AS), REMOTE));
    expect(wayOf(bench.take())).toEqual([REMOTE_ENDPOINT]);
    bench.sends(ping(remoteAt(SEEN_AS), remoteAt('192.0.2.66:5000')));
    expect(wayOf(bench.take())).toEqual([]);
  });
});

describe('a frame whose source encodes another endpoint than it came from (draft-03 §6, draft-04 §7.7)', () => {
  const MAPPED = '192.0.2.9:6666';

  test('is dropped, and its sender is advertised the right source', () => {
    const bench = new Bench();
    bench.arrives(MAPPED, ping(REMOTE, OWN, { size: 200 }));
    expect(bench.recorder.delivered).toEqual([]);
    const [answer] = bench.take();
    expect(answer!.to).toBe(MAPPED);
    const parsed = parseNd(answer!.payload, 0, answer!.payload.length);
    if (!parsed.ok || parsed.value.type !== 'router-advertisement') throw new Error('no answer');
    const prefixes = parsed.value.options.flatMap((option) =>
      option.type === 'prefix-information'
        ? [[formatIPv6(option.prefix), option.validLifetime]]
        : [],
    );
    expect(prefixes).toEqual([
      [remoteAt(REMOTE_ENDPOINT, 0), 0],
      [remoteAt(MAPPED, 0), 0xffff_ffff],
    ]);
  });

  test('gets no answer that is longer than itself', () => {
    const bench = new Bench();
    bench.arrives(MAPPED, ping(REMOTE, OWN));
    expect(bench.take()).toEqual([]);
    expect(bench.peer.counters.snapshot().answersWithheld).toBe(1);
  });

  test('gets few answers, however often it comes', () => {
    const bench = new Bench();
    let answers = 0;
    for (let step = 0; step < 1_000; step++) {
      bench.arrives(MAPPED, ping(REMOTE, OWN, { size: 200 }));
      answers += bench.waits(10).filter(({ to }) => to === MAPPED).length + bench.take().length;
    }
    expect(answers).toBeLessThanOrEqual(16);
  });
});

describe('a remote that falls silent while we go on sending', () => {
  /** Milliseconds of silence until packets take the router, and the probes until then. */
  function untilRelayed(bench: Bench): { time: number; probes: number } {
    let probes = 0;
    for (let time = 0; time < 20_000; time += 100) {
      const sent = [...bench.pingsWith(PROPER), ...bench.waits(100)];
      probes += sent.filter(isProbe).length;
      if (wayOf(sent).includes(ROUTER)) return { time, probes };
    }
    return { time: Number.POSITIVE_INFINITY, probes };
  }

  function converse(bench: Bench): void {
    for (let step = 0; step < 20; step++) {
      bench.isPinged(REMOTE_ENDPOINT, SEEN);
      expect(wayOf(bench.pingsWith(PROPER))).toEqual([REMOTE_ENDPOINT]);
      bench.waits(250);
    }
  }

  test('is reached through the router within two seconds, and directly as soon as it reports us again', () => {
    const bench = Bench.seen();
    converse(bench);
    const { time, probes } = untilRelayed(bench);
    expect(time).toBeLessThan(2_000);
    expect(probes).toBeGreaterThan(0);
    bench.isPinged(ROUTER, SEEN);
    bench.take();
    expect(wayOf(bench.pingsWith(PROPER))).toEqual([REMOTE_ENDPOINT]);
  });

  test('is reached directly where we do not send either', () => {
    const bench = Bench.seen();
    converse(bench);
    bench.waits(5_000);
    expect(wayOf(bench.pingsWith(PROPER))).toEqual([REMOTE_ENDPOINT]);
  });
});
