import type { NdOption } from './option.js';
import { OPTION_UNIT } from './optionCodes.js';

/** The first option of a type, or undefined when there is none. */
export function findOption<T extends NdOption['type']>(
  options: readonly NdOption[],
  type: T,
): Extract<NdOption, { type: T }> | undefined {
  return options.find((option): option is Extract<NdOption, { type: T }> => option.type === type);
}

/**
 * Finds the first option of a type, without allocation.
 *
 * @param start - offset of the options, as the message's view returns it
 * @param end - offset of the end of the packet
 * @param code - option type, 0..255: 3 for prefix information, 14 for a nonce, …
 * @returns offset of its type byte in `bytes`, or -1 when there is none before the end or before a
 * malformed option. The length byte behind it holds the option's length in units of 8 bytes, all of
 * which are before `end`.
 */
export function findOptionOffset(
  bytes: Uint8Array,
  start: number,
  end: number,
  code: number,
): number {
  const stop = Math.min(end, bytes.length);
  for (let at = Math.max(start, 0); at + OPTION_UNIT <= stop; ) {
    const length = bytes[at + 1]! * OPTION_UNIT;
    if (length === 0 || at + length > stop) return -1;
    if (bytes[at] === code) return at;
    at += length;
  }
  return -1;
}
