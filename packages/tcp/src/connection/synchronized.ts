import type { Receiver } from '../receive/receiver.js';
import type { Segment } from '../segment/segment.js';
import { advance, isAfter, isBefore } from '../segment/sequence.js';
import type { Sender } from '../send/sender.js';
import type { AnswerLimit } from './answerLimit.js';
import type { TcpErrorCode } from './errors.js';
import type { TcpInput, TcpState } from './states.js';

/** A connection whose handshake is complete. */
export interface SynchronizedConnection {
  readonly state: TcpState;
  readonly sender: Sender;
  readonly receiver: Receiver;
  /** Shift of the windows that the other side sends. */
  readonly sendScale: number;
  /** Whether the application wants no data any more. */
  readonly isClosed: boolean;
  move(input: TcpInput, now: number): void;
  fail(code: TcpErrorCode | null, now: number): void;
  reset(code: TcpErrorCode, now: number): void;
  /** Answers a segment that may be a guess, at a limited rate (RFC 5961 §7). */
  challenge(now: number): void;
  /** Of answers to segments without data outside the window. */
  readonly corrections: AnswerLimit;
  /** An acceptable acknowledgment was taken. */
  acknowledged(now: number): void;
  /** There is more to read. */
  reportReadable(): void;
  /** The time in TIME-WAIT begins anew. */
  waitAgain(now: number): void;
}

/** A segment for a connection whose handshake is complete (RFC 9293 §3.10.7.4, RFC 5961, RFC 7323). */
export function arrivedSynchronized(
  connection: SynchronizedConnection,
  segment: Segment,
  now: number,
): void {
  if (!segment.isReset && !isPlausible(connection, segment, now)) return;
  if (connection.state === 'TIME-WAIT') {
    arrivedLate(connection, segment, now);
    return;
  }
  const { receiver } = connection;
  if (!receiver.accepts(segment)) {
    if (!segment.isReset) refuse(connection, segment, now);
    return;
  }
  if (segment.isReset) {
    arrivedReset(connection, segment, now);
    return;
  }
  if (!segment.isAck || !takeAcknowledgment(connection, segment, now)) return;
  takeData(connection, segment, now);
}

/** Whether a segment, that is no reset, is neither a SYN nor an old one by its timestamp. */
function isPlausible(connection: SynchronizedConnection, segment: Segment, now: number): boolean {
  const { receiver } = connection;
  if (segment.isSyn) {
    // Wherever it lies (RFC 5961 §4.2).
    connection.challenge(now);
    return false;
  }
  // What lacks timestamps is dropped silently (RFC 7323 §3.2).
  if (receiver.usesTimestamps && !segment.hasTimestamps) return false;
  if (!receiver.isOutdated(segment, now)) return true;
  refuse(connection, segment, now);
  return false;
}

/** Answers what is not acceptable. Two sides that both think so must not answer each other for ever. */
function refuse(connection: SynchronizedConnection, segment: Segment, now: number): void {
  if (segment.length > 0 || connection.corrections.take(now)) connection.receiver.refuse(segment);
}

/** Only the number of exactly the next byte resets, so that it takes luck to guess (RFC 5961 §3.2). */
function arrivedReset(connection: SynchronizedConnection, segment: Segment, now: number): void {
  const { receiver, sender, state } = connection;
  if (segment.sequence !== receiver.next) {
    connection.challenge(now);
    return;
  }
  // When both sides have ended and all data has arrived, nothing is lost (RFC 9293 §3.10.7.4).
  const isOver = (state === 'LAST-ACK' || state === 'CLOSING') && sender.queue.length === 0;
  connection.fail(isOver ? null : 'ECONNRESET', now);
}

/** @returns whether the rest of the segment may be believed */
function takeAcknowledgment(
  connection: SynchronizedConnection,
  segment: Segment,
  now: number,
): boolean {
  const { receiver, sender } = connection;
  const { acknowledgment } = segment;
  const oldest = advance(sender.unacknowledged, -sender.maximumWindow);
  if (isAfter(acknowledgment, sender.next) || isBefore(acknowledgment, oldest)) {
    // Not sent yet, or too old to be true (RFC 5961 §5.2).
    connection.challenge(now);
    return false;
  }
  receiver.noteTimestamp(segment, now);
  if (!isBefore(acknowledgment, sender.unacknowledged)) {
    sender.updateWindow(segment, segment.window << connection.sendScale);
    sender.acknowledge(segment, now);
    connection.acknowledged(now);
  }
  return true;
}

function takeData(connection: SynchronizedConnection, segment: Segment, now: number): void {
  const { receiver } = connection;
  const { length } = segment;
  if (receiver.isFinished) {
    if (length > 0) receiver.requireAck();
    return;
  }
  if (connection.isClosed && bringsMore(receiver, segment)) {
    // Nobody will read it, and the other side should know (RFC 9293 §3.6.1).
    connection.reset('ECONNABORTED', now);
    return;
  }
  if (receiver.take(segment, now)) connection.reportReadable();
  if (receiver.isFinished) connection.move('FIN received', now);
}

function bringsMore(receiver: Receiver, { sequence, dataLength }: Segment): boolean {
  return dataLength > 0 && isAfter(advance(sequence, dataLength), receiver.next);
}

/** In TIME-WAIT, the FIN that is sent again is acknowledged again (RFC 9293 §3.10.7.4). */
function arrivedLate(connection: SynchronizedConnection, segment: Segment, now: number): void {
  // A reset never ends it early (RFC 1337 §3).
  if (segment.isReset || segment.length === 0) return;
  const { receiver } = connection;
  if (segment.isFin && segment.end === receiver.next) connection.waitAgain(now);
  receiver.requireAck();
}
