/*
 * RFC 4861 §4.6:
 *
 *    0                   1                   2                   3
 *   +---------------+---------------+-------------------------------+
 *   |     Type      |    Length     |              ...              |
 *   +---------------+---------------+-------------------------------+
 *
 * The length counts units of 8 bytes, type and length included.
 */

/** Option type of a source link-layer address (RFC 4861 §4.6.1). */
export const OPTION_SOURCE_LINK_LAYER = 1;
/** Option type of a target link-layer address (RFC 4861 §4.6.1). */
export const OPTION_TARGET_LINK_LAYER = 2;
/** Option type of prefix information (RFC 4861 §4.6.2). */
export const OPTION_PREFIX_INFORMATION = 3;
/** Option type of a redirected header (RFC 4861 §4.6.3). */
export const OPTION_REDIRECTED_HEADER = 4;
/** Option type of an MTU (RFC 4861 §4.6.4). */
export const OPTION_MTU = 5;
/** Option type of a timestamp (RFC 3971 §5.3.1). */
export const OPTION_TIMESTAMP = 13;
/** Option type of a nonce (RFC 3971 §5.3.2). */
export const OPTION_NONCE = 14;
/** Option type of route information (RFC 4191 §2.3). */
export const OPTION_ROUTE_INFORMATION = 24;
/** Option type of recursive DNS servers (RFC 8106 §5.1). */
export const OPTION_RDNSS = 25;

/** @internal Unit of the length field, in bytes. */
export const OPTION_UNIT = 8;
/** @internal Bytes of the type and length fields. */
export const OPTION_HEADER = 2;
/** @internal Flag L of prefix information (RFC 4861 §4.6.2). */
export const ON_LINK = 0x80;
/** @internal Flag A of prefix information (RFC 4861 §4.6.2). */
export const AUTONOMOUS = 0x40;
/** @internal Bits of an IPv6 address. */
export const HIGHEST_PREFIX_LENGTH = 128;
