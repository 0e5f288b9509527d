import { isIPv6 } from 'node:net';
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from '@6bed4/codec';

/*
 * SOCKS version 5 on the wire: RFC 1928, and RFC 1929 for user names and passwords.
 *
 * The servers for it in the registry either have no UDP ASSOCIATE or are no longer maintained, and none
 * takes its connections from somebody else's network; the messages are few and short.
 */

export const SOCKS_VERSION = 5;
/** The version of the negotiation of RFC 1929. */
export const LOGIN_VERSION = 1;

/** Methods of authentication (RFC 1928 §3). */
export const Method = { none: 0x00, password: 0x02, noneAcceptable: 0xff } as const;

/** Commands (RFC 1928 §4). */
export const Command = { connect: 1, bind: 2, udpAssociate: 3 } as const;

/** Replies (RFC 1928 §6). */
export const Reply = {
  succeeded: 0,
  generalFailure: 1,
  notAllowed: 2,
  networkUnreachable: 3,
  hostUnreachable: 4,
  connectionRefused: 5,
  ttlExpired: 6,
  commandNotSupported: 7,
  addressTypeNotSupported: 8,
} as const;

export type ReplyCode = (typeof Reply)[keyof typeof Reply];

/** Types of addresses (RFC 1928 §5). */
const AddressType = { ipv4: 1, name: 3, ipv6: 4 } as const;

const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
const PORT_BYTES = 2;

/** An address and port in a message, and where the message goes on. */
export interface SocksAddress {
  /** An IPv4 or IPv6 address, or a name. */
  readonly host: string;
  readonly port: number;
  readonly end: number;
}

/** What is the matter with an address: it has bytes to come, or is of a type that does not exist. */
export type AddressFault = 'short' | 'type';

/**
 * Reads an address from its type on (RFC 1928 §5).
 *
 * ```text
 * +------+----------+----------+
 * | ATYP | DST.ADDR | DST.PORT |
 * +------+----------+----------+
 * |  1   | variable |    2     |
 * +------+----------+----------+
 * ```
 */
export function readAddress(bytes: Buffer, offset: number): SocksAddress | AddressFault {
  if (offset >= bytes.length) return 'short';
  const type = bytes[offset]!;
  const isName = type === AddressType.name;
  if (!isName && type !== AddressType.ipv4 && type !== AddressType.ipv6) return 'type';
  if (isName && offset + 1 >= bytes.length) return 'short';
  const start = offset + (isName ? 2 : 1);
  const length = isName ? bytes[offset + 1]! : type === AddressType.ipv4 ? IPV4_BYTES : IPV6_BYTES;
  const end = start + length + PORT_BYTES;
  if (end > bytes.length) return 'short';
  const address = bytes.subarray(start, start + length);
  return { host: hostOf(type, address), port: bytes.readUInt16BE(start + length), end };
}

function hostOf(type: number, address: Buffer): string {
  switch (type) {
    case AddressType.ipv4:
      return formatIPv4(address.readUInt32BE());
    case AddressType.ipv6:
      return formatIPv6(address);
    default:
      return address.toString('latin1');
  }
}

/** How sockets for both families write IPv4 addresses. */
const MAPPED = /^::ffff:(?=\d+\.)/i;

/** Writes an IPv4 or IPv6 address and a port, from the type on. */
export function addressBytes(text: string, port: number): Buffer {
  const address = text.replace(MAPPED, '');
  const bytes = isIPv6(address) ? IPV6_BYTES : IPV4_BYTES;
  const message = Buffer.alloc(1 + bytes + PORT_BYTES);
  message[0] = bytes === IPV6_BYTES ? AddressType.ipv6 : AddressType.ipv4;
  if (bytes === IPV6_BYTES) message.set(parseIPv6(address), 1);
  else message.writeUInt32BE(parseIPv4(address), 1);
  message.writeUInt16BE(port, 1 + bytes);
  return message;
}

/** A reply (RFC 1928 §6) with the address and port that the server uses for the request. */
export function replyBytes(code: ReplyCode, address = '0.0.0.0', port = 0): Buffer {
  return Buffer.concat([Buffer.of(SOCKS_VERSION, code, 0), addressBytes(address, port)]);
}

/** A datagram between a client and the proxy. */
export interface SocksDatagram {
  readonly host: string;
  readonly port: number;
  readonly data: Buffer;
}

/**
 * Reads the header of a datagram (RFC 1928 §7); null for one that is not whole, or is a fragment: "an
 * implementation that does not support fragmentation MUST drop any datagram whose FRAG field is other than X'00'".
 *
 * ```text
 * +-----+------+------+----------+----------+----------+
 * | RSV | FRAG | ATYP | DST.ADDR | DST.PORT |   DATA   |
 * +-----+------+------+----------+----------+----------+
 * |  2  |  1   |  1   | variable |    2     | variable |
 * +-----+------+------+----------+----------+----------+
 * ```
 */
export function readDatagram(bytes: Buffer): SocksDatagram | 'fragment' | 'malformed' {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0) return 'malformed';
  if (bytes[2] !== 0) return 'fragment';
  const address = readAddress(bytes, 3);
  if (typeof address === 'string') return 'malformed';
  return { host: address.host, port: address.port, data: bytes.subarray(address.end) };
}

const DATAGRAM_START = Buffer.alloc(3);

/** Puts the header before a datagram for the client. */
export function datagramBytes(address: string, port: number, data: Buffer): Buffer {
  return Buffer.concat([DATAGRAM_START, addressBytes(address, port), data]);
}
