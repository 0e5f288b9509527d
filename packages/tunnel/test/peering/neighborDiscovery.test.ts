import { formatIPv6, parseIPv6 } from '@6bed4/codec';
import { findOption, hopLimit } from '@6bed4/nd';
import { describe, expect, test } from 'vitest';
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

const isData = (datagram: { readonly payload: Uint8Array }): boolean =>
  datagram.payload.length > 0 && messageIn(datagram) === null;

const goesTo = (bench: PeeringBench, remote = REMOTE): string =>
  bench.pings(remote).find(isData)!.to;

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

  test('without a nonce is accepted from deployed peers', () => {
    const bench = new PeeringBench();
    const [solicitation] = solicitations(bench.pings(REMOTE));
    bench.arrives(REMOTE_ENDPOINT, advertisementFor(solicitation!, { nonce: null }));
    expect(goesTo(bench)).toBe(REMOTE_ENDPOINT);
  });

  test('without a nonce is refused where options demand one', () => {
    const bench = new PeeringBench({ peering: { requireNonce: true } });
    const [solicitation] = solicitations(bench.pings(REMOTE));
    bench.arrives(REMOTE_ENDPOINT, advertisementFor(solicitation!, { nonce: null }));
    expect(goesTo(bench)).toBe(ROUTER);
  });

  test('without a nonce is refused from a remote that has repeated one', () => {
    const bench = direct();
    bench.waits(26_000);
    const solicited = solicitations([...bench.pings(REMOTE), ...bench.waits(10)]);
    bench.arrives(REMOTE_ENDPOINT, advertisementFor(solicited[0]!, { nonce: null }));
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
  test('is solicited again every five seconds, and stays while there are answers', () => {
    const bench = direct();
    let solicited = 0;
    for (let step = 0; step < 300; step++) {
      const sent = [...bench.pings(REMOTE), ...bench.waits(100)];
      for (const solicitation of solicitations(sent)) {
        solicited++;
        bench.arrives(solicitation.to, advertisementFor(solicitation));
      }
      expect(sent.some((one) => one.to === ROUTER && isData(one))).toBe(false);
    }
    expect(solicited).toBeGreaterThanOrEqual(5);
    expect(solicited).toBeLessThanOrEqual(6);
  });

  test('is left for the router within 6 s when answers stop, which is reported after a round in vain', () => {
    const bench = direct();
    const start = bench.now;
    let relayedAt = 0;
    for (let step = 0; step < 100 && relayedAt === 0; step++) {
      if (goesTo(bench) === ROUTER) relayedAt = bench.now - start;
      bench.waits(100);
    }
    expect(relayedAt).toBeGreaterThan(5_000);
    expect(relayedAt).toBeLessThanOrEqual(6_000);
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
    expect(goesTo(other)).toBe(ROUTER);
    const [solicitation] = solicitations(other.waits(10));
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
    expect(bench.peer.remotes(bench.now)).toHaveLength(16);
  });

  test('is solicited at a rate that all remotes share', () => {
    const bench = new PeeringBench();
    let solicited = 0;
    for (let port = 1; port <= 2_000; port++) {
      solicited += solicitations(bench.pings(remoteAt(`192.0.2.8:${port}`))).length;
    }
    expect(solicited).toBe(200);
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

  test('again and again makes us solicit every ten seconds at most', () => {
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
    expect(solicited).toBeLessThanOrEqual(10);
  });
});

describe('a second silence within ten seconds', () => {
  test('makes us solicit when ten seconds have passed since the first', () => {
    const bench = direct();
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
    bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
    expect(asksWithin(5)).toBe(true);
    bench.arrives(REMOTE_ENDPOINT, ping(REMOTE, OWN));
    expect(asksWithin(4)).toBe(false);
    expect(asksWithin(7)).toBe(true);
    expect(asksWithin(25)).toBe(false);
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

describe('the local network (draft-01 §6.11)', () => {
  const NEIGHBOR = remoteAt(`${OWN_ENDPOINT.split(':')[0]}:41234`);
  const NEIGHBOR_LAN = '192.168.1.7:6666';
  const EVERYONE = '224.0.0.1:25790';

  test('is searched for a remote that has our public address, by a datagram that does not leave it', () => {
    const bench = new PeeringBench();
    const search = bench.pings(NEIGHBOR).find(({ to }) => to === EVERYONE);
    expect(search!.ttl).toBe(1);
    expect(messageIn(search!)?.type).toBe('neighbor-solicitation');
  });

  test('is not searched for others, nor where options forbid it', () => {
    expect(new PeeringBench().pings(REMOTE).some(({ to }) => to === EVERYONE)).toBe(false);
    const without = new PeeringBench({ peering: { lanTtl: 0 } });
    expect(without.pings(NEIGHBOR).some(({ to }) => to === EVERYONE)).toBe(false);
  });

  test('is the path once a solicitation to the private endpoint that answered is answered as well', () => {
    const bench = new PeeringBench();
    const search = solicitations(bench.pings(NEIGHBOR)).find(({ to }) => to === EVERYONE)!;
    bench.arrives(NEIGHBOR_LAN, advertisementFor(search));
    const test = solicitations(bench.take());
    expect(test.map(({ to }) => to)).toEqual([NEIGHBOR_LAN]);
    expect(goesTo(bench, NEIGHBOR)).toBe(ROUTER);
    bench.arrives(NEIGHBOR_LAN, advertisementFor(test[0]!));
    expect(goesTo(bench, NEIGHBOR)).toBe(NEIGHBOR_LAN);
    expect(bench.events('path-changed')[0]).toMatchObject({
      path: 'lan',
      endpoint: { address: '192.168.1.7', port: 6666 },
    });
  });

  test('is not solicited again when an advertisement arrives twice', () => {
    const bench = new PeeringBench();
    const search = solicitations(bench.pings(NEIGHBOR)).find(({ to }) => to === EVERYONE)!;
    bench.arrives(NEIGHBOR_LAN, advertisementFor(search));
    const [test] = solicitations(bench.take());
    for (let count = 0; count < 20; count++) bench.arrives(NEIGHBOR_LAN, advertisementFor(test!));
    expect(solicitations(bench.take())).toEqual([]);
    expect(goesTo(bench, NEIGHBOR)).toBe(NEIGHBOR_LAN);
  });

  test('is solicited by the next packets where credit did not suffice before', () => {
    const bench = new PeeringBench();
    bench.arrives(NEIGHBOR_LAN, solicitationFrom(NEIGHBOR));
    expect(solicitations(bench.take())).toEqual([]);
    bench.arrives(ROUTER, ping(NEIGHBOR, OWN));
    const solicited = solicitations([...bench.pings(NEIGHBOR), ...bench.waits(10)]);
    bench.arrives(ROUTER, ping(NEIGHBOR, OWN, { size: 100 }));
    solicited.push(...solicitations(bench.waits(600)));
    const test = solicited.find(({ to }) => to === NEIGHBOR_LAN);
    expect(test).toBeDefined();
    bench.arrives(NEIGHBOR_LAN, advertisementFor(test!));
    expect(goesTo(bench, NEIGHBOR)).toBe(NEIGHBOR_LAN);
  });

  test('is preferred to the path through the NAT, whichever is confirmed first', () => {
    const bench = new PeeringBench();
    const solicited = solicitations(bench.pings(NEIGHBOR));
    bench.arrives(solicited.find(({ to }) => to !== EVERYONE)!.to, advertisementFor(solicited[0]!));
    bench.arrives(NEIGHBOR_LAN, advertisementFor(solicited.find(({ to }) => to === EVERYONE)!));
    const [test] = solicitations(bench.take());
    bench.arrives(NEIGHBOR_LAN, advertisementFor(test!));
    expect(goesTo(bench, NEIGHBOR)).toBe(NEIGHBOR_LAN);
    bench.arrives('203.0.113.5:41234', advertisementFor(solicited[0]!));
    expect(goesTo(bench, NEIGHBOR)).toBe(NEIGHBOR_LAN);
  });

  test('lets a remote send from the private endpoint from which it solicited us', () => {
    const bench = new PeeringBench();
    bench.arrives(NEIGHBOR_LAN, ping(NEIGHBOR, OWN));
    expect(bench.recorder.delivered).toHaveLength(0);
    bench.arrives(NEIGHBOR_LAN, solicitationFrom(NEIGHBOR));
    expect(messageIn(bench.take()[0]!)?.type).toBe('neighbor-advertisement');
    bench.arrives(NEIGHBOR_LAN, ping(NEIGHBOR, OWN));
    expect(bench.recorder.delivered).toHaveLength(1);
    bench.arrives('192.168.1.8:6666', ping(NEIGHBOR, OWN));
    expect(bench.recorder.delivered).toHaveLength(1);
  });

  test('does not answer a remote behind another NAT', () => {
    const bench = new PeeringBench();
    bench.arrives(NEIGHBOR_LAN, solicitationFrom(REMOTE));
    expect(bench.take()).toEqual([]);
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
        path: 'direct',
        endpoint: { address: '192.0.2.9', port: 5000 },
        confirmedBy: 'neighbor-advertisement',
        confirmedAt: 10_020,
        validUntil: 35_020,
        roundTrip: 20,
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
});
