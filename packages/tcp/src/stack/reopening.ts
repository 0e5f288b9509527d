import type { TcpConnection } from '../connection/connection.js';
import type { Segment } from '../segment/segment.js';
import { isAfter } from '../segment/sequence.js';

/** Bytes between the numbers of a connection and those of the one that takes its place: a whole window. */
export const REOPENING_GAP = 65_537;

/**
 * Whether a SYN for a connection in TIME-WAIT is so certainly no old one that it may open the connection anew
 * (RFC 6191 §2, RFC 9293 §3.6.1).
 */
export function mayReopen(old: TcpConnection, segment: Segment): boolean {
  if (!segment.isSyn || segment.isAck || segment.isReset || segment.isFin) return false;
  const { receiver } = old;
  if (receiver.usesTimestamps && segment.hasTimestamps) {
    if (isAfter(segment.timestamp, receiver.recentTimestamp)) return true;
    if (segment.timestamp !== receiver.recentTimestamp) return false;
  }
  return isAfter(segment.sequence, receiver.next);
}
