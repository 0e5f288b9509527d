import {
  checkInteger,
  clearBeyondPrefix,
  InvalidArgumentError,
  IPV6_ADDRESS_BYTES,
  readUint32,
  writeUint32,
} from '@6bed4/codec';
import { copyBytes } from '../packet/copy.js';
import { checkBytes, type ParseResult, refuse } from '../packet/result.js';

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

/** Router preference (RFC 4191 §2.1); the reserved value counts as medium. */
export type RouterPreference = 'low' | 'medium' | 'high';

/**
 * The link-layer address of the sender or of the target (RFC 4861 §4.6.1). 6bed4 puts an endpoint there.
 */
export interface LinkLayerOption {
  /** Whose address it is. */
  readonly type: 'source-link-layer' | 'target-link-layer';
  /** With its padding: 6, 14, 22, … bytes. */
  readonly address: Uint8Array;
}

/** A prefix to make addresses from, or that is on this link (RFC 4861 §4.6.2). */
export interface PrefixInformationOption {
  /** Option type 3. */
  readonly type: 'prefix-information';
  /** Bits, 0..128. */
  readonly prefixLength: number;
  /** L: addresses in the prefix are on this link. */
  readonly onLink: boolean;
  /** A: hosts may make addresses from the prefix. */
  readonly autonomous: boolean;
  /** Seconds, 0..0xffffffff; 0xffffffff for ever. */
  readonly validLifetime: number;
  /** Seconds, 0..0xffffffff; 0xffffffff for ever. */
  readonly preferredLifetime: number;
  /** 16 bytes; bits beyond the length are neither sent nor believed, and read as zero. */
  readonly prefix: Uint8Array;
}

/** What was redirected (RFC 4861 §4.6.3). */
export interface RedirectedHeaderOption {
  /** Option type 4. */
  readonly type: 'redirected-header';
  /** The packet from its IPv6 header on; when built, cut to a multiple of 8 bytes that fits. */
  readonly packet: Uint8Array;
}

/** The MTU of the link (RFC 4861 §4.6.4). */
export interface MtuOption {
  /** Option type 5. */
  readonly type: 'mtu';
  /** Bytes, 0..0xffffffff. */
  readonly mtu: number;
}

/** When the message was sent (RFC 3971 §5.3.1). */
export interface TimestampOption {
  /** Option type 13. */
  readonly type: 'timestamp';
  /** 48 bits of seconds since 1970, then 16 bits of their fraction. */
  readonly timestamp: bigint;
}

/** What ties an answer to its question (RFC 3971 §5.3.2). */
export interface NonceOption {
  /** Option type 14. */
  readonly type: 'nonce';
  /** 6, 14, 22, … bytes. */
  readonly nonce: Uint8Array;
}

/** A more specific route (RFC 4191 §2.3). */
export interface RouteInformationOption {
  /** Option type 24. */
  readonly type: 'route-information';
  /** Bits, 0..128. */
  readonly prefixLength: number;
  /** Against other routers that offer this route. */
  readonly preference: RouterPreference;
  /** Seconds, 0..0xffffffff; 0xffffffff for ever. */
  readonly lifetime: number;
  /** 16 bytes; bits beyond the length are neither sent nor believed, and read as zero. */
  readonly prefix: Uint8Array;
}

/** Recursive DNS servers (RFC 8106 §5.1). */
export interface RdnssOption {
  /** Option type 25. */
  readonly type: 'rdnss';
  /** Seconds, 0..0xffffffff; 0xffffffff for ever. */
  readonly lifetime: number;
  /** 1..127 addresses of 16 bytes. */
  readonly servers: readonly Uint8Array[];
}

/** Any other option, and any of the above with a length that is not its own; kept as it is. */
export interface UnknownOption {
  /** Not an option type that this package reads. */
  readonly type: 'unknown';
  /** Option type, 0..255. */
  readonly code: number;
  /** Without the type and length bytes: 6, 14, 22, … bytes. */
  readonly body: Uint8Array;
}

/** An option of a Neighbor Discovery message (RFC 4861 §4.6). */
export type NdOption =
  | (LinkLayerOption & { readonly type: 'source-link-layer' })
  | (LinkLayerOption & { readonly type: 'target-link-layer' })
  | PrefixInformationOption
  | RedirectedHeaderOption
  | MtuOption
  | TimestampOption
  | NonceOption
  | RouteInformationOption
  | RdnssOption
  | UnknownOption;

const UNIT = 8;
const HEADER = 2;
const LONGEST_OPTION = 255 * UNIT;
const HIGHEST_UINT8 = 0xff;
const HIGHEST_UINT32 = 0xffff_ffff;
const HIGHEST_PREFIX_LENGTH = 128;
const HIGHEST_TIMESTAMP = 0xffff_ffff_ffff_ffffn;
const ON_LINK = 0x80;
const AUTONOMOUS = 0x40;

/** @internal The two preference bits, at 0x18 of their byte (RFC 4191 §2.1). */
export function preferenceFromFlags(flags: number): RouterPreference {
  switch (flags & 0x18) {
    case 0x08:
      return 'high';
    case 0x18:
      return 'low';
    default:
      return 'medium';
  }
}

/** @internal The inverse of {@link preferenceFromFlags}. */
export function preferenceToFlags(preference: RouterPreference): number {
  if (preference === 'high') return 0x08;
  return preference === 'low' ? 0x18 : 0;
}

/** The first option of a type, or undefined when there is none. */
export function findOption<T extends NdOption['type']>(
  options: readonly NdOption[],
  type: T,
): Extract<NdOption, { type: T }> | undefined {
  return options.find((option): option is Extract<NdOption, { type: T }> => option.type === type);
}

/**
 * Where the first option of a type is, without allocation.
 *
 * @param start - where the options start, as the message's view tells
 * @param end - where the packet ends
 * @param code - option type, 0..255
 * @returns offset of its type byte in `bytes`, or -1 when there is none before the end or before a
 * malformed option. The length byte behind it tells the option's length in units of 8 bytes, all of
 * which are before `end`.
 */
export function findOptionOffset(
  bytes: Uint8Array,
  start: number,
  end: number,
  code: number,
): number {
  const stop = Math.min(end, bytes.length);
  for (let at = Math.max(start, 0); at + HEADER <= stop; ) {
    const length = bytes[at + 1]! * UNIT;
    if (length === 0 || at + length > stop) return -1;
    if (bytes[at] === code) return at;
    at += length;
  }
  return -1;
}

/**
 * @internal Parses the options between `start` and `end`; positions in errors count from `base`.
 * A length of zero, or beyond the end, spoils the message (RFC 4861 §4.6).
 */
export function parseOptions(
  bytes: Uint8Array,
  start: number,
  end: number,
  base: number,
): ParseResult<NdOption[]> {
  const options: NdOption[] = [];
  let at = start;
  while (at < end) {
    const length = at + 1 < end ? bytes[at + 1]! * UNIT : 0;
    if (length === 0 || at + length > end) {
      return refuse('bad-option-length', at - base, 'RFC 4861 §4.6');
    }
    options.push(parseOption(bytes, at, length));
    at += length;
  }
  return { ok: true, value: options };
}

function parseOption(bytes: Uint8Array, at: number, length: number): NdOption {
  const code = bytes[at]!;
  const body = (): Uint8Array => copyBytes(bytes, at + HEADER, at + length);
  switch (code) {
    case OPTION_SOURCE_LINK_LAYER:
      return { type: 'source-link-layer', address: body() };
    case OPTION_TARGET_LINK_LAYER:
      return { type: 'target-link-layer', address: body() };
    case OPTION_PREFIX_INFORMATION:
      if (length !== 32 || bytes[at + 2]! > HIGHEST_PREFIX_LENGTH) break;
      return {
        type: 'prefix-information',
        prefixLength: bytes[at + 2]!,
        onLink: (bytes[at + 3]! & ON_LINK) !== 0,
        autonomous: (bytes[at + 3]! & AUTONOMOUS) !== 0,
        validLifetime: readUint32(bytes, at + 4),
        preferredLifetime: readUint32(bytes, at + 8),
        prefix: clearBeyondPrefix(copyBytes(bytes, at + 16, at + 32), 0, bytes[at + 2]!),
      };
    case OPTION_REDIRECTED_HEADER:
      return { type: 'redirected-header', packet: copyBytes(bytes, at + 8, at + length) };
    case OPTION_MTU:
      if (length !== 8) break;
      return { type: 'mtu', mtu: readUint32(bytes, at + 4) };
    case OPTION_TIMESTAMP:
      if (length !== 16) break;
      return {
        type: 'timestamp',
        timestamp: (BigInt(readUint32(bytes, at + 8)) << 32n) | BigInt(readUint32(bytes, at + 12)),
      };
    case OPTION_NONCE:
      return { type: 'nonce', nonce: body() };
    case OPTION_ROUTE_INFORMATION: {
      const prefixLength = bytes[at + 2]!;
      if (length > 24 || prefixLength > (length - 8) * 8) break;
      const prefix = new Uint8Array(IPV6_ADDRESS_BYTES);
      prefix.set(bytes.subarray(at + 8, at + length));
      clearBeyondPrefix(prefix, 0, prefixLength);
      return {
        type: 'route-information',
        prefixLength,
        preference: preferenceFromFlags(bytes[at + 3]!),
        lifetime: readUint32(bytes, at + 4),
        prefix,
      };
    }
    case OPTION_RDNSS: {
      if (length < 24 || (length - 8) % IPV6_ADDRESS_BYTES !== 0) break;
      const servers: Uint8Array[] = [];
      for (let server = at + 8; server < at + length; server += IPV6_ADDRESS_BYTES) {
        servers.push(copyBytes(bytes, server, server + IPV6_ADDRESS_BYTES));
      }
      return { type: 'rdnss', lifetime: readUint32(bytes, at + 4), servers };
    }
  }
  return { type: 'unknown', code, body: body() };
}

/**
 * @internal The options, redirected headers cut so that all together take at most `limit` bytes, if
 * the others leave room.
 */
export function fitRedirectedHeaders(options: readonly NdOption[], limit: number): NdOption[] {
  const others = options.filter((option) => option.type !== 'redirected-header');
  let room = limit - optionsLength(others) - (options.length - others.length) * UNIT;
  return options.map((option) => {
    if (option.type !== 'redirected-header') return option;
    const length = Math.min(option.packet.length, Math.max(0, room)) & -UNIT;
    room -= length;
    return { type: 'redirected-header', packet: option.packet.subarray(0, length) };
  });
}

/** @internal Bytes that the options take. */
export function optionsLength(options: readonly NdOption[]): number {
  let length = 0;
  for (const option of options) length += optionLength(option);
  return length;
}

function optionLength(option: NdOption): number {
  switch (option.type) {
    case 'source-link-layer':
    case 'target-link-layer':
      return padded('address', option.address);
    case 'nonce':
      return padded('nonce', option.nonce);
    case 'unknown':
      return padded('body', option.body);
    case 'prefix-information':
      return 32;
    case 'redirected-header': {
      const length = UNIT + Math.floor(option.packet.length / UNIT) * UNIT;
      if (length > LONGEST_OPTION) {
        throw new InvalidArgumentError(
          'packet',
          `${option.packet.length} bytes`,
          'up to 2039 bytes',
        );
      }
      return length;
    }
    case 'mtu':
      return 8;
    case 'timestamp':
      return 16;
    case 'route-information':
      return routeInformationLength(option.prefixLength);
    case 'rdnss': {
      const length = UNIT + option.servers.length * IPV6_ADDRESS_BYTES;
      if (option.servers.length === 0 || length > LONGEST_OPTION) {
        throw new InvalidArgumentError(
          'servers',
          String(option.servers.length),
          '1 to 127 addresses',
        );
      }
      return length;
    }
  }
}

function padded(field: string, body: Uint8Array): number {
  const length = HEADER + body.length;
  if (body.length === 0 || length % UNIT !== 0 || length > LONGEST_OPTION) {
    throw new InvalidArgumentError(field, `${body.length} bytes`, '6, 14, 22, … bytes');
  }
  return length;
}

/** The shortest of the three lengths that RFC 4191 §2.3 allows for this prefix. */
function routeInformationLength(prefixLength: number): number {
  if (prefixLength === 0) return 8;
  return prefixLength <= 64 ? 16 : 24;
}

/** @internal Writes the options at `offset`, which must have {@link optionsLength} bytes. */
export function writeOptions(out: Uint8Array, offset: number, options: readonly NdOption[]): void {
  let at = offset;
  for (const option of options) {
    const length = optionLength(option);
    out.fill(0, at, at + length);
    writeOption(out, at, length, option);
    at += length;
  }
}

function writeOption(out: Uint8Array, at: number, length: number, option: NdOption): void {
  const head = (code: number): void => {
    out[at] = code;
    out[at + 1] = length / UNIT;
  };
  switch (option.type) {
    case 'source-link-layer':
      head(OPTION_SOURCE_LINK_LAYER);
      out.set(option.address, at + HEADER);
      break;
    case 'target-link-layer':
      head(OPTION_TARGET_LINK_LAYER);
      out.set(option.address, at + HEADER);
      break;
    case 'nonce':
      head(OPTION_NONCE);
      out.set(option.nonce, at + HEADER);
      break;
    case 'unknown':
      head(checkInteger('code', option.code, 0, HIGHEST_UINT8));
      out.set(option.body, at + HEADER);
      break;
    case 'prefix-information':
      head(OPTION_PREFIX_INFORMATION);
      out[at + 2] = checkInteger('prefixLength', option.prefixLength, 0, HIGHEST_PREFIX_LENGTH);
      out[at + 3] = (option.onLink ? ON_LINK : 0) | (option.autonomous ? AUTONOMOUS : 0);
      writeUint32Field(out, at + 4, 'validLifetime', option.validLifetime);
      writeUint32Field(out, at + 8, 'preferredLifetime', option.preferredLifetime);
      out.set(checkBytes('prefix', option.prefix, IPV6_ADDRESS_BYTES), at + 16);
      clearBeyondPrefix(out, at + 16, option.prefixLength);
      break;
    case 'redirected-header':
      head(OPTION_REDIRECTED_HEADER);
      out.set(option.packet.subarray(0, length - UNIT), at + UNIT);
      break;
    case 'mtu':
      head(OPTION_MTU);
      writeUint32Field(out, at + 4, 'mtu', option.mtu);
      break;
    case 'timestamp':
      head(OPTION_TIMESTAMP);
      if (option.timestamp < 0n || option.timestamp > HIGHEST_TIMESTAMP) {
        throw new InvalidArgumentError('timestamp', String(option.timestamp), '64 bits');
      }
      writeUint32(out, at + 8, Number((option.timestamp >> 32n) & 0xffff_ffffn));
      writeUint32(out, at + 12, Number(option.timestamp & 0xffff_ffffn));
      break;
    case 'route-information':
      head(OPTION_ROUTE_INFORMATION);
      out[at + 2] = checkInteger('prefixLength', option.prefixLength, 0, HIGHEST_PREFIX_LENGTH);
      out[at + 3] = preferenceToFlags(option.preference);
      writeUint32Field(out, at + 4, 'lifetime', option.lifetime);
      out.set(routePrefix(option).subarray(0, length - UNIT), at + UNIT);
      break;
    case 'rdnss':
      head(OPTION_RDNSS);
      writeUint32Field(out, at + 4, 'lifetime', option.lifetime);
      for (const [index, server] of option.servers.entries()) {
        out.set(
          checkBytes('servers', server, IPV6_ADDRESS_BYTES),
          at + 8 + index * IPV6_ADDRESS_BYTES,
        );
      }
      break;
  }
}

/** The prefix of a route, 16 bytes, zero behind its length. */
function routePrefix({ prefix, prefixLength }: RouteInformationOption): Uint8Array {
  return clearBeyondPrefix(
    copyBytes(checkBytes('prefix', prefix, IPV6_ADDRESS_BYTES)),
    0,
    prefixLength,
  );
}

function writeUint32Field(out: Uint8Array, offset: number, field: string, value: number): void {
  writeUint32(out, offset, checkInteger(field, value, 0, HIGHEST_UINT32));
}
