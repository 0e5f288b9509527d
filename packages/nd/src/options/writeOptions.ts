import {
  checkInteger,
  clearBeyondPrefix,
  InvalidArgumentError,
  IPV6_ADDRESS_BYTES,
  writeUint32,
} from '@6bed4/codec';
import { copyBytes } from '../packet/copy.js';
import { checkBytes } from '../packet/result.js';
import type { NdOption, RouteInformationOption } from './option.js';
import {
  AUTONOMOUS,
  HIGHEST_PREFIX_LENGTH,
  ON_LINK,
  OPTION_HEADER,
  OPTION_MTU,
  OPTION_NONCE,
  OPTION_PREFIX_INFORMATION,
  OPTION_RDNSS,
  OPTION_REDIRECTED_HEADER,
  OPTION_ROUTE_INFORMATION,
  OPTION_SOURCE_LINK_LAYER,
  OPTION_TARGET_LINK_LAYER,
  OPTION_TIMESTAMP,
  OPTION_UNIT,
} from './optionCodes.js';
import { preferenceToFlags } from './routerPreference.js';

const LONGEST_OPTION = 255 * OPTION_UNIT;
const HIGHEST_UINT8 = 0xff;
const HIGHEST_UINT32 = 0xffff_ffff;
const HIGHEST_TIMESTAMP = 0xffff_ffff_ffff_ffffn;

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
      const length = OPTION_UNIT + Math.floor(option.packet.length / OPTION_UNIT) * OPTION_UNIT;
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
      const length = OPTION_UNIT + option.servers.length * IPV6_ADDRESS_BYTES;
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
  const length = OPTION_HEADER + body.length;
  if (body.length === 0 || length % OPTION_UNIT !== 0 || length > LONGEST_OPTION) {
    throw new InvalidArgumentError(field, `${body.length} bytes`, '6, 14, 22, … bytes');
  }
  return length;
}

/** The shortest of the three lengths that RFC 4191 §2.3 allows for this prefix. */
function routeInformationLength(prefixLength: number): number {
  if (prefixLength === 0) return 8;
  return prefixLength <= 64 ? 16 : 24;
}

/**
 * @internal The options, redirected headers cut so that all together take at most `limit` bytes, if
 * the others leave room.
 */
export function fitRedirectedHeaders(options: readonly NdOption[], limit: number): NdOption[] {
  const others = options.filter((option) => option.type !== 'redirected-header');
  let room = limit - optionsLength(others) - (options.length - others.length) * OPTION_UNIT;
  return options.map((option) => {
    if (option.type !== 'redirected-header') return option;
    // Stryker disable next-line IntegerLiteral: a room of 1 holds no unit either
    const length = Math.min(option.packet.length, Math.max(0, room)) & -OPTION_UNIT;
    room -= length;
    return { type: 'redirected-header', packet: option.packet.subarray(0, length) };
  });
}

const CODES: Readonly<Record<Exclude<NdOption['type'], 'unknown'>, number>> = {
  'source-link-layer': OPTION_SOURCE_LINK_LAYER,
  'target-link-layer': OPTION_TARGET_LINK_LAYER,
  'prefix-information': OPTION_PREFIX_INFORMATION,
  'redirected-header': OPTION_REDIRECTED_HEADER,
  mtu: OPTION_MTU,
  timestamp: OPTION_TIMESTAMP,
  nonce: OPTION_NONCE,
  'route-information': OPTION_ROUTE_INFORMATION,
  rdnss: OPTION_RDNSS,
};

function codeOf(option: NdOption): number {
  return option.type === 'unknown'
    ? checkInteger('code', option.code, 0, HIGHEST_UINT8)
    : CODES[option.type];
}

/** @internal Writes the options at `offset`, which must have {@link optionsLength} bytes. */
export function writeOptions(out: Uint8Array, offset: number, options: readonly NdOption[]): void {
  let at = offset;
  for (const option of options) {
    const length = optionLength(option);
    out.fill(0, at, at + length);
    out[at] = codeOf(option);
    out[at + 1] = length / OPTION_UNIT;
    writeBody(out, at, length, option);
    at += length;
  }
}

/** Writes what follows the type and length of an option that starts at `at`. */
function writeBody(out: Uint8Array, at: number, length: number, option: NdOption): void {
  switch (option.type) {
    case 'source-link-layer':
    case 'target-link-layer':
      out.set(option.address, at + OPTION_HEADER);
      break;
    case 'nonce':
      out.set(option.nonce, at + OPTION_HEADER);
      break;
    case 'unknown':
      out.set(option.body, at + OPTION_HEADER);
      break;
    case 'prefix-information':
      out[at + 2] = checkInteger('prefixLength', option.prefixLength, 0, HIGHEST_PREFIX_LENGTH);
      out[at + 3] = (option.onLink ? ON_LINK : 0) | (option.autonomous ? AUTONOMOUS : 0);
      writeUint32Field(out, at + 4, 'validLifetime', option.validLifetime);
      writeUint32Field(out, at + 8, 'preferredLifetime', option.preferredLifetime);
      out.set(checkBytes('prefix', option.prefix, IPV6_ADDRESS_BYTES), at + 16);
      clearBeyondPrefix(out, at + 16, option.prefixLength);
      break;
    case 'redirected-header':
      out.set(option.packet.subarray(0, length - OPTION_UNIT), at + OPTION_UNIT);
      break;
    case 'mtu':
      writeUint32Field(out, at + 4, 'mtu', option.mtu);
      break;
    case 'timestamp':
      if (option.timestamp < 0n || option.timestamp > HIGHEST_TIMESTAMP) {
        throw new InvalidArgumentError('timestamp', String(option.timestamp), '64 bits');
      }
      writeUint32(out, at + 8, Number((option.timestamp >> 32n) & 0xffff_ffffn));
      writeUint32(out, at + 12, Number(option.timestamp & 0xffff_ffffn));
      break;
    case 'route-information':
      out[at + 2] = checkInteger('prefixLength', option.prefixLength, 0, HIGHEST_PREFIX_LENGTH);
      out[at + 3] = preferenceToFlags(option.preference);
      writeUint32Field(out, at + 4, 'lifetime', option.lifetime);
      out.set(routePrefix(option).subarray(0, length - OPTION_UNIT), at + OPTION_UNIT);
      break;
    case 'rdnss':
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
