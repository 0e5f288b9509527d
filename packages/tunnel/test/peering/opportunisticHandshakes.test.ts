import { draft04Profile } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import {
  ACK,
  COOKIE_ACK,
  COOKIE_ECHO,
  INIT,
  INIT_ACK,
  RST,
  SYN,
  sctp,
  tcp,
} from '../support/handshakes.js';
import { udp } from '../support/packets.js';
import {
  messageIn,
  OWN,
  PeeringBench,
  ROUTER,
  remoteAt,
  solicitationFrom,
} from '../support/peerBench.js';

const REMOTE_ENDPOINT = '192.0.2.9:5000';
const REMOTE = remoteAt(REMOTE_ENDPOINT);
const OTHER_ENDPOINT = '192.0.2.10:5000';
const OTHER = remoteAt(OTHER_ENDPOINT);

class Bench extends PeeringBench {
  constructor() {
    super({ peering: { opportunism: true } });
  }

  /** The path of ordinary packets. */
  get path(): string {
    return this.peer.remotes(this.now)[0]!.path;
  }
}

const syn = (sequence = 1000): Uint8Array => tcp(OWN, REMOTE, { flags: SYN, sequence });
const synAck = (acknowledges: number, source = REMOTE): Uint8Array =>
  tcp(source, OWN, { flags: SYN | ACK, sequence: 7, acknowledges });

describe('TCP (draft-03 §8.5)', () => {
  test('sends the first SYN directly, its retransmission through the router', () => {
    const bench = new Bench();
    expect(bench.way(syn())).toBe(REMOTE_ENDPOINT);
    bench.now += 1_000;
    expect(bench.way(syn())).toBe(ROUTER);
    bench.now += 2_000;
    expect(bench.way(syn())).toBe(ROUTER);
  });

  test('takes the ACK of the first SYN as a confirmation, though another connection began since', () => {
    const bench = new Bench();
    expect(bench.way(syn(1000))).toBe(REMOTE_ENDPOINT);
    expect(bench.way(syn(5000))).toBe(ROUTER);
    bench.arrives(REMOTE_ENDPOINT, synAck(1001));
    expect(bench.path).toBe('direct');
  });

  test('takes no ACK as a confirmation once the SYN was sent again by way of the router', () => {
    const bench = new Bench();
    bench.way(syn());
    expect(bench.way(syn())).toBe(ROUTER);
    bench.arrives(REMOTE_ENDPOINT, synAck(1001));
    expect(bench.path).toBe('relayed');
  });

  test('takes an ACK of 0 as that of the highest sequence number', () => {
    const bench = new Bench();
    expect(bench.way(syn(0xffff_ffff))).toBe(REMOTE_ENDPOINT);
    bench.arrives(REMOTE_ENDPOINT, synAck(0));
    expect(bench.path).toBe('direct');
  });

  test('takes a direct ACK of it as a confirmation of the path', () => {
    const bench = new Bench();
    bench.way(syn());
    bench.arrives(REMOTE_ENDPOINT, synAck(1001));
    expect(bench.path).toBe('direct');
    expect(bench.events('path-changed')).toMatchObject([
      { path: 'direct', confirmedBy: 'upper-layer' },
    ]);
    expect(bench.way(tcp(OWN, REMOTE, { flags: ACK, sequence: 1001 }))).toBe(REMOTE_ENDPOINT);
  });

  test.each([
    ['of another number', REMOTE_ENDPOINT, synAck(1002)],
    ['that took the router', ROUTER, synAck(1001)],
    ['of somebody else', OTHER_ENDPOINT, synAck(1001, OTHER)],
    [
      'without the flag',
      REMOTE_ENDPOINT,
      tcp(REMOTE, OWN, { flags: SYN, sequence: 7, acknowledges: 1001 }),
    ],
  ])('takes no ACK %s as a confirmation', (_, from, packet) => {
    const bench = new Bench();
    bench.way(syn());
    bench.arrives(from, packet);
    expect(bench.way(udp(OWN, REMOTE, new Uint8Array(4)))).toBe(ROUTER);
  });

  test('takes no ACK after the retransmission as a confirmation: it may reply to that one', () => {
    const bench = new Bench();
    bench.way(syn());
    bench.way(syn());
    bench.arrives(REMOTE_ENDPOINT, synAck(1001));
    expect(bench.way(udp(OWN, REMOTE, new Uint8Array(4)))).toBe(ROUTER);
  });

  test('takes no ACK that comes too late as a confirmation', () => {
    const bench = new Bench();
    bench.way(syn());
    bench.now += 3_000;
    bench.arrives(REMOTE_ENDPOINT, synAck(1001));
    expect(bench.way(udp(OWN, REMOTE, new Uint8Array(4)))).toBe(ROUTER);
  });

  test('sends the SYN+ACK of the passive side directly, and its ACK confirms that direction', () => {
    const bench = new Bench();
    bench.arrives(REMOTE_ENDPOINT, tcp(REMOTE, OWN, { flags: SYN, sequence: 5 }));
    const answer = tcp(OWN, REMOTE, { flags: SYN | ACK, sequence: 2000, acknowledges: 6 });
    expect(bench.way(answer)).toBe(REMOTE_ENDPOINT);
    bench.arrives(
      REMOTE_ENDPOINT,
      tcp(REMOTE, OWN, { flags: ACK, sequence: 6, acknowledges: 2001 }),
    );
    expect(bench.path).toBe('direct');
  });

  test('sends one SYN at a time directly, and none where the last search was in vain', () => {
    const bench = new Bench();
    expect(bench.way(syn())).toBe(REMOTE_ENDPOINT);
    expect(bench.way(syn(5000))).toBe(ROUTER);
    bench.waits(1_600);
    expect(bench.way(syn(6000))).toBe(ROUTER);
  });

  test('relays other segments', () => {
    const bench = new Bench();
    for (const flags of [ACK, SYN | RST, RST, 0]) {
      expect(bench.way(tcp(OWN, REMOTE, { flags, sequence: 1 }))).toBe(ROUTER);
    }
  });

  test('relays every SYN unless options demand otherwise', () => {
    const bench = new PeeringBench();
    bench.sends(syn());
    const data = bench.take().filter((datagram) => messageIn(datagram) === null);
    expect(data.map(({ to }) => to)).toEqual([ROUTER]);
  });
});

describe('SCTP (draft-03 §8.6)', () => {
  test('sends INIT directly once, and INIT ACK with its tag confirms the path', () => {
    const bench = new Bench();
    const init = sctp(OWN, REMOTE, { chunk: INIT, tag: 0, own: 77 });
    expect(bench.way(init)).toBe(REMOTE_ENDPOINT);
    expect(bench.way(init)).toBe(ROUTER);
    const other = new Bench();
    other.way(init);
    other.arrives(REMOTE_ENDPOINT, sctp(REMOTE, OWN, { chunk: INIT_ACK, tag: 78, own: 5 }));
    expect(other.path).toBe('relayed');
    other.arrives(REMOTE_ENDPOINT, sctp(REMOTE, OWN, { chunk: INIT_ACK, tag: 77, own: 5 }));
    expect(other.path).toBe('direct');
  });

  test('sends INIT ACK directly from the passive side, and COOKIE ECHO confirms the path', () => {
    const bench = new Bench();
    bench.arrives(ROUTER, sctp(REMOTE, OWN, { chunk: INIT, tag: 0, own: 5 }));
    const answer = sctp(OWN, REMOTE, { chunk: INIT_ACK, tag: 5, own: 99 });
    expect(bench.way(answer)).toBe(REMOTE_ENDPOINT);
    bench.arrives(REMOTE_ENDPOINT, sctp(REMOTE, OWN, { chunk: COOKIE_ECHO, tag: 99 }));
    expect(bench.path).toBe('direct');
  });

  test('sends COOKIE ECHO directly where INIT was in vain, and COOKIE ACK confirms the path', () => {
    const bench = new Bench();
    const init = sctp(OWN, REMOTE, { chunk: INIT, tag: 0, own: 77 });
    bench.way(init);
    bench.way(init);
    bench.arrives(ROUTER, sctp(REMOTE, OWN, { chunk: INIT_ACK, tag: 77, own: 5 }));
    expect(bench.way(sctp(OWN, REMOTE, { chunk: COOKIE_ECHO, tag: 5 }))).toBe(REMOTE_ENDPOINT);
    bench.arrives(REMOTE_ENDPOINT, sctp(REMOTE, OWN, { chunk: COOKIE_ACK, tag: 77 }));
    expect(bench.path).toBe('direct');
  });
});

describe('a forged reply', () => {
  const opens: [string, Uint8Array, (number: number) => Uint8Array, number][] = [
    ['ACK', syn(), (number) => synAck(number), 1001],
    [
      'INIT ACK',
      sctp(OWN, REMOTE, { chunk: INIT, tag: 0, own: 77 }),
      (number) => sctp(REMOTE, OWN, { chunk: INIT_ACK, tag: number, own: 5 }),
      77,
    ],
  ];

  test.each(opens)(
    '%s confirms nothing with another number, by 32 bits of it',
    (_, open, reply, right) => {
      for (let bit = 0; bit < 32; bit++) {
        const bench = new Bench();
        bench.way(open);
        bench.arrives(REMOTE_ENDPOINT, reply((right ^ (1 << bit)) >>> 0));
        expect(bench.path, `bit ${bit}`).toBe('relayed');
      }
    },
  );

  test.each(opens)(
    '%s confirms nothing by way of the router, nor from elsewhere',
    (_, open, reply, right) => {
      for (const from of [ROUTER, '192.0.2.9:5001', '192.0.2.66:5000']) {
        const bench = new Bench();
        bench.way(open);
        bench.arrives(from, reply(right));
        expect(bench.path, from).toBe('relayed');
      }
    },
  );

  test('COOKIE ACK confirms nothing where the tag of INIT was not sent: COOKIE ECHO is relayed', () => {
    const bench = new Bench();
    expect(bench.way(sctp(OWN, REMOTE, { chunk: COOKIE_ECHO, tag: 5 }))).toBe(ROUTER);
    bench.arrives(REMOTE_ENDPOINT, sctp(REMOTE, OWN, { chunk: COOKIE_ACK, tag: 0 }));
    expect(bench.path).toBe('relayed');
  });

  test.each([INIT, COOKIE_ECHO, COOKIE_ACK])('to INIT is not a packet with chunk %i', (chunk) => {
    const bench = new Bench();
    bench.way(sctp(OWN, REMOTE, { chunk: INIT, tag: 0, own: 77 }));
    bench.arrives(REMOTE_ENDPOINT, sctp(REMOTE, OWN, { chunk, tag: 77, own: 5 }));
    expect(bench.path).toBe('relayed');
  });
});

describe('an application that sends opportunistically (draft-03 §8.7)', () => {
  const invite = (): Uint8Array => udp(OWN, REMOTE, new Uint8Array(40));

  /** Sends opportunistically; returns the number of the send. */
  function sendOpportunistically(bench: PeeringBench): number {
    const packet = invite();
    return bench.peer.handleOpportunisticPacket(packet, 0, packet.length, bench.now);
  }

  test('sends directly at once, and its report confirms the path once something came directly', () => {
    const bench = new PeeringBench();
    const send = sendOpportunistically(bench);
    expect(send).toBeGreaterThan(0);
    expect(bench.take().map(({ to }) => to)).toEqual([REMOTE_ENDPOINT]);
    bench.arrives(REMOTE_ENDPOINT, udp(REMOTE, OWN, new Uint8Array(4)));
    expect(bench.peer.reportReply(send, bench.now)).toBe(true);
    bench.take();
    bench.sends(invite());
    expect(bench.take().map(({ to }) => to)).toEqual([REMOTE_ENDPOINT]);
  });

  test('confirms the path also where only a solicitation of the remote came directly', () => {
    const bench = new PeeringBench();
    const send = sendOpportunistically(bench);
    bench.arrives(REMOTE_ENDPOINT, solicitationFrom(REMOTE));
    bench.arrives(ROUTER, udp(REMOTE, OWN, new Uint8Array(4)));
    expect(bench.peer.reportReply(send, bench.now)).toBe(true);
    bench.take();
    bench.sends(invite());
    expect(bench.take().map(({ to }) => to)).toEqual([REMOTE_ENDPOINT]);
  });

  test('confirms nothing by a reply that was relayed, nor twice, nor too late', () => {
    const bench = new PeeringBench();
    const send = sendOpportunistically(bench);
    bench.arrives(ROUTER, udp(REMOTE, OWN, new Uint8Array(4)));
    expect(bench.peer.reportReply(send, bench.now)).toBe(false);
    bench.arrives(REMOTE_ENDPOINT, udp(REMOTE, OWN, new Uint8Array(4)));
    expect(bench.peer.reportReply(send + 2 ** 20, bench.now)).toBe(false);
    expect(bench.peer.reportReply(send, bench.now)).toBe(true);
    expect(bench.peer.reportReply(send, bench.now)).toBe(false);
    const late = new PeeringBench();
    const second = sendOpportunistically(late);
    late.arrives(REMOTE_ENDPOINT, udp(REMOTE, OWN, new Uint8Array(4)));
    late.now += 3_000;
    expect(late.peer.reportReply(second, late.now)).toBe(false);
  });

  test('sends one packet at a time directly: the next takes its usual path', () => {
    const bench = new PeeringBench();
    sendOpportunistically(bench);
    bench.take();
    expect(sendOpportunistically(bench)).toBe(0);
    expect(bench.take().some(({ to }) => to === ROUTER)).toBe(true);
    expect(bench.peer.remotes(bench.now)[0]).toMatchObject({
      packetsSentDirect: 1,
      packetsSentRelayed: 1,
    });
  });

  test('keeps a new remote once where the strategy lets the packet take its usual path', () => {
    const bench = new PeeringBench({ profile: draft04Profile });
    expect(sendOpportunistically(bench)).toBe(0);
    expect(bench.peer.remotes(bench.now)).toHaveLength(1);
  });

  test('sends nothing directly with the strategy via-router', () => {
    const bench = new PeeringBench({ peering: { strategy: 'via-router' } });
    expect(sendOpportunistically(bench)).toBe(0);
    expect(bench.take().map(({ to }) => to)).toEqual([ROUTER]);
  });
});
