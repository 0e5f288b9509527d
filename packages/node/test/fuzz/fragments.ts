import { demand, type FuzzTarget, InputReader } from '@6bed4/testing/fuzzTarget';
import { Reassembler } from '../../src/socket/fragments/reassembler.js';
import { fragmentOf, numbered } from '../support/fragments.js';

const IPV6 = 40;
const MOST = 64 + 32;
const LONGEST = 65_535 + IPV6;

/** A UDP datagram over IPv6 from a numbered source, whose bytes depend on it. */
function packetFrom(source: number, length: number): Uint8Array {
  const packet = Uint8Array.from(
    { length: IPV6 + length },
    (_, index) => (index * 7 + source) & 255,
  );
  packet.set([0x60, 0, 0, 0, length >>> 8, length & 255, 17, 64]);
  packet.set(numbered(source), 8);
  packet.set(numbered(0), 24);
  return packet;
}

/** Fragments in any order: of known packets, cut anywhere, and of anything else. */
export const target: FuzzTarget = {
  longest: 600,
  seeds: [
    Uint8Array.of(0, 1, 200, 0, 8, 1, 0, 1, 200, 8, 17, 1),
    Uint8Array.of(0, 2, 80, 0, 5, 1, 0, 2, 80, 5, 9, 1, 1, 9, 0, 2, 80, 9, 10, 1),
    Uint8Array.of(2, 48, 0x60, 0, 0, 0, 0, 8, 44, 64),
  ],
  words: [Uint8Array.of(44), Uint8Array.of(0xff, 0xf9), Uint8Array.of(0x60, 0, 0, 0)],
  run(input) {
    const reader = new InputReader(input);
    const counters = { reassembled: 0, reassemblyFailures: 0 };
    const reassembler = new Reassembler(counters, (bytes, at) => (bytes[at + 15]! & 1) === 1);
    let now = 0;
    let whole = 0;
    while (!reader.isOver) {
      let fragment: Uint8Array;
      let known: Uint8Array | null = null;
      switch (reader.byte() % 3) {
        case 0: {
          const source = reader.byte();
          known = packetFrom(source, 8 + reader.byte() * 2);
          const size = known.length - IPV6;
          const start = Math.min(reader.byte() * 8, size - (size % 8));
          const end = Math.min(Math.max(start, reader.byte() * 8), size);
          fragment = fragmentOf(known, { start, end }, reader.byte() & 3);
          break;
        }
        case 1:
          now += reader.byte() * 500;
          reassembler.expire(now);
          continue;
        default:
          fragment = reader.take(reader.byte());
      }
      const around = new Uint8Array(fragment.length + 32).fill(0xa5);
      around.set(fragment, 16);
      const result = reassembler.take(around, 16, fragment.length, now);
      demand(reassembler.size <= MOST, `${reassembler.size} packets wait`);
      if (!(result instanceof Uint8Array)) continue;
      whole++;
      demand(result.length >= IPV6 && result.length <= LONGEST, `${result.length} bytes`);
      demand(
        (result[4]! << 8) + result[5]! === result.length - IPV6,
        'the length is that of the header',
      );
      // Of one source, a byte in its place is always the same, however the packet was cut.
      if (known === null) continue;
      for (let at = IPV6; at < Math.min(result.length, known.length); at++) {
        demand(result[at] === known[at], `byte ${at} is another one`);
      }
    }
    demand(counters.reassembled === whole, 'each packet is counted');
    reassembler.expire(Number.MAX_SAFE_INTEGER);
    demand(reassembler.size === 0, 'all are given up');
  },
};
