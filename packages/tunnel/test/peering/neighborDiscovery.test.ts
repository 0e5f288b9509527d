import { formatIPv6, parseIPv6 } from '@6bed4/codec';
import { findOption, hopLimit, ICMPV6_ECHO_REPLY } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
import { ping, udp } from '../support/packets.js';
import {
  advertisementFor,
  isData,
  messageIn,
  OWN,
  OWN_ENDPOINT,
  PeeringBench,
  ROUTER,
  remoteAt,
  solicitationFrom,
  solicitations,
} from '../support/peerBench.js';

const REMOTE_ENDPOINT = '192.0.2.9:5000';
const REMOTE = remoteAt(REMOTE_ENDPOINT);

/** A bench whose path to {@link REMOTE} is confirmed. */
function direct(options: ConstructorParameters<typeof PeeringBench>[0] = {}): PeeringBench {
  const bench = new PeeringBench(options);
  const [solicitation] = solicitations(bench.pings(REMOTE));
  bench.now += 20;
  bench.arrives(REMOTE_ENDPOINT, advertisementFor(solicitation!));
  bench.take();
  return bench;
}

const goesTo = (bench: PeeringBench, remote = REMOTE): string => bench.way(ping(OWN, remote));

describe('the first packet to a remote (draft-03 §8.2)', () => {
  test('is relayed, and beside it a solicitation goes directly to the remote', () => {
    const sent = new PeeringBench().pings(REMOTE);
    expect(sent.map(({ to }) => to).sort()).toEqual([REMOTE_ENDPOINT, ROUTER]);
    const [solicitation] = solicitations(sent);
    expect(solicitation!.to).toBe(REMOTE_ENDPOINT);
    expect(formatIPv6(solicitation!.source)).toBe(OWN);
    expect(formatIPv6(solicitation!.destination)).toBe(REMOTE);
    expect(formatIPv6(solicitation!.target)).toBe(REMOTE);
    expect(hopLimit(solicitation!.bytes, 0)).toBe(255);
    expect(findOption(solicitation!.options, 'nonce')!.nonce).toHaveLength(6);
    expect(solicitation!.bytes).toHaveLength(72);
  });

  test('begins a round of three solicitations, half a second apart', () => {
    const bench = new PeeringBench();
    const start = bench.now;
    const times = solicitations(bench.pings(REMOTE)).map(() => 0);
    for (let step = 0; step < 100; step++) {
      for (const _ of solicitations(bench.waits(50))) times.push(bench.now - start);
    }
    expect(times).toEqual([0, 500, 1000]);
  });

  test('sends each solicitation of a round with another nonce', () => {
    const bench = new PeeringBench();
    const sent = [...bench.pings(REMOTE), ...bench.waits(1_400)];
    const nonces = solicitations(sent).map(({ options }) =>
      findOption(options, 'nonce')!.nonce.join(),
    );
    expect(new Set(nonces).size).toBe(3);
  });

  test('reports a search in vain once, and later packets search again after longer and longer waits', () => {
    const bench = new PeeringBench();
    const rows: number[] = [];
    let last = Number.NEGATIVE_INFINITY;
    for (let second = 0; second < 400; second++) {
      const solicited =
        solicitations(bench.pings(REMOTE)).length + solicitations(bench.waits(1_000)).length;
      if (solicited > 0 && second - last > 1) rows.push(second);
      if (solicited > 0) last = second;
    }
    const waits = rows.slice(1).map((second, index) => second - rows[index]!);
    expect(waits.slice(0, 4)).toEqual([4, 6, 10, 18]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(62);
    expect(bench.events('path-changed')).toEqual([
      {
        type: 'path-changed',
        remote: REMOTE,
        direction: 'outbound',
        path: 'relayed',
        previous: null,
        endpoint: null,
        confirmedBy: null,
        roundTrip: null,
      },
    ]);
  });

  test('solicits nobody with the strategy via-router', () => {
    const bench = new PeeringBench({ peering: { strategy: 'via-router' } });
    expect(bench.pings(REMOTE).map(({ to }) => to)).toEqual([ROUTER]);
    expect(bench.peer.remotes(bench.now)).toEqual([]);
  });

  test('solicits no address that encodes no endpoint, or one that nobody can be at', () => {
    const bench = new PeeringBench();
    const others = [
      '2001:db8:77::5',
      remoteAt('127.0.0.1:5000'),
      remoteAt('224.0.0.1:5000'),
      remoteAt(REMOTE_ENDPOINT, 0),
    ];
    for (const other of others) {
      expect(bench.pings(other).map(({ to }) => to)).toEqual([ROUTER]);
    }
  });

  test('shares the path of a remote among all its addresses', () => {
    const bench = direct();
    expect(bench.pings(remoteAt(REMOTE_ENDPOINT, 77)).map(({ to }) => to)).toEqual([
      REMOTE_ENDPOINT,
    ]);
    expect(bench.peer.remotes(bench.now)).toHaveLength(1);
  });
});

describe('a Neighbor Advertisement', () => {
  test('makes packets go directly to the remote', () => {
    const bench = direct();
    expect(bench.pings(REMOTE).map(({ to }) => to)).toEqual([REMOTE_ENDPOINT]);
    expect(bench.events('path-changed')).toEqual([
      {
        type: 'path-changed',
        remote: REMOTE,
        direction: 'outbound',
        path: 'direct',
        previous: null,
        endpoint: { address: '192.0.2.9', port: 5000 },
        confirmedBy: 'neighbor-advertisement',
        roundTrip: 20,
      },
    ]);
  });

  test.each([
    ['another endpoint', '192.0.2.10:5000', {}],
    ['another port', '192.0.2.9:5001', {}],
    ['the router', ROUTER, {}],
    ['a private endpoint, though the remote is not behind our NAT', '10.0.0.7:5000', {}],
    ['the right endpoint, with another nonce', REMOTE_ENDPOINT, { nonce: new Uint8Array(6) }],
    ['the right endpoint, with a longer nonce', REMOTE_ENDPOINT, { nonce: new Uint8Array(14) }],
    ['the right endpoint, but unsolicited', REMOTE_ENDPOINT, { solicited: false }],
    [
      'the right endpoint, about another address',
      REMOTE_ENDPOINT,
      { target: parseIPv6(remoteAt('192.0.2.44:5000')) },
    ],
  ])('from %s confirms nothing', (_, from, overrides) => {
    const bench = new PeeringBench();
    const [solicitation] = solicitations(bench.pings(REMOTE));
    bench.arrives(from, advertisementFor(solicitation!, overrides));
    expect(goesTo(bench)).toBe(ROUTER);
  });

  test('that comes unsolicited, or too late, confirms nothing', () => {
    const bench = new PeeringBench();
    const [solicitation] = solicitations(bench.pings(REMOTE));
    bench.waits(6_000);
    bench.arrives(REMOTE_ENDPOINT, advertisementFor(solicitation!));
    expect(goesTo(bench)).toBe(ROUTER);
  });

  test('that answers an earlier solicitation counts, with the round trip since that one', () => {
    const bench = new PeeringBench();
    const [first] = solicitations(bench.pings(REMOTE));
    bench.waits(600);
    bench.arrives(REMOTE_ENDPOINT, advertisementFor(first!));
    expect(bench.events('path-changed')[0]).toMatchObject({ path: 'direct', roundTrip: 600 });
  });
});

describe('a direct path in use', () => {
  test.each([
    [false, 20, 24],
    [true, 5, 6],
  ])(
    'with answers of the remote: %s, is solicited so often in 30 s: %i to %i',
    (answers, least, most) => {
      const bench = direct();
      let solicited = 0;
      for (let step = 0; step < 300; step++) {
        if (answers) bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
        const sent = [...bench.pings(REMOTE), ...bench.waits(100)];
        for (const solicitation of solicitations(sent)) {
          solicited++;
          bench.arrives(solicitation.to, advertisementFor(solicitation));
        }
        expect(sent.some((one) => one.to === ROUTER && isData(one))).toBe(false);
      }
      expect(solicited).toBeGreaterThanOrEqual(least);
      expect(solicited).toBeLessThanOrEqual(most);
    },
  );

  test('is left for the router within 2 s when answers stop, which is reported after a round in vain', () => {
    const bench = direct();
    const start = bench.now;
    let relayedAt = 0;
    for (let step = 0; step < 100 && relayedAt === 0; step++) {
      if (goesTo(bench) === ROUTER) relayedAt = bench.now - start;
      bench.waits(100);
    }
    expect(relayedAt).toBeGreaterThan(1_500);
    expect(relayedAt).toBeLessThanOrEqual(2_000);
    bench.waits(2_000);
    expect(bench.events('path-changed').at(-1)).toMatchObject({
      path: 'relayed',
      previous: 'direct',
    });
  });

  test('is used again after a late answer', () => {
    const bench = direct();
    bench.waits(5_100);
    const [solicitation] = solicitations([...bench.pings(REMOTE), ...bench.waits(10)]);
    bench.waits(700);
    expect(goesTo(bench)).toBe(ROUTER);
    bench.arrives(REMOTE_ENDPOINT, advertisementFor(solicitation!));
    expect(goesTo(bench)).toBe(REMOTE_ENDPOINT);
  });
});

describe('an idle direct path', () => {
  test('is used for 25 s without a confirmation, and after that only once it is confirmed again', () => {
    const bench = direct();
    bench.waits(24_000);
    expect(goesTo(bench)).toBe(REMOTE_ENDPOINT);
    const other = direct();
    other.waits(25_100);
    const sent = other.pings(REMOTE);
    expect(sent.find(isData)!.to).toBe(ROUTER);
    const [solicitation] = solicitations(sent);
    other.arrives(REMOTE_ENDPOINT, advertisementFor(solicitation!));
    expect(goesTo(other)).toBe(REMOTE_ENDPOINT);
  });

  test('causes no datagrams while nobody sends', () => {
    const bench = direct();
    const sent = bench.waits(100_000).filter(({ to }) => to === REMOTE_ENDPOINT);
    expect(sent).toEqual([]);
  });

  test('is kept open where options demand that', () => {
    const bench = direct({ peering: { directKeepalive: 20 } });
    let solicited = 0;
    for (let step = 0; step < 1_000; step++) {
      for (const solicitation of solicitations(bench.waits(100))) {
        solicited++;
        bench.arrives(solicitation.to, advertisementFor(solicitation));
      }
    }
    expect(solicited).toBeGreaterThanOrEqual(4);
    expect(goesTo(bench)).toBe(REMOTE_ENDPOINT);
  });

  test('is removed after five minutes', () => {
    const bench = direct();
    expect(bench.peer.remotes(bench.now)).toHaveLength(1);
    bench.waits(700_000);
    expect(bench.peer.remotes(bench.now)).toEqual([]);
  });
});

describe('solicitations of a remote', () => {
  test('are answered where they came from, with their nonce, in no more bytes', () => {
    const bench = new PeeringBench();
    const solicitation = solicitationFrom(REMOTE);
    bench.arrives(REMOTE_ENDPOINT, solicitation);
    const [answer] = bench.take();
    expect(answer!.to).toBe(REMOTE_ENDPOINT);
    expect(answer!.payload.length).toBeLessThanOrEqual(solicitation.length);
    const message = messageIn(answer!);
    if (message?.type !== 'neighbor-advertisement') throw new Error('no answer');
    expect([message.solicited, message.override]).toEqual([true, false]);
    expect(findOption(message.options, 'nonce')!.nonce).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
  });

  test('confirm nothing to us: packets are relayed', () => {
    const bench = new PeeringBench();
    bench.arrives(REMOTE_ENDPOINT, solicitationFrom(REMOTE));
    bench.take();
    expect(goesTo(bench)).toBe(ROUTER);
  });

  test('that do not come from the endpoint in their source get no answer', () => {
    const bench = new PeeringBench();
    bench.arrives('192.0.2.66:5000', solicitationFrom(REMOTE));
    expect(bench.take()).toEqual([]);
  });
});

describe('direct traffic from a remote that we reach through the router (draft-03 §8, §10.2)', () => {
  test('makes us solicit at once, though the last search was in vain', () => {
    const bench = new PeeringBench();
    bench.pings(REMOTE);
    bench.waits(1_700);
    bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
    expect(solicitations(bench.take()).map(({ to }) => to)).toEqual([REMOTE_ENDPOINT]);
  });

  test.each([
    ['a Neighbor Solicitation', () => solicitationFrom(REMOTE), [1, 3, 5]],
    [
      'a packet that is worth a solicitation',
      () => udp(REMOTE, OWN, new Uint8Array(24)),
      [0, 1, 2],
    ],
    ['a smaller packet, from the second on', () => udp(REMOTE, OWN, new Uint8Array(23)), [1, 2, 3]],
  ])('makes us solicit a remote of which nothing was known: %s', (_, make, expected) => {
    const bench = new PeeringBench();
    const asked: number[] = [];
    for (let count = 0; count < 6; count++) {
      bench.arrives(REMOTE_ENDPOINT, make());
      if (solicitations(bench.take()).length > 0) asked.push(count);
      // The round that was begun cannot be paid from what came so far.
      bench.waits(3_000);
    }
    expect(asked.slice(0, 3)).toEqual(expected);
  });

  test('makes us send nobody more than came from there, be it answers or questions', () => {
    const bench = new PeeringBench();
    let received = 0;
    let sent = 0;
    for (let count = 0; count < 200; count++) {
      const bytes = solicitationFrom(REMOTE);
      received += bytes.length + 28;
      bench.arrives(REMOTE_ENDPOINT, bytes);
      for (const { to, payload } of [...bench.take(), ...bench.waits(170)]) {
        if (to === REMOTE_ENDPOINT) sent += payload.length + 28;
      }
      expect(sent).toBeLessThanOrEqual(received);
    }
    expect(sent).toBeGreaterThan(received - 200);
  });

  test('by way of the router makes us solicit nobody', () => {
    const bench = new PeeringBench();
    bench.pings(REMOTE);
    bench.waits(1_700);
    bench.arrives(ROUTER, ping(REMOTE, OWN, { size: 200 }));
    bench.arrives(ROUTER, solicitationFrom(REMOTE));
    expect(solicitations(bench.take())).toEqual([]);
  });

  test('from another port of the same IPv4 address is that of somebody else', () => {
    const bench = direct();
    bench.arrives('192.0.2.9:5001', ping(REMOTE, OWN));
    bench.arrives('192.0.2.10:5000', ping(REMOTE, OWN));
    expect(bench.recorder.delivered).toEqual([]);
    expect(bench.peer.counters.snapshot().drops).toEqual({ 'source-mismatch': 2 });
    bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
    expect(bench.recorder.delivered).toHaveLength(1);
  });

  test('makes us solicit no more than four times a second', () => {
    const bench = new PeeringBench();
    bench.pings(REMOTE);
    let solicited = 0;
    for (let step = 0; step < 1_000; step++) {
      bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
      solicited += solicitations([...bench.take(), ...bench.waits(10)]).length;
    }
    expect(solicited).toBeLessThanOrEqual(45);
    expect(solicited).toBeGreaterThan(3);
  });
});

describe('an unknown sender', () => {
  test('that sent first is never sent more bytes of ours than came from there or go there', () => {
    const bench = new PeeringBench();
    let received = 0;
    let sent = 0;
    for (let step = 0; step < 500; step++) {
      const packet =
        step % 3 === 0 ? solicitationFrom(REMOTE) : ping(REMOTE, OWN, { size: step % 40 });
      received += packet.length;
      bench.arrives(REMOTE_ENDPOINT, packet);
      // The local side answers now and then, which is not our doing and takes the router.
      if (step % 5 === 0) {
        const answer = ping(OWN, REMOTE);
        received += answer.length;
        bench.sends(answer);
      }
      for (const datagram of [...bench.take(), ...bench.waits(20)]) {
        if (datagram.to === REMOTE_ENDPOINT) sent += datagram.payload.length;
      }
      expect(sent).toBeLessThanOrEqual(received);
    }
    expect(sent).toBeGreaterThan(0);
  });

  test('cannot fill the table with invented remotes so that a working path is lost', () => {
    const bench = direct({ peering: { maxRemotes: 16 } });
    for (let port = 1; port < 2_000; port++) {
      const invented = `192.0.2.${100 + (port % 100)}:${port}`;
      bench.arrives(invented, ping(remoteAt(invented), OWN));
    }
    bench.take();
    expect(goesTo(bench)).toBe(REMOTE_ENDPOINT);
    // The remote, and a quarter of the table.
    expect(bench.peer.remotes(bench.now)).toHaveLength(5);
  });

  test('gets no place beyond a quarter of the table, which is counted, and is relayed to', () => {
    const bench = new PeeringBench({ peering: { maxRemotes: 16 } });
    for (let node = 1; node <= 6; node++) {
      const from = `192.0.2.${node}:7`;
      bench.arrives(from, ping(remoteAt(from), OWN, { size: 100 }));
    }
    expect(bench.recorder.delivered).toHaveLength(6);
    expect(bench.peer.remotes(bench.now)).toHaveLength(4);
    expect(bench.peer.counters.snapshot().remotesRefused).toBe(2);
    bench.take();
    const reply = ping(OWN, remoteAt('192.0.2.6:7'));
    reply[40] = ICMPV6_ECHO_REPLY;
    bench.sends(reply);
    expect(bench.take().map(({ to }) => to)).toEqual([ROUTER]);
    expect(bench.peer.counters.snapshot().remotesRefused).toBe(3);
  });

  test('is solicited at a rate of its IPv4 address', () => {
    const bench = new PeeringBench();
    const solicited = (node: number): number => {
      let count = 0;
      for (let round = 0; round < 40; round++) {
        const from = `192.0.2.${node}:${(round % 16) + 1}`;
        bench.arrives(from, ping(remoteAt(from), OWN, { size: 100 }));
        count += solicitations(bench.take()).length;
        if (round === 15) bench.now += 250;
      }
      return count;
    };
    expect(solicited(7)).toBe(22);
    expect(solicited(8)).toBe(22);
  });
});

describe('a remote that takes the place of another', () => {
  const OTHER_ENDPOINT = '192.0.2.10:5000';
  const OTHER = remoteAt(OTHER_ENDPOINT);

  test('is solicited at its first hint and its first packet, whatever was in vain for that one', () => {
    const bench = new PeeringBench({ peering: { maxRemotes: 1 } });
    bench.pings(REMOTE);
    bench.waits(1_600);
    bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
    bench.waits(1_600);
    bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
    bench.waits(4_000);
    expect(solicitations(bench.pings(OTHER)).map(({ to }) => to)).toEqual([OTHER_ENDPOINT]);
    bench.arrives(OTHER_ENDPOINT, ping(OTHER, OWN));
    expect(solicitations(bench.take()).map(({ to }) => to)).toEqual([OTHER_ENDPOINT]);
  });

  test('is not reached directly for the answer of that one', () => {
    const bench = direct({ peering: { maxRemotes: 1 } });
    bench.waits(25_001);
    const [solicitation] = solicitations(bench.pings(OTHER));
    expect(solicitation!.to).toBe(OTHER_ENDPOINT);
    bench.arrives(REMOTE_ENDPOINT, advertisementFor(solicitation!));
    expect(goesTo(bench, OTHER)).toBe(ROUTER);
  });

  test('does not get a place while that one is being searched for', () => {
    const bench = new PeeringBench({ peering: { maxRemotes: 1 } });
    bench.pings(REMOTE);
    bench.waits(1_499);
    expect(solicitations(bench.pings(OTHER))).toEqual([]);
    bench.waits(1);
    expect(solicitations(bench.pings(OTHER))).toHaveLength(1);
  });
});

describe('two hundred remotes', () => {
  test('each keep their own search, nonce and path while the table grows', () => {
    const bench = new PeeringBench();
    const endpoints = Array.from({ length: 200 }, (_, index) => `192.0.2.${index}:5000`);
    const sent = endpoints.flatMap((endpoint) => solicitations(bench.pings(remoteAt(endpoint))));
    expect(sent.map(({ to }) => to)).toEqual(endpoints);
    for (const [index, solicitation] of sent.entries()) {
      if (index % 2 === 0) bench.arrives(endpoints[index]!, advertisementFor(solicitation));
    }
    for (const [index, endpoint] of endpoints.entries()) {
      expect(goesTo(bench, remoteAt(endpoint))).toBe(index % 2 === 0 ? endpoint : ROUTER);
    }
    const asked = solicitations(bench.waits(1_500)).map(({ to }) => to);
    expect(asked).toHaveLength(200);
    expect(asked.every((to) => endpoints.indexOf(to) % 2 === 1)).toBe(true);
  });
});

describe('remotes that the local side sends to', () => {
  /** The remotes solicited when the local side pings so many new ones at once. */
  function solicited(bench: PeeringBench, count: number, firstPort: number): number {
    let sum = 0;
    for (let port = firstPort; port < firstPort + count; port++) {
      sum += solicitations(bench.pings(remoteAt(`192.0.2.8:${port}`))).length;
    }
    return sum;
  }

  test('are solicited at a rate that they share: a thousand at once, 500 a second', () => {
    const bench = new PeeringBench();
    expect(solicited(bench, 1_200, 1)).toBe(1_000);
    bench.waits(2_000);
    bench.now += 100;
    expect(solicited(bench, 1_200, 5_000)).toBe(1_000);
    bench.now += 100;
    expect(solicited(bench, 100, 9_000)).toBe(50);
  });

  test('are solicited at once, however many questions strangers cause', () => {
    const bench = new PeeringBench();
    for (let port = 1; port < 5_000; port++) {
      const from = `192.0.2.${port & 0xff}:${port}`;
      bench.arrives(from, ping(remoteAt(from), OWN, { size: 100 }));
    }
    bench.take();
    expect(solicitations(bench.pings(REMOTE)).map(({ to }) => to)).toEqual([REMOTE_ENDPOINT]);
  });

  test('keep their confirmed paths while two thousand others are searched and renewed', () => {
    const bench = direct();
    solicited(bench, 2_000, 1);
    bench.now += 5_000;
    bench.take();
    expect(solicitations(bench.pings(REMOTE))).toHaveLength(0);
    expect(solicitations(bench.waits(1)).map(({ to }) => to)).toContain(REMOTE_ENDPOINT);
  });
});

describe('a conversation that falls silent', () => {
  test('makes us solicit the router once, which restores the mapping that a NAT dropped', () => {
    const bench = direct();
    for (let step = 0; step < 20; step++) {
      bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
      expect(bench.waits(500).map(({ to }) => to)).not.toContain(ROUTER);
    }
    let solicited = 0;
    for (let step = 0; step < 250; step++) {
      for (const datagram of bench.waits(100)) {
        if (messageIn(datagram)?.type !== 'router-solicitation') continue;
        solicited++;
        bench.advertise(OWN_ENDPOINT);
      }
    }
    expect(solicited).toBe(1);
  });

  test('again and again makes us solicit three times, then every ten seconds at most', () => {
    const bench = direct();
    let solicited = 0;
    for (let step = 0; step < 25; step++) {
      bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
      const sent = bench.waits(4_000);
      if (sent.some((one) => messageIn(one)?.type === 'router-solicitation')) {
        solicited++;
        bench.advertise(OWN_ENDPOINT);
      }
    }
    expect(solicited).toBeGreaterThan(1);
    expect(solicited).toBeLessThanOrEqual(3 + 10);
  });
});

describe('a fourth silence within ten seconds', () => {
  test('makes us send an empty datagram at once, and solicit when ten seconds have passed', () => {
    const bench = direct({ keepalive: { interval: 25, ttl: 3 } });
    const asksWithin = (seconds: number): boolean => {
      let solicited = false;
      for (let step = 0; step < seconds * 10; step++) {
        for (const datagram of bench.waits(100)) {
          if (messageIn(datagram)?.type !== 'router-solicitation') continue;
          solicited = true;
          bench.advertise(OWN_ENDPOINT);
        }
      }
      return solicited;
    };
    for (let silence = 0; silence < 3; silence++) {
      bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
      expect(asksWithin(2)).toBe(true);
    }
    bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
    const sent = bench.waits(1_600).filter(({ to }) => to === ROUTER);
    expect(sent.map(({ payload }) => payload.length)).toEqual([0]);
    expect(asksWithin(10)).toBe(true);
    expect(asksWithin(20)).toBe(false);
  });
});

describe('another address of our own', () => {
  test('voids all confirmations', () => {
    const bench = direct();
    bench.peer.solicit(bench.now);
    bench.advertise('203.0.113.5:41000');
    bench.take();
    const moved = remoteAt('203.0.113.5:41000');
    bench.sends(ping(moved, REMOTE));
    const sent = bench.take();
    expect(sent.find((datagram) => messageIn(datagram) === null)!.to).toBe(ROUTER);
    expect(solicitations(sent)).toHaveLength(1);
  });
});

describe('the snapshot', () => {
  test('lists the remotes with their paths and counters', () => {
    const bench = direct();
    bench.pings(REMOTE);
    bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
    bench.arrives(ROUTER, ping(REMOTE, OWN));
    expect(bench.peer.remotes(bench.now)).toEqual([
      {
        address: REMOTE,
        direction: 'outbound',
        path: 'direct',
        endpoint: { address: '192.0.2.9', port: 5000 },
        confirmedBy: 'neighbor-advertisement',
        confirmedAt: 10_020,
        validUntil: 35_020,
        roundTrip: 20,
        search: null,
        createdAt: 10_000,
        lastSentAt: 10_020,
        lastReceivedAt: 10_020,
        packetsSentDirect: 1,
        packetsSentRelayed: 1,
        packetsReceivedDirect: 1,
        packetsReceivedRelayed: 1,
      },
    ]);
  });

  test('tells of a relayed remote what was tried, and from when on a packet tries again', () => {
    const bench = new PeeringBench();
    const start = bench.now;
    const search = () => bench.peer.remotes(bench.now)[0]!.search;
    bench.pings(REMOTE);
    const tried = { endpoint: { address: '192.0.2.9', port: 5000 }, directAt: null };
    expect(search()).toEqual({
      ...tried,
      state: 'trying',
      failures: 0,
      triedAt: start,
      retryAt: null,
    });
    bench.waits(1_500);
    const failed = { ...tried, state: 'failed', failures: 1, triedAt: start + 1_000 };
    expect(search()).toEqual({ ...failed, retryAt: start + 3_500 });
    bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
    expect(search()).toMatchObject({ directAt: bench.now });
  });

  test('says that nothing is tried once a confirmation has expired', () => {
    const bench = direct();
    bench.now += 60_000;
    const [remote] = bench.peer.remotes(bench.now);
    expect(remote).toMatchObject({ path: 'relayed', search: { state: 'idle', failures: 0 } });
  });
});
