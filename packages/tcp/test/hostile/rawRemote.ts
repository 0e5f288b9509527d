import { readInt32, readUint16 } from '@6bed4/codec';
import {
  IPV6_HEADER_LENGTH,
  TCP_ACK,
  TCP_ACKNOWLEDGMENT_OFFSET,
  TCP_DATA_OFFSET_OFFSET,
  TCP_FIN,
  TCP_FLAGS_OFFSET,
  TCP_RST,
  TCP_SEQUENCE_OFFSET,
  TCP_SYN,
} from '@6bed4/nd';
import type { Random } from '@6bed4/testing/random';
import type { TcpEndpoint } from '../../src/index.js';
import { anyOptions, forge, noise, sackOption, timestampOption } from './forge.js';

const TCP = IPV6_HEADER_LENGTH;
const INITIAL = 1_000_000;
const MOST_DATA = 1_220;
/** Segment size, SACK permitted, timestamps and window scale, as usual. */
const USUAL = Uint8Array.of(2, 4, 4, 0xc4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7);
const EDGES = [
  0,
  0,
  0,
  0,
  1,
  -1,
  100,
  -100,
  1_220,
  -1_220,
  65_535,
  65_536,
  -65_536,
  1 << 20,
  1 << 30,
];

/** One side of a connection that follows no rule, but sees what the other side sends. */
export class RawRemote {
  readonly local: TcpEndpoint;
  readonly victim: TcpEndpoint;
  /** What the victim expects next, and behind what it has sent. */
  expected = INITIAL;
  end = 0;
  isOpen = false;
  isOver = false;
  #timestamp = 1;
  #echo = 0;

  constructor(local: TcpEndpoint, victim: TcpEndpoint) {
    this.local = local;
    this.victim = victim;
  }

  /** The SYN. */
  open(options: Uint8Array = USUAL, flags = TCP_SYN): Uint8Array {
    return this.segment({ flags, sequence: INITIAL, options });
  }

  /** Sees a packet that the victim has sent to it. */
  see(packet: Uint8Array): void {
    const flags = packet[TCP + TCP_FLAGS_OFFSET]!;
    const header = (packet[TCP + TCP_DATA_OFFSET_OFFSET]! >>> 4) * 4;
    const length = packet.length - TCP - header + (flags & TCP_FIN) + ((flags & TCP_SYN) >> 1);
    const end = (readInt32(packet, TCP + TCP_SEQUENCE_OFFSET) + length) | 0;
    if ((flags & TCP_RST) !== 0) {
      this.isOver = true;
      return;
    }
    if (!this.isOpen || ((end - this.end) | 0) > 0) this.end = end;
    if ((flags & TCP_ACK) !== 0) this.expected = readInt32(packet, TCP + TCP_ACKNOWLEDGMENT_OFFSET);
    if ((flags & TCP_SYN) !== 0) this.isOpen = true;
    if (header >= 32 && packet[TCP + 22] === 8) this.#echo = readInt32(packet, TCP + 24);
  }

  /** A segment with the numbers that are due, unless others are given. */
  segment(parts: {
    flags?: number;
    sequence?: number;
    acknowledgment?: number;
    window?: number;
    options?: Uint8Array;
    data?: Uint8Array;
  }): Uint8Array {
    return forge({
      from: this.local,
      to: this.victim,
      flags: TCP_ACK,
      sequence: this.expected,
      acknowledgment: this.end,
      options: timestampOption(++this.#timestamp, this.#echo),
      ...parts,
    });
  }

  /** Any segment: mostly near what is due, since only that goes far. */
  any(random: Random): Uint8Array {
    const near = (base: number): number =>
      random.below(8) === 0 ? random.next() : base + EDGES[random.below(EDGES.length)]!;
    return this.segment({
      flags: this.#flags(random),
      sequence: near(this.expected),
      acknowledgment: random.below(2) === 0 ? this.end : near(this.end),
      window: [0, 1, 10, 1_000, 65_535, random.below(65_536)][random.below(6)]!,
      ...this.#options(random, near),
      data: noise(random, [0, 0, 1, 1, 7, random.below(MOST_DATA)][random.below(6)]!),
    });
  }

  #flags(random: Random): number {
    const choice = random.below(200);
    if (choice === 0) return random.below(256);
    if (choice === 1) return TCP_RST | (random.below(2) === 0 ? TCP_ACK : 0);
    if (choice === 2) return TCP_SYN | (random.below(2) === 0 ? TCP_ACK : 0);
    return choice < 8 ? TCP_ACK | TCP_FIN : TCP_ACK | (random.below(8) << 5);
  }

  #options(random: Random, near: (base: number) => number): { options?: Uint8Array } {
    switch (random.below(6)) {
      case 0:
        return { options: anyOptions(random) };
      case 1:
        return { options: timestampOption(near(this.#timestamp), near(this.#echo)) };
      case 2:
      case 3:
        return {
          options: sackOption(
            Array.from({ length: 2 * (1 + random.below(4)) }, () => near(this.end)),
          ),
        };
      default:
        return {};
    }
  }
}

/** The port to which a packet goes. */
export function portOf(packet: Uint8Array): number {
  return readUint16(packet, TCP + 2);
}
