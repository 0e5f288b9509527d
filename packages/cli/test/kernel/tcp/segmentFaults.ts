import type { CapturedSegment } from './segmentCapture.js';

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
const ECT_0 = 2;

/** What tshark remarks on segments of a connection where nothing is wrong. */
const HARMLESS = [
  /^Connection (establish request|establish acknowledge|finish) /,
  /^This frame (initiates|undergoes) the connection closing$/,
  // The sender has used the window that it was offered, not more.
  /^TCP window specified by the receiver is now completely full$/,
  /^TCP Zero Window/,
  /^TCP window update$/,
  /^TCP keep-alive/,
  /^ACK to a TCP keep-alive/,
  /^Duplicate ACK/,
  // These and resets are judged below, where it is known whether something was lost.
  /^Connection reset/,
  /^This frame is a \(suspected\) (fast |spurious )?retransmission$/,
  /^This frame is a \(suspected\) out-of-order segment$/,
  /^D-SACK Sequence$/,
];

/** What a conversation may have in it. */
export interface Expectation {
  /** Address of the end that is judged. */
  readonly of: string;
  /** Whether packets are lost on the way; without, nothing is sent again. */
  readonly hasLoss?: boolean;
  /** Whether the end may reset the connection. */
  readonly resets?: boolean;
}

/** What is known of one end of a connection by what was captured of it. */
class End {
  /** Behind the last byte, SYN and FIN that it has sent; −1 for nothing. */
  end = -1;
  /** The right edge of the window that it has offered. */
  edge = 0;
  /** Bytes of data and options of TCP in a segment that it takes. */
  segmentSize = 1220;
  /** What it has acknowledged. */
  acknowledged = 0;
  hasFin = false;
  readonly timestamps = new Set<number>();
  lastTimestamp: number | null = null;
  hasTimestamps: boolean | null = null;
}

/**
 * Faults of an end of a connection, as the segments show that were captured beside it; empty for none. Only connections
 * whose beginning was captured are judged: of others, the other end may still send something again.
 */
export function faultsOf(segments: readonly CapturedSegment[], expected: Expectation): string[] {
  const faults: string[] = [];
  const streams = new Map<number, [own: End, other: End]>();
  let judged = 0;
  for (const segment of segments) {
    const fault = (what: string): void => {
      faults.push(`frame ${segment.number}: ${what}`);
    };
    if ((segment.flags & SYN) !== 0 && !streams.has(segment.stream)) {
      streams.set(segment.stream, [new End(), new End()]);
    }
    const ends = streams.get(segment.stream);
    if (ends === undefined) continue;
    if (segment.source === expected.of) {
      judgeWire(segment, fault);
      judgeNumbers(segment, ends, expected, fault);
      judgeOptions(segment, ends, fault);
      note(segment, ends[0]);
      judged++;
    } else {
      note(segment, ends[1]);
    }
  }
  if (judged === 0) faults.push(`no segment of ${expected.of} was captured`);
  return faults;
}

type Fault = (what: string) => void;

function judgeWire(segment: CapturedSegment, fault: Fault): void {
  if (segment.isMalformed) fault('malformed');
  if (!segment.hasGoodChecksum) fault('wrong checksum');
  for (const remark of segment.remarks) {
    if (!HARMLESS.some((pattern) => pattern.test(remark))) fault(remark);
  }
}

function judgeNumbers(
  segment: CapturedSegment,
  [own, other]: readonly [End, End],
  expected: Expectation,
  fault: Fault,
): void {
  const { sequence, acknowledgment, length, flags, window } = segment;
  const end = sequence + length;
  if ((flags & RST) !== 0 && expected.resets !== true && !isOver(own, other)) {
    fault(`unexpected reset, with ${own.acknowledged} of ${other.end} acknowledged`);
  }
  if ((flags & (SYN | RST)) === 0) {
    if (acknowledgment > other.end) fault(`acknowledges ${acknowledgment} of ${other.end}`);
    // What the scaled field cannot express is lost (RFC 7323 §2.4).
    if (acknowledgment + window <= own.edge - segment.windowUnit) {
      fault(`moves the edge of the window from ${own.edge} to ${acknowledgment + window}`);
    }
  }
  if (length === 0) return;
  if (sequence > own.end) fault(`leaves out ${own.end} to ${sequence}`);
  if (end > other.edge) fault(`ends at ${end}, behind the window to ${other.edge}`);
  const isRetransmission = sequence < own.end;
  // Where nothing is lost, a probe may send the last segment again (RFC 8985 §7.3).
  if (isRetransmission && expected.hasLoss !== true && end < own.end) {
    fault(`sends ${sequence} to ${end} of ${own.end} again`);
  }
  if (isRetransmission && segment.ecn === ECT_0) fault('is ECN-capable though it is sent again');
  const options = segment.timestamp === null ? 0 : 12;
  if (length + options > other.segmentSize)
    fault(`${length} bytes of at most ${other.segmentSize}`);
}

function judgeOptions(
  { flags, length, ecn, timestamp, timestampEcho, sackEdges }: CapturedSegment,
  [own, other]: readonly [End, End],
  fault: Fault,
): void {
  if (length === 0 && ecn !== 0) fault('is ECN-capable without data');
  for (const [left, right] of sackEdges) {
    if (right <= left || right > other.end) fault(`SACK of ${left} to ${right} of ${other.end}`);
  }
  if ((flags & RST) !== 0) return;
  const isAgreed = own.hasTimestamps === true && other.hasTimestamps === true;
  if ((flags & SYN) === 0 && (timestamp !== null) !== isAgreed) {
    fault(isAgreed ? 'has no timestamp' : 'has a timestamp that was not agreed on');
  }
  if (timestamp === null) return;
  if (own.lastTimestamp !== null && (timestamp - own.lastTimestamp) << 0 < 0) {
    fault(`its timestamp goes back from ${own.lastTimestamp} to ${timestamp}`);
  }
  if ((flags & ACK) !== 0 && !other.timestamps.has(timestampEcho!)) {
    fault(`echoes the timestamp ${timestampEcho}, which was never sent`);
  }
}

/**
 * Whether both have ended and this end has acknowledged that: its program may have ended with the stack, and the next one
 * knows nothing of the connection when the other end, which lacks the acknowledgment, sends its FIN again.
 */
function isOver(own: End, other: End): boolean {
  return own.hasFin && other.hasFin && own.acknowledged >= other.end;
}

function endOf({ sequence, length, flags }: CapturedSegment): number {
  return sequence + length + ((flags & SYN) === 0 ? 0 : 1) + ((flags & FIN) === 0 ? 0 : 1);
}

function note(segment: CapturedSegment, end: End): void {
  if ((segment.flags & RST) !== 0) return;
  end.end = Math.max(end.end, endOf(segment));
  end.acknowledged = Math.max(end.acknowledged, segment.acknowledgment);
  end.hasFin ||= (segment.flags & FIN) !== 0;
  end.edge = Math.max(end.edge, segment.acknowledgment + segment.window);
  if ((segment.flags & SYN) !== 0) {
    end.segmentSize = segment.maximumSegmentSize ?? 1220;
    end.hasTimestamps = segment.timestamp !== null;
  }
  if (segment.timestamp === null) return;
  end.timestamps.add(segment.timestamp);
  end.lastTimestamp = segment.timestamp;
}
