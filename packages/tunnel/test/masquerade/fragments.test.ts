import { formatIPv6 } from '@6bed4/codec';
import { describe, expect, test } from 'vitest';
import { RouterBench } from '../support/routerBench.js';
import { A, ADDRESS_A, ADDRESS_B, addressOf, B } from '../support/routerMessages.js';
import {
  type Flow,
  fragments,
  ICMPV6,
  reassembled,
  SCTP,
  SCTP_IN_UDP,
  TCP,
  transport,
  UDP,
} from '../support/transportPackets.js';

const HOST = '2001:db8:5::5';
const RULES = [`udp:53=[${HOST}]:5353`, `sctp:7=[${HOST}]:8`, `sctp:9=${HOST}`, `icmp=${HOST}`];
const ROUTER_OF_A = addressOf(A, 0);
const CUT = 24;
const payload = Uint8Array.from({ length: 64 }, (_, index) => index);

const bench = (): RouterBench => new RouterBench({ masquerade: [...RULES, `tcp:53=${HOST}`] });
const request = (overrides: Partial<Flow> = {}): Uint8Array =>
  transport({
    protocol: UDP,
    source: ADDRESS_A,
    destination: ROUTER_OF_A,
    destinationPort: 53,
    payload,
    ...overrides,
  });
const reply = (overrides: Partial<Flow> = {}): Uint8Array =>
  transport({
    protocol: UDP,
    source: HOST,
    destination: ADDRESS_A,
    sourcePort: 5353,
    destinationPort: 1000,
    payload,
    ...overrides,
  });
const destinations = (packets: readonly Uint8Array[]): string[] =>
  packets.map((packet) => formatIPv6(packet, 24));

describe('fragments', () => {
  test.each([
    ['UDP, with another port', UDP, 5353],
    ['TCP', TCP, 53],
    ['ICMPv6', ICMPV6, 0],
  ])('are rewritten like the packet, and back: %s', (_name, protocol, hostPort) => {
    const one = bench();
    const there = fragments(request({ protocol }), CUT).map(
      (fragment) => one.datagram(A, fragment).delivered[0]!,
    );
    expect(reassembled(there)).toEqual(
      request({ protocol, destination: HOST, destinationPort: hostPort }),
    );
    const back = fragments(reply({ protocol, sourcePort: hostPort }), CUT).map((fragment) => {
      return one.packet(fragment).sent[0]!.payload;
    });
    const expected = reply({ protocol, source: ROUTER_OF_A, sourcePort: 53 });
    expected[7] = 63;
    expect(reassembled(back)).toEqual(expected);
  });

  test('of SCTP are rewritten where the port stays', () => {
    const one = bench();
    const there = fragments(request({ protocol: SCTP, destinationPort: 9 }), CUT).map(
      (fragment) => one.datagram(A, fragment).delivered[0]!,
    );
    expect(reassembled(there)).toEqual(
      request({ protocol: SCTP, destinationPort: 9, destination: HOST }),
    );
  });

  test.each([SCTP, SCTP_IN_UDP])(
    'of SCTP are not where it changes: its CRC covers bytes that did not come (protocol %i)',
    (protocol) => {
      const one = bench();
      for (const fragment of fragments(request({ protocol, destinationPort: 7 }), CUT)) {
        expect(one.datagram(A, fragment).delivered).toEqual([]);
      }
    },
  );

  test('that come without the first, or before it, are refused', () => {
    const one = bench();
    const [first, later] = fragments(request(), CUT);
    expect(one.datagram(A, later!).delivered).toEqual([]);
    one.datagram(A, first!);
    expect(one.datagram(A, later!).delivered).toHaveLength(1);
  });

  test('of another packet, peer or time are refused', () => {
    const one = bench();
    const [first, later] = fragments(request(), CUT, 7);
    one.datagram(A, first!);
    expect(one.datagram(A, fragments(request(), CUT, 8)[1]!).delivered).toEqual([]);
    const ofOther = request({ source: ADDRESS_B, destination: addressOf(B, 0) });
    expect(one.datagram(B, fragments(ofOther, CUT, 7)[1]!).delivered).toEqual([]);
    one.now += 4_999;
    expect(one.datagram(A, later!).delivered).toHaveLength(1);
    one.now += 1;
    expect(one.datagram(A, later!).delivered).toEqual([]);
  });

  test('of a host that follow no first one keep their source', () => {
    const [, later] = fragments(reply(), CUT);
    const { sent } = bench().packet(later!);
    expect(formatIPv6(sent[0]!.payload, 8)).toBe(HOST);
  });

  test('are few at a time: others take the place of the first, and memory does not grow', () => {
    const one = bench();
    const packets = Array.from({ length: 2_000 }, (_, id) => fragments(request(), CUT, id));
    for (const [first] of packets) one.datagram(A, first!);
    const known = packets.filter(([, later]) => one.datagram(A, later!).delivered.length === 1);
    expect(known.length).toBeLessThanOrEqual(256);
    expect(known.length).toBeGreaterThan(100);
    // The last one is always known.
    expect(known.at(-1)).toBe(packets.at(-1));
  });

  test('that are whole packets take no place', () => {
    const one = bench();
    const [first, later] = fragments(request(), CUT, 7);
    const atomic = first!.slice();
    atomic[43] = 0;
    expect(destinations(one.datagram(A, atomic).delivered)).toEqual([HOST]);
    expect(one.datagram(A, later!).delivered).toEqual([]);
  });
});
