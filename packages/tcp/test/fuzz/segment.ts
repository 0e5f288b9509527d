import { writeUint16 } from '@6bed4/codec';
import {
  IPV6_HEADER_LENGTH,
  NEXT_HEADER_OFFSET,
  NEXT_HEADER_TCP,
  PAYLOAD_LENGTH_OFFSET,
  TCP_ACK,
  TCP_SYN,
} from '@6bed4/nd';
import { demand, type FuzzTarget } from '@6bed4/testing/fuzzTarget';
import {
  readOptions,
  writeMaximumSegmentSize,
  writeSack,
  writeSackPermitted,
  writeTimestamps,
  writeWindowScale,
} from '../../src/segment/options.js';
import { Segment } from '../../src/segment/segment.js';
import { forge, sackOption, sealed, timestampOption } from '../hostile/forge.js';

const MARGIN = 64;
const HEADER = IPV6_HEADER_LENGTH + 20;
const HIGHEST_SCALE = 14;
const MOST_BLOCKS = 4;
const LONGEST_OPTIONS = 64;

const from = { address: new Uint8Array(16).fill(1), port: 50_000 };
const to = { address: new Uint8Array(16).fill(2), port: 80 };
const syn = Uint8Array.of(2, 4, 4, 0xc4, 1, 1, 4, 2, 1, 3, 3, 7, ...timestampOption(7, 0));

/** What was read from a segment, without where it lies. */
function meaningOf(segment: Segment): string {
  const { bytes: _, packet, dataOffset, sackEdges, sackCount, ...rest } = segment;
  const edges = [...sackEdges.subarray(0, 2 * sackCount)];
  return JSON.stringify({ ...rest, sackCount, edges, data: dataOffset - packet });
}

/** The reader of segments and their options. */
export const target: FuzzTarget = {
  longest: 160,
  seeds: [
    forge({ from, to, flags: TCP_SYN, options: syn }),
    forge({ from, to, flags: TCP_ACK, options: timestampOption(1, 2), data: new Uint8Array(9) }),
    forge({ from, to, flags: TCP_ACK, options: sackOption([1, 5, 9, 12, 20, 30]) }),
  ],
  words: [
    Uint8Array.of(2, 4),
    Uint8Array.of(3, 3, 14),
    Uint8Array.of(4, 2),
    Uint8Array.of(5, 10),
    Uint8Array.of(5, 34),
    Uint8Array.of(8, 10),
    Uint8Array.of(1, 1),
  ],
  run(input) {
    const isAsSent = readIn(input.slice(), 0);
    demand(isAsSent === readIn(input.slice(), 0xff), 'nothing is read outside the packet');
    if (input.length < HEADER) {
      demand(isAsSent === null, 'what is shorter than the headers is no segment');
      return;
    }
    const packet = input.slice();
    packet[0] = 0x60;
    packet[NEXT_HEADER_OFFSET] = NEXT_HEADER_TCP;
    writeUint16(packet, PAYLOAD_LENGTH_OFFSET, packet.length - IPV6_HEADER_LENGTH);
    const meaning = readIn(sealed(packet), 0);
    demand(meaning === readIn(packet, 0xff), 'nothing is read outside the packet');
    const header = (packet[IPV6_HEADER_LENGTH + 12]! >>> 4) * 4;
    const fits = header >= 20 && IPV6_HEADER_LENGTH + header <= packet.length;
    demand((meaning !== null) === fits, 'a segment is one whose header fits');
    packet[input.length - 1]! ^= 1;
    demand(readIn(packet, 0) === null, 'a segment with a wrong checksum is none');
  },
};

/** Reads a packet with something around it; null for what is no segment. */
function readIn(packet: Uint8Array, around: number): string | null {
  const bytes = new Uint8Array(packet.length + 2 * MARGIN).fill(around);
  bytes.set(packet, MARGIN);
  const segment = new Segment();
  if (!segment.read(bytes, MARGIN, packet.length)) return null;
  const end = MARGIN + packet.length;
  demand(segment.dataOffset + segment.dataLength === end, 'the data ends with the packet');
  demand(segment.dataOffset >= MARGIN + HEADER, 'the data is behind the header');
  checkOptions(segment);
  return meaningOf(segment);
}

/** What options say is within bounds, and says the same when it is written. */
function checkOptions(segment: Segment): void {
  demand(segment.windowScale <= HIGHEST_SCALE, `a shift of ${segment.windowScale}`);
  demand(segment.sackCount <= MOST_BLOCKS, `${segment.sackCount} blocks`);
  const out = new Uint8Array(2 * LONGEST_OPTIONS);
  let at = 0;
  if (segment.maximumSegmentSize > 0) {
    at = writeMaximumSegmentSize(out, at, segment.maximumSegmentSize);
  }
  if (segment.windowScale >= 0) at = writeWindowScale(out, at, segment.windowScale);
  if (segment.isSackPermitted) at = writeSackPermitted(out, at);
  if (segment.hasTimestamps)
    at = writeTimestamps(out, at, segment.timestamp, segment.timestampEcho);
  if (segment.sackCount > 0) at = writeSack(out, at, segment.sackEdges, segment.sackCount);
  const again = new Segment();
  readOptions(out, 0, at, again);
  for (const key of ['maximumSegmentSize', 'windowScale', 'isSackPermitted'] as const) {
    demand(again[key] === segment[key], `${key} is written as it was read`);
  }
  for (const key of ['hasTimestamps', 'timestamp', 'timestampEcho', 'sackCount'] as const) {
    demand(again[key] === segment[key], `${key} is written as it was read`);
  }
}
