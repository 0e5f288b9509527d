import { draft01Profile, formatIPv6, readUint16 } from '@6bed4/codec';
import { parseEcho } from '@6bed4/nd';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ping } from '../support/packets.js';
import { RouterBench } from '../support/routerBench.js';
import {
  A,
  ADDRESS_A,
  ADDRESS_B,
  addressOf,
  B,
  FOREIGN,
  FOREIGN_ADDRESS,
  icmpError,
  NATIVE,
  OTHER_ROUTER,
  ROUTER,
  solicit,
} from '../support/routerMessages.js';
import {
  ICMPV6,
  ipv6,
  isIntact,
  mirrored,
  SCTP,
  SCTP_IN_UDP,
  TCP,
  transport,
  UDP,
} from '../support/transportPackets.js';

const HOST = '2001:db8:5::5';
const POT = '2001:db8:5::6';
const ROUTER_OF_A = addressOf(A, 0);
const RULES = [
  `tcp:22=[${HOST}]`,
  `udp:5000-5009=[${HOST}]:6000`,
  `sctp:38412=${HOST}`,
  `icmp=[${HOST}]`,
  `tcp:1-65535=${POT}`,
  `sctp:7=[${HOST}]:8`,
];
const bench = (...masquerade: readonly string[]): RouterBench =>
  new RouterBench({ masquerade: masquerade.length === 0 ? RULES : masquerade });

const addresses = (packet: Uint8Array): string[] => [formatIPv6(packet, 8), formatIPv6(packet, 24)];
const portsOf = (packet: Uint8Array, at = 40): number[] => [
  readUint16(packet, at),
  readUint16(packet, at + 2),
];

test('packets that were rewritten are counted by direction, and no others', () => {
  const router = bench(`tcp:22=${HOST}`);
  const there = (destinationPort: number): Uint8Array =>
    transport({ protocol: TCP, source: ADDRESS_A, destination: ROUTER_OF_A, destinationPort });
  const back = (source: string): Uint8Array =>
    transport({ protocol: TCP, source, destination: ADDRESS_A, sourcePort: 22 });
  for (const port of [22, 22, 23]) router.datagram(A, there(port));
  for (const host of [HOST, HOST, HOST, POT]) router.packet(back(host));
  expect(router.router.counters.snapshot()).toMatchObject({
    packetsRewrittenToHosts: 2,
    packetsRewrittenFromHosts: 3,
  });
});

describe('packets to the router’s address of a peer', () => {
  test.each([
    ['TCP', TCP, 22, HOST, 22],
    ['UDP, with another port', UDP, 5003, HOST, 6003],
    ['UDP, the first port of a range', UDP, 5000, HOST, 6000],
    ['UDP, the last port of a range', UDP, 5009, HOST, 6009],
    ['SCTP', SCTP, 38412, HOST, 38412],
    ['SCTP, with another port', SCTP, 7, HOST, 8],
    ['SCTP in UDP, with another port', SCTP_IN_UDP, 7, HOST, 8],
    ['TCP that the first rule does not take', TCP, 23, POT, 23],
    ['TCP, the highest port', TCP, 65535, POT, 65535],
  ])('go to the host of their rule: %s', (_name, protocol, port, host, hostPort) => {
    const destinationPort = port;
    const packet = transport({
      protocol,
      source: ADDRESS_A,
      destination: ROUTER_OF_A,
      destinationPort,
    });
    const { delivered, sent } = bench().datagram(A, packet);
    expect(sent).toEqual([]);
    const expected = transport({
      protocol,
      source: ADDRESS_A,
      destination: host,
      destinationPort: hostPort,
    });
    expect(delivered).toEqual([expected]);
  });

  test('are SCTP in UDP only at port 9899 of both ends', () => {
    const flow = { protocol: UDP, source: ADDRESS_A, sourcePort: 9899 };
    const packet = transport({ ...flow, destination: ROUTER_OF_A, destinationPort: 5000 });
    expect(bench().datagram(A, packet).delivered).toEqual([
      transport({ ...flow, destination: HOST, destinationPort: 6000 }),
    ]);
  });

  test('go to the host of ICMPv6, which answers instead of the router', () => {
    const { delivered, sent } = bench().datagram(A, ping(ADDRESS_A, ROUTER_OF_A));
    expect(sent).toEqual([]);
    expect(delivered).toEqual([ping(ADDRESS_A, HOST)]);
  });

  test('go to the computer of the router where the rule names no host', () => {
    const packet = { protocol: UDP, source: ADDRESS_A };
    const sent = transport({ ...packet, destination: ROUTER_OF_A, destinationPort: 53 });
    const { delivered } = bench('udp:53=:5353').datagram(A, sent);
    expect(delivered).toEqual([
      transport({ ...packet, destination: ROUTER, destinationPort: 5353 }),
    ]);
  });

  test.each([
    ['a port below a range', UDP, 4999],
    ['a port above a range', UDP, 5010],
    ['another protocol', SCTP, 22],
    ['SCTP in UDP, whatever the rules of UDP', SCTP_IN_UDP, 5000],
  ])('are refused as before, when no rule is for them: %s', (_name, protocol, destinationPort) => {
    const flow = { protocol, source: ADDRESS_A, destination: ROUTER_OF_A, destinationPort };
    const one = bench();
    expect(one.datagram(A, transport(flow)).delivered).toEqual([]);
    expect(one.drops).toEqual({ 'no-listener': 1 });
  });

  test('are whole when they are too big: the error quotes what was sent', () => {
    const payload = new Uint8Array(1241);
    const packet = transport({ protocol: UDP, ...TO_HOST, destinationPort: 5000, payload });
    const one = bench();
    const { delivered, sent } = one.datagram(A, packet);
    expect(delivered).toEqual([]);
    const error = icmpError(sent[0]!.payload);
    expect(error).toMatchObject({ type: 'packet-too-big' });
    expect(error.invoking).toEqual(packet.subarray(0, error.invoking.length));
  });

  test('are not rewritten without a rule', () => {
    const one = new RouterBench();
    const packet = transport({ protocol: TCP, ...TO_HOST });
    expect(one.datagram(A, packet).delivered).toEqual([]);
    expect(one.packet(transport({ protocol: TCP, ...FROM_HOST })).sent[0]!.payload).toEqual(
      hopTaken(transport({ protocol: TCP, ...FROM_HOST })),
    );
  });
});

const TO_HOST = { source: ADDRESS_A, destination: ROUTER_OF_A };
const FROM_HOST = { source: HOST, destination: ADDRESS_A, sourcePort: 22 };

/** The packet with a hop less. */
function hopTaken(packet: Uint8Array): Uint8Array {
  const bytes = packet.slice();
  bytes[7]!--;
  return bytes;
}

describe('packets that are not rewritten', () => {
  const tcp = (source: string, destination: string): Uint8Array =>
    transport({ protocol: TCP, source, destination });

  test.each([
    ['the router’s address of another peer', A, ADDRESS_A, addressOf(B, 0), 'no-listener'],
    ['one that is that address itself', A, ROUTER_OF_A, ROUTER_OF_A, 'no-listener'],
    ['a false source', B, ADDRESS_A, ROUTER_OF_A, 'source-mismatch'],
    ['a peer of another router', FOREIGN, FOREIGN_ADDRESS, ROUTER_OF_A, 'no-listener'],
    ['another router', OTHER_ROUTER, FOREIGN_ADDRESS, ROUTER_OF_A, 'no-listener'],
    ['a native source', A, NATIVE, ROUTER_OF_A, 'source-not-allowed'],
  ])('those to or from %s', (_name, from, source, destination, drop) => {
    const one = bench();
    expect(one.datagram(from, tcp(source, destination)).delivered).toEqual([]);
    expect(one.drops).toEqual({ [drop]: 1 });
  });

  test('those to the router’s own endpoint, which is its computer’s', () => {
    const packet = tcp(ADDRESS_A, ROUTER);
    expect(bench().datagram(A, packet).delivered).toEqual([packet]);
    const { sent } = bench().datagram(A, ping(ADDRESS_A, ROUTER));
    expect(parseEcho(sent[0]!.payload, 0, sent[0]!.payload.length)).toMatchObject({
      value: { type: 'echo-reply' },
    });
  });

  test('Neighbor Discovery', () => {
    const one = bench();
    const { delivered, sent } = one.datagram(A, solicit(ADDRESS_A, ROUTER_OF_A));
    expect(delivered).toEqual([]);
    expect(sent.map(({ to }) => to)).toEqual([A]);
  });

  test.each([
    ['a routing header', 43],
    ['authentication', 51],
  ])('those behind %s', (_name, header) => {
    const inner = transport({ protocol: TCP, ...TO_HOST }).subarray(40);
    const packet = ipv6(header, TO_HOST, Uint8Array.of(TCP, 0, 0, 0, 0, 0, 0, 0, ...inner));
    const one = bench();
    expect(one.datagram(A, packet).delivered).toEqual([]);
  });

  test.each([
    ['TCP before its checksum', TCP, 17],
    ['UDP before its checksum', UDP, 7],
    ['ICMPv6 before its checksum', ICMPV6, 3],
    ['SCTP before its ports', SCTP, 3],
    ['SCTP whose ports change before its CRC', SCTP, 11],
  ])('those that end too early: %s', (_name, protocol, size) => {
    const destinationPort = protocol === UDP ? 5000 : 7;
    const whole = transport({ protocol, ...TO_HOST, destinationPort });
    const packet = ipv6(protocol, TO_HOST, whole.subarray(40, 40 + size));
    expect(bench().datagram(A, packet).delivered).toEqual([]);
  });

  test.each([
    ['another port of the host', HOST, TCP, 23],
    ['a port that another host has', POT, TCP, 22],
    ['another host', NATIVE, TCP, 22],
    ['a port of the router’s address, which has another at the host', HOST, UDP, 5000],
  ])('those from %s', (_name, source, protocol, sourcePort) => {
    const packet = transport({ protocol, source, destination: ADDRESS_A, sourcePort });
    expect(bench().packet(packet).sent[0]!.payload).toEqual(hopTaken(packet));
  });

  test('those to peers of other routers', () => {
    const packet = transport({
      protocol: TCP,
      source: ROUTER,
      destination: FOREIGN_ADDRESS,
      sourcePort: 22,
    });
    const { sent } = bench('tcp:22').packet(packet);
    expect(sent.map(({ payload, to }) => ({ payload, to }))).toEqual([
      { payload: hopTaken(packet), to: OTHER_ROUTER },
    ]);
  });

  test('those that can go no further: the error quotes what the host sent', () => {
    for (const packet of [
      transport({ protocol: TCP, ...FROM_HOST, payload: new Uint8Array(1240) }),
      hopsLeft(transport({ protocol: TCP, ...FROM_HOST }), 1),
    ]) {
      const { sent, delivered } = bench().packet(packet);
      expect(sent).toEqual([]);
      const error = icmpError(delivered[0]!);
      expect(formatIPv6(error.destination)).toBe(HOST);
      expect(error.invoking).toEqual(packet.subarray(0, error.invoking.length));
    }
  });
});

function hopsLeft(packet: Uint8Array, hops: number): Uint8Array {
  packet[7] = hops;
  return packet;
}

describe('packets of a host', () => {
  test.each([
    ['TCP', TCP, 22, 22],
    ['UDP, with another port', UDP, 6009, 5009],
    ['SCTP', SCTP, 38412, 38412],
    ['SCTP, with another port', SCTP, 8, 7],
    ['SCTP in UDP, with another port', SCTP_IN_UDP, 8, 7],
  ])('come from the router’s address of each peer: %s', (_name, protocol, hostPort, sourcePort) => {
    for (const [peer, to] of [
      [ADDRESS_A, A],
      [ADDRESS_B, B],
      [addressOf(B, 77), B],
    ] as const) {
      const packet = transport({
        protocol,
        source: HOST,
        destination: peer,
        sourcePort: hostPort,
      });
      const { sent } = bench().packet(packet);
      const expected = transport({
        protocol,
        source: addressOf(to, 0),
        destination: peer,
        sourcePort,
      });
      expect(sent.map((one) => ({ to: one.to, payload: one.payload }))).toEqual([
        { to, payload: hopTaken(expected) },
      ]);
    }
  });

  test('come from there by ICMPv6, be they requests or replies', () => {
    const packet = ping(HOST, ADDRESS_A);
    expect(bench().packet(packet).sent[0]!.payload).toEqual(hopTaken(ping(ROUTER_OF_A, ADDRESS_A)));
  });

  test('come from there also from the computer of the router', () => {
    const flow = { protocol: UDP, destination: ADDRESS_A };
    const { sent } = bench('udp:53').packet(transport({ ...flow, source: ROUTER, sourcePort: 53 }));
    expect(sent[0]!.payload).toEqual(
      hopTaken(transport({ ...flow, source: ROUTER_OF_A, sourcePort: 53 })),
    );
  });
});

describe('draft-01, where no lanip exists', () => {
  const prefix = '2001:db8:64:64::';
  const peer = `${prefix.slice(0, -1)}429c:c6ff:fe33:6402`;
  const one = (): RouterBench =>
    new RouterBench({
      profile: draft01Profile,
      prefix: `${prefix}/64`,
      masquerade: [`tcp:22=${HOST}`],
    });

  test('rewrites the /64 with zeroes, which is the router', () => {
    const flow = { protocol: TCP, source: peer };
    expect(one().datagram(A, transport({ ...flow, destination: prefix })).delivered).toEqual([
      transport({ ...flow, destination: HOST }),
    ]);
    const reply = { protocol: TCP, destination: peer, sourcePort: 22 };
    expect(one().packet(transport({ ...reply, source: HOST })).sent[0]!.payload).toEqual(
      hopTaken(transport({ ...reply, source: prefix })),
    );
  });
});

describe('checksums', () => {
  const RULE_OF: Readonly<Record<number, string>> = {
    [TCP]: 'tcp',
    [UDP]: 'udp',
    [SCTP]: 'sctp',
    [SCTP_IN_UDP]: 'sctp',
  };
  const aPort = fc.integer({ min: 1, max: 65_535 });
  const anAddress = fc
    .uint8Array({ minLength: 14, maxLength: 14 })
    .map((rest) => formatIPv6(Uint8Array.of(0x20, 0x02, ...rest)));

  test('stay right there and back, and what comes back is what went', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(TCP, UDP, SCTP, SCTP_IN_UDP, ICMPV6),
        anAddress,
        fc.tuple(aPort, aPort, aPort),
        fc.uint8Array({ maxLength: 40 }),
        (protocol, host, [sourcePort, destinationPort, hostPort], payload) => {
          const rule = protocol === ICMPV6 ? 'icmp' : `${RULE_OF[protocol]}:${destinationPort}`;
          const port = protocol === ICMPV6 ? '' : `:${hostPort}`;
          const router = bench(`${rule}=[${host}]${port}`);
          const packet = transport({ protocol, ...TO_HOST, sourcePort, destinationPort, payload });
          fc.pre(protocol !== UDP || sourcePort !== 9899);
          const there = router.datagram(A, packet).delivered[0]!;
          expect(addresses(there)).toEqual([ADDRESS_A, host]);
          expect(isIntact(there)).toBe(true);
          const back = router.packet(mirrored(there)).sent[0]!.payload;
          expect(isIntact(back)).toBe(true);
          expect(hopTaken(mirrored(packet))).toEqual(back);
        },
      ),
      { numRuns: 400 },
    );
  });

  test.each([TCP, UDP, SCTP, ICMPV6])('that are wrong stay wrong (protocol %i)', (protocol) => {
    const destinationPort = protocol === SCTP ? 7 : 5000;
    const packet = transport({ protocol, ...TO_HOST, destinationPort });
    packet[packet.length - 1]! ^= 0x10;
    const [delivered] = bench().datagram(A, packet).delivered;
    expect(isIntact(delivered!)).toBe(false);
  });

  test('of UDP that are absent stay absent, and one that becomes zero is written as its equal', () => {
    const packet = transport({ protocol: UDP, ...TO_HOST, destinationPort: 5000 });
    packet.set([0, 0], 46);
    expect(portsOf(bench().datagram(A, packet).delivered[0]!, 46)[0]).toBe(0);
    const payload = Uint8Array.of(0, 0);
    const flow = { protocol: UDP, source: ADDRESS_A, destination: HOST, destinationPort: 6000 };
    payload.set(transport({ ...flow, payload }).subarray(46, 48));
    const expected = transport({ ...flow, payload });
    expect([...expected.subarray(46, 48)]).toEqual([0xff, 0xff]);
    const sent = transport({ ...flow, destination: ROUTER_OF_A, destinationPort: 5000, payload });
    expect(bench().datagram(A, sent).delivered).toEqual([expected]);
  });
});

describe('a packet behind options', () => {
  test.each([
    ['hop-by-hop', 0],
    ['destination', 60],
  ])('is rewritten (%s)', (_name, header) => {
    const behind = (destination: string, port: number): Uint8Array => {
      const flow = { protocol: UDP, source: ADDRESS_A, destination, destinationPort: port };
      const inner = transport(flow).subarray(40);
      return ipv6(header, flow, Uint8Array.of(UDP, 0, 1, 4, 0, 0, 0, 0, ...inner));
    };
    const { delivered } = bench().datagram(A, behind(ROUTER_OF_A, 5001));
    expect(delivered).toEqual([behind(HOST, 6001)]);
  });

  test('is not read beyond its end', () => {
    const one = bench();
    for (const rest of [[], [UDP, 0, 1, 4], [UDP, 255, 1, 4, 0, 0, 0, 0]]) {
      const packet = ipv6(0, TO_HOST, Uint8Array.from(rest));
      expect(one.datagram(A, packet).delivered).toEqual([]);
    }
    for (const rest of [[], [UDP, 0, 0, 0]]) {
      const packet = ipv6(44, { source: HOST, destination: ADDRESS_A }, Uint8Array.from(rest));
      expect(one.packet(packet).sent.map(({ payload }) => payload)).toEqual([hopTaken(packet)]);
    }
  });
});
