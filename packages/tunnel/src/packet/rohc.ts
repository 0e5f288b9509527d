/*
 * RFC 5795 §5.2, as draft-03 §9 uses it: large context identifiers, of which 1 to 15 may take the
 * short form too.
 *
 *   IR:        [ padding e0 ]... [ 1110 CID, short form ] 1111110x [ CID, long form ] profile ...
 *   feedback:  11110 size | CID, long form | acktype(2) mode(2) SN(4) | SN(8) | options
 *
 * In RoHCv2 (RFC 5225 §6.9.1) and RoHC-TCP (RFC 6846 §8.3.1), a CRC over the CID and all that follows comes
 * before the options; feedback without it is ignored. An IR packet shows the low byte of its profile alone;
 * where profiles share it, it is taken for the one that draft-03 §9 advises.
 */
const PADDING = 0xe0;
const SHORT_CID = 0xe0;
const IR_MASK = 0xfe;
const IR = 0xfc;
/** One with a dynamic chain; the only form that the later profiles have. */
const IR_WITH_DYNAMIC_CHAIN = 0xfd;
/** RoHCv2 for RTP, UDP, ESP and IP (0x0101..0x0104), and RoHC-TCP (0x0006), by their low bytes. */
const PROFILES_WITH_CRC: readonly number[] = [1, 2, 3, 4, 6];
/** 1 + x + x^2 + x^8, the lowest coefficient first (RFC 5795 §5.3.1.1). */
const CRC_POLYNOMIAL = 0xe0;
const CRC_START = 0xff;
const LONG_CID_FLAG = 0x80;
const LONG_CID_MASK = 0xc0;
const FEEDBACK = 0xf0;
/** STATIC-NACK from unidirectional mode. */
const STATIC_NACK = 0x90;
/** "The sequence number above means nothing", since no context was made (RFC 3095 §5.7.6.4). */
const SN_NOT_VALID = 0x30;

/**
 * The answer to an IR packet: a STATIC-NACK for its context, which says that we understand none of
 * its profile (draft-03 §10.2; RFC 3095 §5.7.6.1, RFC 5225 §6.9.1, RFC 6846 §8.3.1). We support no profile at all.
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
  const kind = bytes[at];
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
  const hasCrc = kind === IR_WITH_DYNAMIC_CHAIN && PROFILES_WITH_CRC.includes(bytes[at]!);
  const data = [...cid, STATIC_NACK, 0];
  data.push(hasCrc ? crc8([...data, 0]) : SN_NOT_VALID);
  return Uint8Array.of(FEEDBACK | data.length, ...data);
}

function crc8(data: readonly number[]): number {
  let crc = CRC_START;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ CRC_POLYNOMIAL;
    }
  }
  return crc;
}
