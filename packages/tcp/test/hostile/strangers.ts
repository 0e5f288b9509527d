import { readInt32, writeUint32 } from '@6bed4/codec';
import {
  buildIcmpError,
  DESTINATION_OFFSET,
  IPV6_HEADER_LENGTH,
  SOURCE_OFFSET,
  TCP_ACK,
  TCP_ACKNOWLEDGMENT_OFFSET,
  TCP_FLAGS_OFFSET,
  TCP_HEADER_LENGTH,
  TCP_RST,
  TCP_SEQUENCE_OFFSET,
  TCP_SYN,
} from '@6bed4/nd';
import type { Random } from '@6bed4/testing/random';
import type { TcpEndpoint } from '../../src/index.js';
import { anyOptions, forge, noise, sealed } from './forge.js';

const TCP = IPV6_HEADER_LENGTH;
/** Farther than any window reaches. */
const FAR = 1 << 24;

/** What attackers know and have seen. */
export interface Knowledge {
  /** Endpoints of connections and listeners: of one who sends to the victim, and of the victim. */
  readonly pairs: readonly (readonly [TcpEndpoint, TcpEndpoint])[];
  /** Packets that went to the victim. */
  readonly seen: readonly Uint8Array[];
  /** Packets of the victim. */
  readonly own: readonly Uint8Array[];
}

/** Segments of one who sees nothing, but knows who talks to whom: flags, numbers, options, data by chance. */
export function blind(random: Random, { pairs }: Knowledge): Uint8Array {
  const [from, to] = pairs[random.below(pairs.length)]!;
  return forge({
    from: random.below(16) === 0 ? { ...from, port: random.below(65_536) } : from,
    to: random.below(16) === 0 ? { ...to, port: random.below(65_536) } : to,
    flags:
      random.below(4) === 0
        ? random.below(256)
        : [0x10, 0x02, 0x12, 0x04, 0x14, 0x11][random.below(6)]!,
    sequence: random.next(),
    acknowledgment: random.next(),
    window: random.below(65_536),
    options: random.below(2) === 0 ? anyOptions(random) : new Uint8Array(0),
    data: noise(random, random.below(3) === 0 ? random.below(64) : 0),
  });
}

/** A real segment one number of which is moved far away. */
export function displaced(random: Random, { seen }: Knowledge): Uint8Array {
  const packet = seen[random.below(seen.length)]!.slice();
  const isSequence = random.below(2) === 0;
  const field = TCP + (isSequence ? TCP_SEQUENCE_OFFSET : TCP_ACKNOWLEDGMENT_OFFSET);
  const distance = FAR + (random.next() % (2 ** 31 - FAR));
  const moved = readInt32(packet, field) + (random.below(2) === 0 ? distance : -distance);
  writeUint32(packet, field, moved);
  // A reset, or a SYN, needs no right acknowledgment.
  const flags = isSequence ? 0xff : 0xff & ~(TCP_RST | TCP_SYN);
  if (random.below(2) === 0) packet[TCP + TCP_FLAGS_OFFSET] = TCP_ACK | (random.below(256) & flags);
  return sealed(packet);
}

/** A real segment that is damaged in one word, so that its checksum is wrong. */
export function damaged(random: Random, { seen }: Knowledge): Uint8Array {
  const packet = seen[random.below(seen.length)]!.slice();
  const at = TCP + random.below(packet.length - TCP);
  packet[at]! ^= 1 + random.below(255);
  return packet;
}

/** What one forges who sees everything: data that is old, or lies behind the window, with all else right. */
export function outside(random: Random, { seen }: Knowledge): Uint8Array {
  const packet = seen[random.below(seen.length)]!.slice();
  const field = TCP + TCP_SEQUENCE_OFFSET;
  const distance = FAR + random.below(1 << 29);
  const sequence = readInt32(packet, field) + (random.below(2) === 0 ? distance : -distance);
  writeUint32(packet, field, sequence);
  const flags = [0x10, 0x11, 0x18, 0x14, 0x04, 0x02][random.below(6)]!;
  packet[TCP + TCP_FLAGS_OFFSET] = flags;
  for (let at = TCP + TCP_HEADER_LENGTH + 12; at < packet.length; at++) packet[at] = random.next();
  return sealed(packet);
}

/** An ICMPv6 error about a segment that the victim could have sent, but has not, or not lately. */
export function error(random: Random, { own }: Knowledge): Uint8Array {
  const invoking = own[random.below(own.length)]!.slice();
  const field = TCP + TCP_SEQUENCE_OFFSET;
  const distance = FAR + (random.next() % (2 ** 32 - 2 * FAR));
  writeUint32(invoking, field, readInt32(invoking, field) + distance);
  const parts = {
    source: noise(random, 16),
    destination: invoking.slice(SOURCE_OFFSET, DESTINATION_OFFSET),
    invoking: invoking.subarray(0, TCP + 8 + random.below(invoking.length - TCP - 7)),
  };
  parts.source[0] = 0x20;
  switch (random.below(4)) {
    case 0:
      return buildIcmpError({ type: 'packet-too-big', mtu: random.next(), ...parts });
    case 1:
      return buildIcmpError({ type: 'time-exceeded', code: random.below(2), ...parts });
    case 2:
      return buildIcmpError({
        type: 'parameter-problem',
        code: random.below(3),
        pointer: random.below(100),
        ...parts,
      });
    default:
      return buildIcmpError({ type: 'destination-unreachable', code: random.below(7), ...parts });
  }
}
