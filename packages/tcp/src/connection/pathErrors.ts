import { IPV6_HEADER_LENGTH, MINIMUM_MTU, TCP_HEADER_LENGTH } from '@6bed4/nd';
import type { Receiver } from '../receive/receiver.js';
import { PADDED_TIMESTAMPS_LENGTH } from '../segment/options.js';
import { isBefore } from '../segment/sequence.js';
import type { Sender } from '../send/sender.js';
import type { SegmentError, TcpErrorCode } from './errors.js';
import type { Opening } from './opening.js';

/** A connection about whose path something is reported. */
export interface ReportedConnection {
  readonly opening: Opening | null;
  readonly sender: Sender;
  readonly receiver: Receiver;
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
  sender.setSegmentSize(size);
  sender.resendLarger();
  connection.output(now);
}
