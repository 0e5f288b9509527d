import { TCP_ACK, TCP_RST, TCP_SYN } from '@6bed4/nd';
import type { ConnectionSettings } from '../connection/connectionOptions.js';
import { scaleOf } from '../connection/opening.js';
import type { Segment } from '../segment/segment.js';
import type { SegmentWriter } from '../segment/segmentWriter.js';
import { advance } from '../segment/sequence.js';

const HIGHEST_FIELD = 65_535;

/** Writes a reset for a segment of no connection (RFC 9293 §3.5.2); returns the length of the packet. */
export function writeReset(writer: SegmentWriter, segment: Segment): number {
  writer.beginAnswer(segment, segment.isAck ? TCP_RST : TCP_RST | TCP_ACK);
  if (segment.isAck) writer.numbers(segment.acknowledgment, 0, 0);
  else writer.numbers(0, segment.end, 0);
  return writer.finish(false);
}

/**
 * Writes the answer to a SYN of which nothing is kept (RFC 4987 §3.6).
 *
 * @param cookie - sequence number and timestamp, in which it is kept
 * @returns the length of the packet
 */
export function writeCookie(
  writer: SegmentWriter,
  segment: Segment,
  { sequence, timestamp }: { sequence: number; timestamp: number },
  settings: ConnectionSettings,
): number {
  writer.beginAnswer(segment, TCP_SYN | TCP_ACK);
  const window = Math.min(settings.receiveBuffer, HIGHEST_FIELD);
  writer.numbers(sequence, advance(segment.sequence, 1), window);
  writer.maximumSegmentSize(settings.segmentSize);
  if (settings.timestamps && segment.hasTimestamps) {
    if (settings.sack && segment.isSackPermitted) writer.sackPermitted();
    writer.timestamps(timestamp, segment.timestamp);
    if (segment.windowScale >= 0) writer.windowScale(scaleOf(settings.receiveBuffer));
  }
  return writer.finish(false);
}
