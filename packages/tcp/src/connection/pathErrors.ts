import { IPV6_HEADER_LENGTH, MINIMUM_MTU, TCP_HEADER_LENGTH } from '@6bed4/nd';
import type { Receiver } from '../receive/receiver.js';
import { PADDED_TIMESTAMPS_LENGTH } from '../segment/options.js';
import { isBefore } from '../segment/sequence.js';
import type { Sender } from '../send/sender.js';
import type { SegmentError, TcpErrorCode } from './errors.js';
import type { Opening } from './opening.js';

const NEVER = Number.POSITIVE_INFINITY;
/** Milliseconds after which larger packets are tried again (RFC 8201 §4: 10 minutes, and never less than 5). */
const RAISE_AFTER = 600_000;

/** How long segments are smaller than both ends allow, since the path carries no larger ones. */
export class PathLimit {
  /** When larger ones are tried, in milliseconds; infinite while there is no limit. */
  raiseAt = NEVER;
  #largest = 0;

  /** Segments were as large as this when the path did not carry one. */
  lower(segmentSize: number, now: number): void {
    if (this.raiseAt === NEVER) this.#largest = segmentSize;
    this.raiseAt = now + RAISE_AFTER;
  }

  /** Lets segments be as large as at first: the path may be another one (RFC 8201 §4). */
  raise(sender: Sender): void {
    this.raiseAt = NEVER;
    sender.setSegmentSize(this.#largest);
  }
}

/** A connection about whose path something is reported. */
export interface ReportedConnection {
  readonly opening: Opening | null;
  readonly sender: Sender;
  readonly receiver: Receiver;
  readonly pathLimit: PathLimit;
  /** What to tell when the connection is given up for another reason. */
  softError: TcpErrorCode | null;
  fail(code: TcpErrorCode, now: number): void;
  output(now: number): void;
}

/**
 * An ICMPv6 error about a segment of a connection. Whoever cannot see our segments cannot guess what is
 * under way (RFC 5927 §4.1).
 */
export function heedError(connection: ReportedConnection, error: SegmentError, now: number): void {
  const { opening } = connection;
  if (!isUnderWay(connection, error.sequence)) return;
  if (error.mtu > 0) limitPackets(connection, error.mtu, now);
  else if (opening !== null && error.isHard) connection.fail(error.code, now);
  // It may pass (RFC 5927 §5.2).
  else connection.softError = error.code;
}

function isUnderWay({ opening, sender }: ReportedConnection, sequence: number): boolean {
  if (opening !== null) return sequence === opening.initial;
  return !isBefore(sequence, sender.unacknowledged) && isBefore(sequence, sender.next);
}

/** The path takes only packets of so many bytes; every IPv6 path takes 1280 (RFC 8201 §4). */
function limitPackets(connection: ReportedConnection, mtu: number, now: number): void {
  if (connection.opening !== null || mtu < MINIMUM_MTU) return;
  const { sender, receiver } = connection;
  const options = receiver.usesTimestamps ? PADDED_TIMESTAMPS_LENGTH : 0;
  const size = mtu - IPV6_HEADER_LENGTH - TCP_HEADER_LENGTH - options;
  if (size >= sender.segmentSize) return;
  connection.pathLimit.lower(sender.segmentSize, now);
  sender.setSegmentSize(size);
  sender.resendLarger();
  connection.output(now);
}
