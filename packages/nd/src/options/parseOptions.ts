import { clearBeyondPrefix, IPV6_ADDRESS_BYTES, readUint32 } from '@6bed4/codec';
import { copyBytes } from '../packet/copy.js';
import { type ParseResult, refuse } from '../packet/result.js';
import type { NdOption } from './option.js';
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
import { PREFERENCE_BITS, preferenceFromFlags, RESERVED_PREFERENCE } from './routerPreference.js';

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
    const length = at + 1 < end ? bytes[at + 1]! * OPTION_UNIT : 0;
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
  const body = (): Uint8Array => copyBytes(bytes, at + OPTION_HEADER, at + length);
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
      // "If the Reserved (10) value is received, the Route Information Option MUST be ignored."
      if ((bytes[at + 3]! & PREFERENCE_BITS) === RESERVED_PREFERENCE) break;
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
      if (length === 8 || length % IPV6_ADDRESS_BYTES !== 8) break;
      const servers: Uint8Array[] = [];
      for (let server = at + 8; server < at + length; server += IPV6_ADDRESS_BYTES) {
        servers.push(copyBytes(bytes, server, server + IPV6_ADDRESS_BYTES));
      }
      return { type: 'rdnss', lifetime: readUint32(bytes, at + 4), servers };
    }
  }
  return { type: 'unknown', code, body: body() };
}
