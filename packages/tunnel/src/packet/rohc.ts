/*
 * RFC 5795 §5.2, as draft-03 §9 uses it: large context identifiers, of which 1 to 15 may take the
 * short form too.
 *
 *   IR:        [ padding e0 ]... [ 1110 CID, short form ] 1111110x [ CID, long form ] profile ...
 *   feedback:  11110 size | CID, long form | acktype(2) mode(2) SN(4) | SN(8) | options
 */
const PADDING = 0xe0;
const SHORT_CID = 0xe0;
const IR = 0xfc;
const IR_MASK = 0xfe;
const LONG_CID_FLAG = 0x80;
const LONG_CID_MASK = 0xc0;
const FEEDBACK = 0xf0;
/** STATIC-NACK from unidirectional mode. */
const STATIC_NACK = 0x90;
/** "The sequence number above means nothing", since no context was made (RFC 3095 §5.7.6.4). */
const SN_NOT_VALID = 0x30;

/**
 * The answer to an IR packet: a STATIC-NACK for its context, which says that we understand none of
 * its profile (draft-03 §10.2; RFC 3095 §5.7.6.1). We support no profile at all.
 *
 * @returns five or six bytes, or null for anything but an IR packet
 */
export function buildStaticNack(
  bytes: Uint8Array,
  offset: number,
  length: number,
): Uint8Array | null {
  const end = offset + length;
  let at = offset;
  while (at < end && bytes[at] === PADDING) at++;
  let cid: number[] | null = null;
  if (at < end && (bytes[at]! & 0xf0) === SHORT_CID) {
    cid = [bytes[at]! & 0x0f];
    at++;
  }
  if (at >= end || (bytes[at]! & IR_MASK) !== IR) return null;
  at++;
  if (cid === null) {
    if (at >= end) return null;
    const first = bytes[at]!;
    const size = (first & LONG_CID_FLAG) === 0 ? 1 : 2;
    if (size === 2 && (first & LONG_CID_MASK) !== LONG_CID_FLAG) return null;
    if (at + size > end) return null;
    cid = [...bytes.subarray(at, at + size)];
    at += size;
  }
  // Without a profile it is no IR packet.
  if (at >= end) return null;
  const data = [...cid, STATIC_NACK, 0, SN_NOT_VALID];
  return Uint8Array.of(FEEDBACK | data.length, ...data);
}
