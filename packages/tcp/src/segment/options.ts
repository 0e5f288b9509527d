import { readInt32, readUint16, writeUint16, writeUint32 } from '@6bed4/codec';

/*
 * Options (RFC 9293 §3.2):
 *
 *   kind 0                            end of the list
 *   kind 1                            no operation
 *   kind 2, length 4, 2 bytes         maximum segment size
 *   kind 3, length 3, 1 byte          window scale (RFC 7323 §2.2)
 *   kind 4, length 2                  SACK permitted (RFC 2018 §2)
 *   kind 5, length 2 + 8n, n blocks   SACK (RFC 2018 §3)
 *   kind 8, length 10, 4 + 4 bytes    timestamps (RFC 7323 §3.2)
 */
const END = 0;
const NO_OPERATION = 1;
const MAXIMUM_SEGMENT_SIZE = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMPS = 8;

const MAXIMUM_SEGMENT_SIZE_LENGTH = 4;
const WINDOW_SCALE_LENGTH = 3;
const SACK_PERMITTED_LENGTH = 2;
const SACK_BLOCK_LENGTH = 8;
const TIMESTAMPS_LENGTH = 10;

/** Highest shift; a higher one counts as this (RFC 7323 §2.3). */
const HIGHEST_WINDOW_SCALE = 14;

/** Length of the timestamps as written here, with two bytes of padding before (RFC 7323 appendix A). */
export const PADDED_TIMESTAMPS_LENGTH = 12;

/** What options are read into. */
export interface OptionSink {
  maximumSegmentSize: number;
  windowScale: number;
  isSackPermitted: boolean;
  hasTimestamps: boolean;
  timestamp: number;
  timestampEcho: number;
  sack(left: number, right: number): void;
}

/**
 * Reads all options that are known and have the right length; others are skipped, and one whose length
 * cannot be ends the list (RFC 9293 §3.2, MUST-6, MUST-7).
 *
 * @param offset - of the first option
 * @param end - offset behind the header
 */
export function readOptions(
  bytes: Uint8Array,
  offset: number,
  end: number,
  into: OptionSink,
): void {
  let at = offset;
  while (at < end) {
    const kind = bytes[at]!;
    if (kind === END) return;
    if (kind === NO_OPERATION) {
      at++;
      continue;
    }
    const length = at + 1 < end ? bytes[at + 1]! : 0;
    if (length < 2 || at + length > end) return;
    readOption(kind, bytes, at, length, into);
    at += length;
  }
}

function readOption(
  kind: number,
  bytes: Uint8Array,
  at: number,
  length: number,
  into: OptionSink,
): void {
  switch (kind) {
    case MAXIMUM_SEGMENT_SIZE:
      if (length === MAXIMUM_SEGMENT_SIZE_LENGTH) {
        into.maximumSegmentSize = readUint16(bytes, at + 2);
      }
      break;
    case WINDOW_SCALE:
      if (length === WINDOW_SCALE_LENGTH) {
        into.windowScale = Math.min(bytes[at + 2]!, HIGHEST_WINDOW_SCALE);
      }
      break;
    case SACK_PERMITTED:
      if (length === SACK_PERMITTED_LENGTH) into.isSackPermitted = true;
      break;
    case SACK:
      if ((length - 2) % SACK_BLOCK_LENGTH !== 0) break;
      for (let block = at + 2; block < at + length; block += SACK_BLOCK_LENGTH) {
        into.sack(readInt32(bytes, block), readInt32(bytes, block + 4));
      }
      break;
    case TIMESTAMPS:
      if (length === TIMESTAMPS_LENGTH) {
        into.hasTimestamps = true;
        into.timestamp = readInt32(bytes, at + 2);
        into.timestampEcho = readInt32(bytes, at + 6);
      }
      break;
  }
}

/** Writes the maximum segment size, 4 bytes; returns the offset behind it. */
export function writeMaximumSegmentSize(out: Uint8Array, at: number, size: number): number {
  out[at] = MAXIMUM_SEGMENT_SIZE;
  out[at + 1] = MAXIMUM_SEGMENT_SIZE_LENGTH;
  writeUint16(out, at + 2, size);
  return at + MAXIMUM_SEGMENT_SIZE_LENGTH;
}

/** Writes the window scale, 4 bytes with the padding before it; returns the offset behind it. */
export function writeWindowScale(out: Uint8Array, at: number, shift: number): number {
  out[at] = NO_OPERATION;
  out[at + 1] = WINDOW_SCALE;
  out[at + 2] = WINDOW_SCALE_LENGTH;
  out[at + 3] = shift;
  return at + 4;
}

/** Writes that SACK is permitted, 4 bytes with the padding before it; returns the offset behind it. */
export function writeSackPermitted(out: Uint8Array, at: number): number {
  out[at] = NO_OPERATION;
  out[at + 1] = NO_OPERATION;
  out[at + 2] = SACK_PERMITTED;
  out[at + 3] = SACK_PERMITTED_LENGTH;
  return at + 4;
}

/** Writes timestamps, 12 bytes with the padding before them; returns the offset behind them. */
export function writeTimestamps(out: Uint8Array, at: number, value: number, echo: number): number {
  out[at] = NO_OPERATION;
  out[at + 1] = NO_OPERATION;
  out[at + 2] = TIMESTAMPS;
  out[at + 3] = TIMESTAMPS_LENGTH;
  writeUint32(out, at + 4, value);
  writeUint32(out, at + 8, echo);
  return at + PADDED_TIMESTAMPS_LENGTH;
}

/**
 * Writes blocks of received data, with two bytes of padding before (RFC 2018 §3).
 *
 * @param edges - left and right edges by turns
 * @param count - blocks, 1..4
 * @returns the offset behind them
 */
export function writeSack(out: Uint8Array, at: number, edges: Int32Array, count: number): number {
  out[at] = NO_OPERATION;
  out[at + 1] = NO_OPERATION;
  out[at + 2] = SACK;
  out[at + 3] = 2 + count * SACK_BLOCK_LENGTH;
  for (let edge = 0; edge < 2 * count; edge++) writeUint32(out, at + 4 + 4 * edge, edges[edge]!);
  return at + 4 + count * SACK_BLOCK_LENGTH;
}
