import { InvalidArgumentError } from '@6bed4/codec';

/** What is wrong with a packet that was refused. */
export type ParseErrorCode =
  /** Fewer bytes than the message needs. */
  | 'too-short'
  /** A length field of the message disagrees with the bytes. */
  | 'bad-length'
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
  /** What is wrong with it. */
  readonly code: ParseErrorCode;
  /** Where in the packet, in bytes from its start. */
  readonly offset: number;
  /** The rule that it breaks, as `RFC 4861 §7.1.1`. */
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

/** @internal Checks that a message of `length` bytes fits into `out` from `offset` on. */
export function checkRoom(out: Uint8Array, offset: number, length: number): void {
  if (offset < 0 || offset + length > out.length) {
    throw new InvalidArgumentError(
      'out',
      `${out.length - offset} bytes of room`,
      `${length} bytes`,
    );
  }
}

/** @internal Checks that a field has as many bytes as it must. */
export function checkBytes(field: string, bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) {
    throw new InvalidArgumentError(field, `${bytes.length} bytes`, `${length} bytes`);
  }
  return bytes;
}
