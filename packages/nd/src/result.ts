/** What is wrong with a packet. */
export type ParseErrorCode =
  /** Fewer bytes than the message needs. */
  | 'too-short'
  /** Not an IPv6 header, or its payload length disagrees with the bytes. */
  | 'bad-ipv6-header'
  /** Another protocol or another type of message. */
  | 'other-message'
  /** The hop limit is not 255. */
  | 'bad-hop-limit'
  /** The checksum is wrong. */
  | 'bad-checksum'
  /** The ICMPv6 code is not one of the message's. */
  | 'bad-code'
  /** An option with length 0 or reaching beyond the message. */
  | 'bad-option-length'
  /** The IPv6 source is not allowed for this message. */
  | 'bad-source'
  /** The IPv6 destination is not allowed for this message. */
  | 'bad-destination'
  /** The target address is not allowed. */
  | 'bad-target'
  /** Flags that contradict the destination. */
  | 'bad-flags'
  /** An option that must not be there. */
  | 'forbidden-option';

/** Why a packet was refused. */
export interface ParseError {
  readonly code: ParseErrorCode;
  /** Where in the packet, in bytes from its start. */
  readonly offset: number;
  /** The rule that it breaks. */
  readonly section: string;
}

/** What a parser gives: it never throws. */
export type ParseResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ParseError };

/** @internal */
export function refuse(
  code: ParseErrorCode,
  offset: number,
  section: string,
): { readonly ok: false; readonly error: ParseError } {
  return { ok: false, error: { code, offset, section } };
}

/** A message that cannot be built as described; thrown to the caller, never for received bytes. */
export class NdBuildError extends RangeError {
  override readonly name = 'NdBuildError';
  /** The field that cannot be expressed. */
  readonly field: string;

  constructor(field: string, found: string, expected: string) {
    super(`${field}: found ${found}, expected ${expected}`);
    this.field = field;
  }
}

/** @internal */
export function checkRange(field: string, value: number, highest: number): number {
  if (!Number.isInteger(value) || value < 0 || value > highest) {
    throw new NdBuildError(field, String(value), `an integer from 0 to ${highest}`);
  }
  return value;
}

/** @internal */
export function checkBytes(field: string, bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) {
    throw new NdBuildError(field, `${bytes.length} bytes`, `${length} bytes`);
  }
  return bytes;
}
