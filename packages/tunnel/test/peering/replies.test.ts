import { UdpEndpoint } from '@6bed4/codec';
import { Random } from '@6bed4/testing/random';
import { describe, expect, test } from 'vitest';
import { OpenReplies, Reply, replyIn } from '../../src/peering/replies.js';
import { ACK, RST, SYN, tcp } from '../support/handshakes.js';
import { ping, udp } from '../support/packets.js';

const [OWN, REMOTE] = ['fc64::1', 'fc64::2'];
const FIRST = new UdpEndpoint(0xc000_0209, 5000);
const OTHER_PORT = new UdpEndpoint(0xc000_0209, 5001);
const OTHER_NODE = new UdpEndpoint(0xc000_020a, 5000);

const segment = (flags: number): Uint8Array => tcp(OWN, REMOTE, { flags, sequence: 1 });

/** A packet with this upper layer, cut to so many bytes behind the IPv6 header. */
function cut(packet: Uint8Array, length: number): Uint8Array {
  const shorter = packet.slice();
  shorter[5] = length;
  return shorter;
}

/** An ICMPv6 message of this type. */
function icmp(type: number): Uint8Array {
  const packet = ping(OWN, REMOTE);
  packet[40] = type;
  return packet;
}

describe('a packet of the local side', () => {
  test.each([
    ['a TCP SYN', segment(SYN), Reply.no],
    ['a TCP SYN with ECN flags', segment(SYN | 0xc0), Reply.no],
    ['a TCP SYN+ACK', segment(SYN | ACK), Reply.yes],
    ['a TCP segment', segment(ACK), Reply.yes],
    ['a TCP reset', segment(RST), Reply.yes],
    ['a TCP SYN cut before its flags', cut(segment(SYN), 13), Reply.yes],
    ['a TCP SYN cut behind its flags', cut(segment(SYN), 14), Reply.no],
    ['an echo request', icmp(128), Reply.no],
    ['an echo reply', icmp(129), Reply.yes],
    ['an ICMPv6 error', icmp(1), Reply.yes],
    ['an ICMPv6 packet without message', cut(icmp(128), 0), Reply.yes],
    ['a UDP packet', udp(OWN, REMOTE, new Uint8Array(8)), Reply.perhaps],
  ])('%s', (_, packet, expected) => {
    const bytes = new Uint8Array(packet.length + 3);
    bytes.set(packet, 3);
    expect(replyIn(bytes, 3)).toBe(expected);
  });
});

describe('open replies', () => {
  const make = (): OpenReplies => new OpenReplies(new Random(5).fraction);
  const closed = (replies: OpenReplies, now: number, tries = 40): number =>
    Array.from({ length: tries }, () => replies.close(FIRST, now)).filter(Boolean).length;

  test('are none before a packet came, and none to other endpoints', () => {
    const replies = make();
    expect(replies.close(FIRST, 0)).toBe(false);
    replies.open(FIRST, 0);
    expect([replies.close(OTHER_PORT, 0), replies.close(OTHER_NODE, 0)]).toEqual([false, false]);
    expect(replies.close(FIRST, 0)).toBe(true);
  });

  test('are four to a packet, and sixteen at most', () => {
    const replies = make();
    replies.open(FIRST, 0);
    expect(closed(replies, 0)).toBe(4);
    for (let count = 0; count < 9; count++) replies.open(FIRST, 0);
    expect(closed(replies, 0)).toBe(16);
  });

  test('are forgotten after thirty to sixty seconds', () => {
    for (const [age, left] of [
      [29_999, 4],
      [59_999, 4],
      [60_000, 0],
    ] as const) {
      const replies = make();
      replies.open(OTHER_NODE, 0);
      replies.open(FIRST, 0);
      expect(closed(replies, age), String(age)).toBe(left);
    }
    const replies = make();
    replies.open(FIRST, 0);
    replies.open(OTHER_NODE, 30_000);
    expect(closed(replies, 59_999)).toBe(4);
    replies.open(FIRST, 59_999);
    replies.open(OTHER_NODE, 60_000);
    expect(closed(replies, 60_000)).toBe(4);
    replies.open(FIRST, 60_000);
    replies.open(OTHER_NODE, 90_000);
    replies.open(OTHER_NODE, 120_000);
    expect(closed(replies, 120_000)).toBe(0);
  });
});
