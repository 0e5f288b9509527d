import {
  draft00Profile,
  draft01Profile,
  draft04Profile,
  parseIPv4,
  parseIPv6,
  reference2020,
} from '@6bed4/codec';
import { buildNd, parseNd } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { Peer } from '../../src/index.js';
import { ping } from '../support/packets.js';
import {
  advertisementFor,
  messageIn,
  OWN,
  OWN_ENDPOINT,
  PeeringBench,
  ROUTER,
  remoteAt,
  solicitationFrom,
  solicitations,
} from '../support/peerBench.js';
import { Recorder, type SentDatagram } from '../support/recorder.js';

const REMOTE = remoteAt('192.0.2.9:5000');
/** A remote with our own public IPv4 address. */
const NEIGHBOR_ENDPOINT = '203.0.113.5:41234';
const NEIGHBOR = remoteAt(NEIGHBOR_ENDPOINT);
const LAN = '192.168.1.7:6666';
const OTHER_LAN = '192.168.1.8:6666';
const ALL_HOSTS = '224.0.0.1:25790';

class LanBench extends PeeringBench {
  constructor(options: ConstructorParameters<typeof PeeringBench>[0] = {}) {
    super({ ...options, peering: { lanSearch: true, ...options.peering } });
    this.peer.setLocalSubnets(['192.168.1.0/24']);
  }

  goesTo(remote = NEIGHBOR): string {
    return this.way(ping(OWN, remote));
  }

  /** Whether a packet of the neighbor is taken from there. */
  takesFrom(from: string, remote = NEIGHBOR): boolean {
    const before = this.recorder.delivered.length;
    this.arrives(from, ping(remote, OWN));
    return this.recorder.delivered.length > before;
  }

  path(): string {
    return this.peer.remotes(this.now).find(({ address }) => address === NEIGHBOR)?.path ?? 'none';
  }

  /** Sends a first packet; the search that goes with it. */
  searches() {
    return solicitations(this.pings(NEIGHBOR)).find(({ to }) => to === ALL_HOSTS)!;
  }

  /** A bench that has found the neighbor at {@link LAN}. */
  static found(options: ConstructorParameters<typeof PeeringBench>[0] = {}): LanBench {
    const bench = new LanBench(options);
    bench.arrives(LAN, advertisementFor(bench.searches()));
    const [question] = solicitations(bench.take());
    bench.arrives(LAN, advertisementFor(question!));
    bench.take();
    return bench;
  }
}

const asked = (sent: readonly SentDatagram[], at = LAN) =>
  solicitations(sent).filter(({ to }) => to === at);
const answers = (sent: readonly SentDatagram[], at = LAN) =>
  sent.filter((one) => one.to === at && messageIn(one)?.type === 'neighbor-advertisement');

describe('the search on the local network (draft-01 §6.11)', () => {
  test.each([
    ['draft00', draft00Profile, false],
    ['draft01', draft01Profile, true],
    ['draft03', reference2020, false],
    ['draft04', draft04Profile, false],
  ])('happens in %s by default: %s', (_, profile, expected) => {
    const options = { routers: ['198.51.100.1'], random: Math.random, profile };
    expect(new Peer(options, new Recorder()).searchesLan).toBe(expected);
  });

  test.each([
    [{ lanSearch: true }, true],
    [{ lanSearch: true, lanTtl: 0 }, false],
    [{ lanTtl: 1 }, false],
    [{ lanSearch: false }, false],
  ])('happens in draft03 with %j: %s', (peering, expected) => {
    expect(new PeeringBench({ peering }).peer.searchesLan).toBe(expected);
  });

  test('can be switched off in draft01', () => {
    const options = {
      routers: ['198.51.100.1'],
      random: Math.random,
      profile: draft01Profile,
      peering: { lanSearch: false },
    };
    expect(new Peer(options, new Recorder()).searchesLan).toBe(false);
  });

  test('goes to all hosts by a datagram that does not leave the local network', () => {
    const search = new LanBench().pings(NEIGHBOR).find(({ to }) => to === ALL_HOSTS);
    expect(search!.ttl).toBe(1);
    expect(messageIn(search!)?.type).toBe('neighbor-solicitation');
  });

  test('is for remotes with our public address only', () => {
    expect(new LanBench().pings(REMOTE).some(({ to }) => to === ALL_HOSTS)).toBe(false);
    const without = new LanBench({ peering: { lanTtl: 0 } });
    expect(without.pings(NEIGHBOR).some(({ to }) => to === ALL_HOSTS)).toBe(false);
    const unasked = new PeeringBench();
    expect(unasked.pings(NEIGHBOR).some(({ to }) => to === ALL_HOSTS)).toBe(false);
  });

  test('is repeated after a minute, and not before', () => {
    const bench = new LanBench();
    const searches: number[] = [];
    const start = bench.now;
    for (let step = 0; step < 1_300; step++) {
      const sent = [...bench.pings(NEIGHBOR), ...bench.waits(100)];
      if (sent.some(({ to }) => to === ALL_HOSTS)) searches.push(bench.now - start);
    }
    // Later by the wait for the next round.
    expect(searches).toHaveLength(2);
    expect(searches[1]! - searches[0]!).toBeGreaterThanOrEqual(60_000);
  });

  test('has another nonce than the solicitation of the public endpoint', () => {
    const [one, other] = solicitations(new LanBench().pings(NEIGHBOR));
    expect(one!.options).not.toEqual(other!.options);
  });
});

describe('an answer to the search', () => {
  test('makes us ask the endpoint that it came from, and only the answer from there confirms the path', () => {
    const bench = new LanBench();
    const search = bench.searches();
    bench.arrives(LAN, advertisementFor(search));
    const questions = solicitations(bench.take());
    expect(questions.map(({ to }) => to)).toEqual([LAN]);
    bench.arrives(LAN, advertisementFor(search));
    bench.arrives(OTHER_LAN, advertisementFor(questions[0]!));
    bench.arrives(LAN, advertisementFor(questions[0]!, { nonce: null }));
    bench.arrives(LAN, advertisementFor(questions[0]!, { nonce: new Uint8Array(6) }));
    expect(bench.goesTo()).toBe(ROUTER);
    bench.now += 7;
    bench.arrives(LAN, advertisementFor(questions[0]!));
    expect(bench.goesTo()).toBe(LAN);
    expect(bench.events('path-changed')[0]).toMatchObject({
      path: 'lan',
      endpoint: { address: '192.168.1.7', port: 6666 },
      confirmedBy: 'neighbor-advertisement',
      roundTrip: 7,
    });
  });

  test.each([
    ['the nonce of the search', LAN, {}, true],
    ['another nonce', LAN, { nonce: new Uint8Array(6) }, false],
    ['no nonce', LAN, { nonce: null }, false],
    ['the nonce, unsolicited', LAN, { solicited: false }, false],
    ['the nonce, from another subnet', '192.168.2.7:6666', {}, false],
    ['the nonce, from a shared address', '100.64.3.7:6666', {}, false],
    ['the nonce, from a public address', '192.0.2.66:6666', {}, false],
    ['the nonce, from the broadcast address', '192.168.1.255:6666', {}, false],
  ])('with %s makes us ask there (%s): %s', (_, from, overrides, expected) => {
    const bench = new LanBench();
    bench.peer.setLocalSubnets(['192.168.1.0/24', '100.64.0.0/10', '192.0.2.0/24']);
    bench.arrives(from, advertisementFor(bench.searches(), overrides));
    expect(asked(bench.take(), from)).toHaveLength(expected ? 1 : 0);
  });

  test('counts for three seconds', () => {
    for (const [wait, expected] of [
      [3_000, 1],
      [3_001, 0],
    ] as const) {
      const bench = new LanBench();
      const search = bench.searches();
      bench.waits(wait);
      bench.arrives(LAN, advertisementFor(search));
      expect(asked(bench.take())).toHaveLength(expected);
    }
  });

  test('has no effect where no subnet is known', () => {
    const bench = new PeeringBench({ peering: { lanSearch: true } });
    const search = solicitations(bench.pings(NEIGHBOR)).find(({ to }) => to === ALL_HOSTS)!;
    bench.arrives(LAN, advertisementFor(search));
    bench.arrives(LAN, solicitationFrom(NEIGHBOR));
    const sent = bench.take();
    expect([asked(sent).length, answers(sent).length]).toEqual([0, 0]);
  });

  test('that came by the search cannot pass for one of the public endpoint', () => {
    const bench = new LanBench();
    bench.arrives(NEIGHBOR_ENDPOINT, advertisementFor(bench.searches()));
    bench.waits(1_600);
    expect(bench.goesTo()).toBe(ROUTER);
  });

  test('is not followed by more questions when it comes twice', () => {
    const bench = new LanBench();
    bench.arrives(LAN, advertisementFor(bench.searches()));
    const [question] = solicitations(bench.take());
    for (let count = 0; count < 20; count++) {
      bench.arrives(LAN, advertisementFor(question!));
    }
    expect(solicitations(bench.take())).toEqual([]);
    expect(bench.goesTo()).toBe(LAN);
  });
});

describe('an endpoint on trial', () => {
  test('is asked three times, half a second apart, and no answer counts after three seconds', () => {
    const bench = new LanBench();
    bench.arrives(LAN, advertisementFor(bench.searches()));
    const start = bench.now;
    const times = asked(bench.take()).map(() => 0);
    let last = null;
    for (let step = 0; step < 30; step++) {
      for (const question of asked(bench.waits(100))) {
        times.push(bench.now - start);
        last = question;
      }
    }
    expect(times).toEqual([0, 500, 1_000]);
    bench.arrives(LAN, advertisementFor(last!));
    expect(bench.path()).toBe('relayed');
  });

  test('may send already, and may do so no more when it did not answer', () => {
    const bench = new LanBench();
    expect(bench.takesFrom(LAN)).toBe(false);
    bench.arrives(LAN, advertisementFor(bench.searches()));
    expect(bench.takesFrom(LAN)).toBe(true);
    expect(bench.takesFrom(OTHER_LAN)).toBe(false);
    bench.waits(3_001);
    expect(bench.takesFrom(LAN)).toBe(false);
  });

  test('that answers nothing does not keep another one from its turn', () => {
    const bench = new LanBench();
    const search = bench.searches();
    for (let host = 20; host < 60; host++) {
      for (const port of [1000, 2000]) {
        bench.arrives(`192.168.1.${host}:${port}`, solicitationFrom(NEIGHBOR));
      }
    }
    bench.take();
    bench.arrives(LAN, advertisementFor(search));
    const [question] = asked(bench.take());
    for (let host = 20; host < 60; host++) {
      bench.arrives(`192.168.1.${host}:3000`, solicitationFrom(NEIGHBOR));
    }
    bench.arrives(LAN, advertisementFor(question!));
    expect(bench.goesTo()).toBe(LAN);
  });

  test('is one of four, and one for each IPv4 address', () => {
    const bench = new LanBench();
    const search = bench.searches();
    const from = ['192.168.1.20:1', '192.168.1.20:2', '192.168.1.21:1', '192.168.1.22:1'];
    const more = ['192.168.1.23:1', '192.168.1.24:1'];
    for (const endpoint of [...from, ...more]) bench.arrives(endpoint, advertisementFor(search));
    expect(solicitations(bench.take()).map(({ to }) => to)).toEqual([
      '192.168.1.20:1',
      '192.168.1.21:1',
      '192.168.1.22:1',
      '192.168.1.23:1',
    ]);
  });
});

describe('a solicitation from a private endpoint', () => {
  test('is answered by a question, and by an advertisement where that was asked already', () => {
    const bench = new LanBench();
    bench.arrives(LAN, solicitationFrom(NEIGHBOR));
    const first = bench.take();
    expect([asked(first).length, answers(first).length]).toEqual([1, 0]);
    bench.arrives(LAN, solicitationFrom(NEIGHBOR));
    const second = bench.take();
    expect([asked(second).length, answers(second).length]).toEqual([0, 1]);
  });

  test('is answered at once where we are searching its sender', () => {
    const bench = new LanBench();
    bench.searches();
    bench.arrives(LAN, solicitationFrom(NEIGHBOR));
    const sent = bench.take();
    expect([asked(sent).length, answers(sent).length]).toEqual([0, 1]);
    expect(asked(bench.waits(500))).toHaveLength(1);
  });

  test('registers nothing: packets from there are refused when the question is not answered', () => {
    const bench = new LanBench();
    bench.arrives(LAN, solicitationFrom(NEIGHBOR));
    bench.waits(3_001);
    expect(bench.takesFrom(LAN)).toBe(false);
    expect(bench.goesTo()).toBe(ROUTER);
  });

  test('leads to the path once the question is answered', () => {
    const bench = new LanBench();
    bench.arrives(LAN, solicitationFrom(NEIGHBOR));
    bench.arrives(LAN, advertisementFor(asked(bench.take())[0]!));
    bench.waits(20_000);
    expect(bench.takesFrom(LAN)).toBe(true);
    expect(bench.takesFrom(OTHER_LAN)).toBe(false);
    expect(bench.goesTo()).toBe(LAN);
  });

  test.each([
    ['of a remote behind another NAT', LAN, REMOTE, undefined],
    ['from another subnet', '192.168.2.7:6666', NEIGHBOR, undefined],
    ['from a shared address', '100.64.3.7:6666', NEIGHBOR, undefined],
    ['without a nonce', LAN, NEIGHBOR, null],
    ['of ourselves', LAN, OWN, undefined],
  ])('is ignored %s', (_, from, source, nonce) => {
    const bench = new LanBench();
    bench.arrives(from, solicitationFrom(source, nonce));
    const sent = bench.take();
    expect([asked(sent, from).length, answers(sent, from).length]).toEqual([0, 0]);
    expect(bench.takesFrom(from, source)).toBe(false);
  });

  test('never makes us send there more than came from there', () => {
    const bench = new LanBench();
    let received = 0;
    let sent = 0;
    for (let step = 0; step < 100; step++) {
      const solicitation = solicitationFrom(NEIGHBOR);
      received += solicitation.length + 28;
      bench.arrives(LAN, solicitation);
      for (const { to, payload } of [...bench.take(), ...bench.waits(140)]) {
        if (to === LAN) sent += payload.length + 28;
      }
      expect(sent).toBeLessThanOrEqual(received);
    }
  });
});

describe('a path on the local network', () => {
  test('is preferred to the path through the NAT, whichever is confirmed first', () => {
    const bench = new LanBench();
    const [direct, search] = solicitations(bench.pings(NEIGHBOR));
    bench.arrives(NEIGHBOR_ENDPOINT, advertisementFor(direct!));
    expect(bench.path()).toBe('direct');
    bench.arrives(LAN, advertisementFor(search!));
    const [question] = solicitations(bench.take());
    expect(bench.path()).toBe('direct');
    bench.arrives(LAN, advertisementFor(question!));
    expect(bench.goesTo()).toBe(LAN);
    bench.arrives(NEIGHBOR_ENDPOINT, advertisementFor(direct!));
    expect(bench.goesTo()).toBe(LAN);
  });

  test('is solicited there again after five seconds, each time with another nonce', () => {
    const bench = LanBench.found();
    const nonces = new Set<string>();
    for (let round = 0; round < 4; round++) {
      bench.waits(5_000);
      const questions = asked([...bench.pings(NEIGHBOR), ...bench.waits(10)]);
      expect(questions).toHaveLength(1);
      nonces.add(JSON.stringify(questions[0]!.options));
      bench.arrives(LAN, advertisementFor(questions[0]!));
    }
    expect(nonces.size).toBe(4);
    bench.waits(600);
    expect(bench.goesTo()).toBe(LAN);
  });

  test('is left within half a second when there is no answer, and nobody there may send any more', () => {
    const bench = LanBench.found();
    bench.waits(5_000);
    bench.pings(NEIGHBOR);
    bench.waits(510);
    expect(bench.goesTo()).toBe(ROUTER);
    bench.waits(1_500);
    expect(bench.path()).toBe('relayed');
    expect(bench.takesFrom(LAN)).toBe(false);
  });

  test('is taken over by nobody while its answers come', () => {
    const bench = LanBench.found();
    for (let round = 0; round < 10; round++) {
      bench.waits(5_000);
      const sent = [...bench.pings(NEIGHBOR), ...bench.waits(10)];
      for (const question of solicitations(sent)) {
        expect(question.to).toBe(LAN);
        bench.arrives(OTHER_LAN, solicitationFrom(NEIGHBOR));
        bench.arrives(OTHER_LAN, advertisementFor(question));
        bench.arrives('192.168.1.7:6667', advertisementFor(question));
        expect(bench.take()).toEqual([]);
        bench.arrives(LAN, advertisementFor(question));
      }
      expect(bench.takesFrom(OTHER_LAN)).toBe(false);
      expect(bench.goesTo()).toBe(LAN);
    }
  });

  test('that is not renewed for 25 s makes room for another', () => {
    for (const [wait, expected] of [
      [24_999, 0],
      [25_000, 1],
    ] as const) {
      const bench = LanBench.found();
      bench.waits(wait);
      bench.arrives(OTHER_LAN, solicitationFrom(NEIGHBOR));
      expect(asked(bench.take(), OTHER_LAN)).toHaveLength(expected);
    }
  });

  test('of a remote that only sends is renewed by its solicitations, every five seconds', () => {
    const bench = LanBench.found();
    for (let round = 0; round < 8; round++) {
      bench.waits(5_000);
      bench.arrives(LAN, solicitationFrom(NEIGHBOR));
      const sent = bench.take();
      expect([asked(sent).length, answers(sent).length]).toEqual([1, 1]);
      bench.arrives(LAN, advertisementFor(asked(sent)[0]!));
      bench.arrives(LAN, solicitationFrom(NEIGHBOR));
      expect(asked(bench.take())).toEqual([]);
      bench.arrives(OTHER_LAN, solicitationFrom(NEIGHBOR));
      expect(bench.take()).toEqual([]);
    }
    expect(bench.takesFrom(LAN)).toBe(true);
  });

  test('ends when our computer leaves the subnet', () => {
    const bench = LanBench.found();
    bench.peer.setLocalSubnets(['192.168.1.0/25']);
    expect(bench.path()).toBe('lan');
    bench.peer.setLocalSubnets(['192.168.2.0/24']);
    expect(bench.path()).toBe('relayed');
    expect(bench.takesFrom(LAN)).toBe(false);
    expect(bench.goesTo()).toBe(ROUTER);
  });

  test('ends when our public endpoint changes', () => {
    const bench = LanBench.found();
    bench.peer.solicit(bench.now);
    bench.advertise('203.0.113.5:41000');
    expect(bench.path()).toBe('relayed');
    expect(bench.takesFrom(LAN)).toBe(false);
  });

  test('is not told to remotes with another public address', () => {
    const bench = LanBench.found();
    expect(bench.takesFrom(LAN, REMOTE)).toBe(false);
    expect(bench.takesFrom(LAN, remoteAt(`${OWN_ENDPOINT.split(':')[0]}:41235`))).toBe(false);
  });
});

describe('Redirects on the local network (draft-01 §6.13)', () => {
  const profile = { ...reference2020, dialect: { ...reference2020.dialect, redirects: true } };
  const redirects = (sent: readonly SentDatagram[]) =>
    sent.filter((one) => parsed(one)?.type === 'redirect');
  const parsed = ({ payload }: SentDatagram) => {
    const result = parseNd(payload, 0, payload.length, { lenientRedirect: true });
    return result.ok ? result.value : null;
  };

  /** What the neighbor sends when we go on by way of the router, or that with other properties. */
  function redirect(overrides: { source?: string; names?: string; cause?: Uint8Array } = {}) {
    const linkLocal = (endpoint: string): Uint8Array => {
      const [address, port] = endpoint.split(':');
      const bytes = new Uint8Array(16);
      profile.layout.writeLinkLocal(bytes, 0, parseIPv4(address!), Number(port));
      return bytes;
    };
    return buildNd({
      type: 'redirect',
      source: linkLocal(overrides.source ?? NEIGHBOR_ENDPOINT),
      destination: parseIPv6(OWN),
      target: parseIPv6(NEIGHBOR),
      redirectDestination: linkLocal(overrides.names ?? NEIGHBOR_ENDPOINT),
      options: [{ type: 'redirected-header', packet: overrides.cause ?? ping(OWN, NEIGHBOR) }],
    });
  }

  test('go there to a remote whose packets are relayed, every ten seconds at most', () => {
    const bench = LanBench.found({ profile });
    bench.waits(9_999);
    bench.arrives(ROUTER, ping(NEIGHBOR, OWN));
    expect(redirects(bench.take())).toEqual([]);
    bench.waits(1);
    for (let count = 0; count < 3; count++) bench.arrives(ROUTER, ping(NEIGHBOR, OWN));
    expect(redirects(bench.take()).map(({ to }) => to)).toEqual([LAN]);
  });

  test('make us ask the endpoint that they came from, which proves nothing before it answers', () => {
    const bench = new LanBench({ profile });
    bench.pings(NEIGHBOR);
    bench.arrives(LAN, redirect());
    const [question] = asked(bench.take());
    expect(bench.goesTo()).toBe(ROUTER);
    bench.arrives(LAN, advertisementFor(question!));
    expect(bench.goesTo()).toBe(LAN);
  });

  test.each([
    ['from another subnet', '192.168.2.7:6666', redirect()],
    ['from a shared address', '100.64.3.7:6666', redirect()],
    ['from the address of another', LAN, redirect({ source: '203.0.113.5:41235' })],
    ['naming another endpoint', LAN, redirect({ names: LAN })],
    ['about a packet that is not ours', LAN, redirect({ cause: ping(REMOTE, NEIGHBOR) })],
    ['about a packet to another', LAN, redirect({ cause: ping(OWN, REMOTE) })],
  ])('are ignored %s', (_, from, bytes) => {
    const bench = new LanBench({ profile });
    bench.pings(NEIGHBOR);
    bench.arrives(from, bytes);
    expect(solicitations(bench.take())).toEqual([]);
  });

  test('move no path that is in use', () => {
    const bench = LanBench.found({ profile });
    bench.arrives(OTHER_LAN, redirect());
    expect(solicitations(bench.take())).toEqual([]);
  });
});
