import { readUint32, writeUint32 } from './bigEndian.js';
import { checkBytes, checkRange, NdBuildError, type ParseResult, refuse } from './result.js';

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

/** Option types (IANA, IPv6 Neighbor Discovery Option Formats). */
export const OPTION_SOURCE_LINK_LAYER = 1;
export const OPTION_TARGET_LINK_LAYER = 2;
export const OPTION_PREFIX_INFORMATION = 3;
export const OPTION_REDIRECTED_HEADER = 4;
export const OPTION_MTU = 5;
export const OPTION_TIMESTAMP = 13;
export const OPTION_NONCE = 14;
export const OPTION_ROUTE_INFORMATION = 24;
export const OPTION_RDNSS = 25;

/** Router preference (RFC 4191 §2.1); the reserved value counts as medium. */
export type RouterPreference = 'low' | 'medium' | 'high';

/** An option of a Neighbor Discovery message. */
export type NdOption =
  /** RFC 4861 §4.6.1; the address with its padding, 6 bytes or 8 n − 2. */
  | { readonly type: 'source-link-layer'; readonly address: Uint8Array }
  /** RFC 4861 §4.6.1. */
  | { readonly type: 'target-link-layer'; readonly address: Uint8Array }
  /** RFC 4861 §4.6.2; lifetimes in seconds, 0xffffffff for ever. */
  | {
      readonly type: 'prefix-information';
      readonly prefixLength: number;
      readonly onLink: boolean;
      readonly autonomous: boolean;
      readonly validLifetime: number;
      readonly preferredLifetime: number;
      readonly prefix: Uint8Array;
    }
  /** RFC 4861 §4.6.3; as much of the packet as there was room for, padded to 8 bytes. */
  | { readonly type: 'redirected-header'; readonly packet: Uint8Array }
  /** RFC 4861 §4.6.4; bytes. */
  | { readonly type: 'mtu'; readonly mtu: number }
  /** RFC 3971 §5.3.1; 48 bits of seconds since 1970, 16 bits of fraction. */
  | { readonly type: 'timestamp'; readonly timestamp: bigint }
  /** RFC 3971 §5.3.2; at least 6 bytes, 8 n − 2. */
  | { readonly type: 'nonce'; readonly nonce: Uint8Array }
  /** RFC 4191 §2.3; lifetime in seconds; prefix 16 bytes, zero where the option had fewer. */
  | {
      readonly type: 'route-information';
      readonly prefixLength: number;
      readonly preference: RouterPreference;
      readonly lifetime: number;
      readonly prefix: Uint8Array;
    }
  /** RFC 8106 §5.1; lifetime in seconds; addresses of 16 bytes. */
  | {
      readonly type: 'rdnss';
      readonly lifetime: number;
      readonly servers: readonly Uint8Array[];
    }
  /** Any other, and any of the above with a length that is not its own; kept as it is. */
  | { readonly type: 'unknown'; readonly code: number; readonly body: Uint8Array };

const UNIT = 8;
const HEADER = 2;
const ADDRESS_BYTES = 16;
const HIGHEST_UINT8 = 0xff;
const HIGHEST_UINT32 = 0xffff_ffff;
const HIGHEST_PREFIX_LENGTH = 128;
const ON_LINK = 0x80;
const AUTONOMOUS = 0x40;

/** The two preference bits, at 0x18 of their byte (RFC 4191 §2.1). */
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

/** The inverse of {@link preferenceFromFlags}. */
export function preferenceToFlags(preference: RouterPreference): number {
  if (preference === 'high') return 0x08;
  return preference === 'low' ? 0x18 : 0;
}

/** The first option of a type, or undefined. */
export function findOption<T extends NdOption['type']>(
  options: readonly NdOption[],
  type: T,
): Extract<NdOption, { type: T }> | undefined {
  return options.find((option): option is Extract<NdOption, { type: T }> => option.type === type);
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
  const body = (): Uint8Array => bytes.slice(at + HEADER, at + length);
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
        prefix: bytes.slice(at + 16, at + 32),
      };
    case OPTION_REDIRECTED_HEADER:
      return { type: 'redirected-header', packet: bytes.slice(at + 8, at + length) };
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
      const prefix = new Uint8Array(ADDRESS_BYTES);
      prefix.set(bytes.subarray(at + 8, at + length));
      return {
        type: 'route-information',
        prefixLength,
        preference: preferenceFromFlags(bytes[at + 3]!),
        lifetime: readUint32(bytes, at + 4),
        prefix,
      };
    }
    case OPTION_RDNSS: {
      if (length < 24 || (length - 8) % ADDRESS_BYTES !== 0) break;
      const servers: Uint8Array[] = [];
      for (let server = at + 8; server < at + length; server += ADDRESS_BYTES) {
        servers.push(bytes.slice(server, server + ADDRESS_BYTES));
      }
      return { type: 'rdnss', lifetime: readUint32(bytes, at + 4), servers };
    }
  }
  return { type: 'unknown', code, body: body() };
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
    case 'redirected-header':
      return UNIT + Math.floor(option.packet.length / UNIT) * UNIT;
    case 'mtu':
      return 8;
    case 'timestamp':
      return 16;
    case 'route-information':
      return routeInformationLength(option.prefixLength);
    case 'rdnss':
      return 8 + option.servers.length * ADDRESS_BYTES;
  }
}

function padded(field: string, body: Uint8Array): number {
  const length = HEADER + body.length;
  if (body.length === 0 || length % UNIT !== 0 || length > HIGHEST_UINT8 * UNIT) {
    throw new NdBuildError(field, `${body.length} bytes`, '6, 14, 22, … bytes');
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
      head(checkRange('code', option.code, HIGHEST_UINT8));
      out.set(option.body, at + HEADER);
      break;
    case 'prefix-information':
      head(OPTION_PREFIX_INFORMATION);
      out[at + 2] = checkRange('prefixLength', option.prefixLength, HIGHEST_PREFIX_LENGTH);
      out[at + 3] = (option.onLink ? ON_LINK : 0) | (option.autonomous ? AUTONOMOUS : 0);
      writeLifetime(out, at + 4, 'validLifetime', option.validLifetime);
      writeLifetime(out, at + 8, 'preferredLifetime', option.preferredLifetime);
      out.set(checkBytes('prefix', option.prefix, ADDRESS_BYTES), at + 16);
      break;
    case 'redirected-header':
      head(OPTION_REDIRECTED_HEADER);
      out.set(option.packet.subarray(0, length - UNIT), at + UNIT);
      break;
    case 'mtu':
      head(OPTION_MTU);
      writeLifetime(out, at + 4, 'mtu', option.mtu);
      break;
    case 'timestamp':
      head(OPTION_TIMESTAMP);
      writeUint32(out, at + 8, Number((option.timestamp >> 32n) & 0xffff_ffffn));
      writeUint32(out, at + 12, Number(option.timestamp & 0xffff_ffffn));
      break;
    case 'route-information':
      head(OPTION_ROUTE_INFORMATION);
      out[at + 2] = checkRange('prefixLength', option.prefixLength, HIGHEST_PREFIX_LENGTH);
      out[at + 3] = preferenceToFlags(option.preference);
      writeLifetime(out, at + 4, 'lifetime', option.lifetime);
      checkBytes('prefix', option.prefix, ADDRESS_BYTES);
      out.set(option.prefix.subarray(0, length - 8), at + 8);
      break;
    case 'rdnss':
      head(OPTION_RDNSS);
      if (option.servers.length === 0) throw new NdBuildError('servers', '0', '1 or more');
      writeLifetime(out, at + 4, 'lifetime', option.lifetime);
      for (const [index, server] of option.servers.entries()) {
        out.set(checkBytes('servers', server, ADDRESS_BYTES), at + 8 + index * ADDRESS_BYTES);
      }
      break;
  }
}

function writeLifetime(out: Uint8Array, offset: number, field: string, value: number): void {
  writeUint32(out, offset, checkRange(field, value, HIGHEST_UINT32));
}
