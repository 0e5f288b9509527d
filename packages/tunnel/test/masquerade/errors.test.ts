import { formatIPv6, readUint16 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { RouterBench } from '../support/routerBench.js';
import {
  A,
  ADDRESS_A,
  ADDRESS_B,
  addressOf,
  icmpError,
  NATIVE,
} from '../support/routerMessages.js';
import {
  fragments,
  ICMPV6,
  isIntact,
  SCTP,
  SCTP_IN_UDP,
  TCP,
  transport,
  UDP,
  unreachable,
} from '../support/transportPackets.js';

const HOST = '2001:db8:5::5';
const ROUTER_OF_A = addressOf(A, 0);
const RULES = [`tcp:22=${HOST}`, `udp:22=[${HOST}]:53`, `sctp:22=[${HOST}]:7`, `icmp=${HOST}`];
const bench = (): RouterBench => new RouterBench({ masquerade: RULES });

/** What a peer sends and its host gets. */
const pair = (protocol: number, hostPort: number): Record<'sent' | 'taken', Uint8Array> => ({
  sent: transport({ protocol, source: ADDRESS_A, destination: ROUTER_OF_A, payload: DATA }),
  taken: transport({
    protocol,
    source: ADDRESS_A,
    destination: HOST,
    destinationPort: hostPort,
    payload: DATA,
  }),
});
/** What a host sends and its peer gets. */
const answer = (protocol: number, hostPort: number): Record<'sent' | 'taken', Uint8Array> => ({
  sent: transport({
    protocol,
    source: HOST,
    destination: ADDRESS_A,
    sourcePort: hostPort,
    payload: DATA,
  }),
  taken: transport({
    protocol,
    source: ROUTER_OF_A,
    destination: ADDRESS_A,
    sourcePort: 22,
    payload: DATA,
  }),
});
const DATA = Uint8Array.from({ length: 300 }, (_, index) => index);
const CASES: readonly (readonly [name: string, protocol: number, hostPort: number])[] = [
  ['TCP', TCP, 22],
  ['UDP, with another port', UDP, 53],
  ['SCTP, with another port', SCTP, 7],
  ['SCTP in UDP, with another port', SCTP_IN_UDP, 7],
  ['ICMPv6', ICMPV6, 0],
];

function asVersion4(packet: Uint8Array): Uint8Array {
  packet[0] = 0x45;
  return packet;
}

describe('ICMPv6 errors to a peer', () => {
  test.each(CASES)('about what its host was to take: %s', (_name, protocol, hostPort) => {
    const { sent, taken } = pair(protocol, hostPort);
    for (const [from, seen] of [
      [HOST, ROUTER_OF_A],
      // A router on the way keeps its address.
      [NATIVE, NATIVE],
    ] as const) {
      const error = bench().packet(unreachable(from, ADDRESS_A, taken)).sent[0]!.payload;
      expect(isIntact(error)).toBe(true);
      expect(formatIPv6(error, 8)).toBe(seen);
      expect(icmpError(error).invoking).toEqual(sent);
    }
  });

  test.each([60, 59, 48, 44, 40 + 6, 40 + 11, 40 + 17])(
    'may quote no more than %i bytes',
    (quoted) => {
      for (const [, protocol, hostPort] of CASES.slice(0, 4)) {
        // SCTP in UDP has its ports further behind.
        if (protocol === SCTP_IN_UDP && quoted < 52) continue;
        const { sent, taken } = pair(protocol, hostPort);
        const packet = unreachable(NATIVE, ADDRESS_A, taken, quoted);
        const error = bench().packet(packet).sent[0]!.payload;
        expect(isIntact(error)).toBe(true);
        expect([...icmpError(error).invoking.subarray(8, 40)]).toEqual([...sent.subarray(8, 40)]);
        expect(readUint16(error, 48 + 42)).toBe(protocol === SCTP_IN_UDP ? 9899 : 22);
      }
    },
  );

  test.each([
    ['less than an IPv6 header', unreachable(NATIVE, ADDRESS_A, pair(TCP, 22).taken, 39)],
    ['no ports', unreachable(NATIVE, ADDRESS_A, pair(TCP, 22).taken, 43)],
    ['nothing', unreachable(NATIVE, ADDRESS_A, new Uint8Array(0))],
    ['no IPv6', unreachable(NATIVE, ADDRESS_A, new Uint8Array(100))],
    ['another version of IP', unreachable(NATIVE, ADDRESS_A, asVersion4(pair(TCP, 22).taken))],
    ['what another peer sent', unreachable(NATIVE, ADDRESS_B, pair(TCP, 22).taken)],
    ['a port that no rule leads to', unreachable(HOST, ADDRESS_A, pair(TCP, 23).taken)],
    ['a later fragment', unreachable(HOST, ADDRESS_A, fragments(pair(TCP, 22).taken, 24)[1]!)],
  ])('pass unchanged when they quote %s', (_name, packet) => {
    const { payload } = bench().packet(packet).sent[0]!;
    expect(payload.subarray(8)).toEqual(packet.subarray(8));
  });

  test('pass unchanged when they are fragments', () => {
    for (const fragment of fragments(unreachable(HOST, ADDRESS_A, pair(TCP, 22).taken), 64)) {
      const { payload } = bench().packet(fragment).sent[0]!;
      expect(payload.subarray(8)).toEqual(fragment.subarray(8));
    }
  });

  test('are not worked on for longer than a packet, whatever length is quoted', () => {
    const { taken } = pair(SCTP, 7);
    taken.set([0xff, 0xff], 4);
    const error = bench().packet(unreachable(NATIVE, ADDRESS_A, taken)).sent[0]!.payload;
    expect(isIntact(error)).toBe(true);
    const { invoking } = icmpError(error);
    expect(readUint16(invoking, 42)).toBe(22);
    expect(invoking.subarray(48, 52)).toEqual(taken.subarray(48, 52));
  });
});

describe('ICMPv6 errors of a peer', () => {
  test.each(CASES)('about what a host sent go to it: %s', (_name, protocol, hostPort) => {
    const { sent, taken } = answer(protocol, hostPort);
    const { delivered } = bench().datagram(A, unreachable(ADDRESS_A, ROUTER_OF_A, taken));
    expect(delivered).toEqual([unreachable(ADDRESS_A, HOST, sent)]);
  });

  test.each([
    ['what another peer was to take', ADDRESS_B, ROUTER_OF_A, 22],
    ['what the router’s address did not send', ADDRESS_A, HOST, 22],
    ['a port that no rule is for', ADDRESS_A, ROUTER_OF_A, 23],
  ])('go nowhere when they quote %s', (_name, destination, source, sourcePort) => {
    const quoted = transport({ protocol: TCP, source, destination, sourcePort });
    const one = bench();
    expect(one.datagram(A, unreachable(ADDRESS_A, ROUTER_OF_A, quoted)).delivered).toEqual([]);
    expect(one.drops).toEqual({ 'no-listener': 1 });
  });

  test('go nowhere when they are cut', () => {
    const { taken } = answer(TCP, 22);
    for (const quoted of [0, 39, 43]) {
      const packet = unreachable(ADDRESS_A, ROUTER_OF_A, taken, quoted);
      expect(bench().datagram(A, packet).delivered).toEqual([]);
    }
  });

  test('that are wrong stay wrong', () => {
    const packet = unreachable(ADDRESS_A, ROUTER_OF_A, answer(TCP, 22).taken);
    packet[packet.length - 1]! ^= 1;
    expect(isIntact(bench().datagram(A, packet).delivered[0]!)).toBe(false);
  });
});
