import { parseIPv6 } from '@6bed4/codec';
import {
  buildEcho,
  buildNd,
  buildUdp,
  type NdOption,
  ROUTER_ADVERTISEMENT_DEFAULTS,
  type RouterAdvertisement,
} from '@6bed4/nd';

/** An echo request between two addresses in text form. */
export function ping(
  source: string,
  destination: string,
  options: { hopLimit?: number; size?: number; sequence?: number } = {},
): Uint8Array {
  return buildEcho({
    type: 'echo-request',
    source: parseIPv6(source),
    destination: parseIPv6(destination),
    hopLimit: options.hopLimit ?? 64,
    identifier: 7,
    sequence: options.sequence ?? 1,
    data: new Uint8Array(options.size ?? 8).fill(0x61),
  });
}

/** A UDP packet between two addresses in text form. */
export function udp(source: string, destination: string, payload: Uint8Array): Uint8Array {
  return buildUdp({
    source: parseIPv6(source),
    destination: parseIPv6(destination),
    sourcePort: 5060,
    destinationPort: 5060,
    payload,
    hopLimit: 64,
  });
}

/** The prefix that an advertisement offers: 16 bytes, /114, for ever, or with other properties. */
export function prefixOption(
  prefix: Uint8Array,
  overrides: Partial<Extract<NdOption, { type: 'prefix-information' }>> = {},
): NdOption {
  return {
    type: 'prefix-information',
    prefixLength: 114,
    onLink: true,
    autonomous: true,
    validLifetime: 0xffff_ffff,
    preferredLifetime: 0xffff_ffff,
    prefix,
    ...overrides,
  };
}

/** A Router Advertisement as routers send it, but for what is overridden. */
export function advertisement(overrides: Partial<RouterAdvertisement>): Uint8Array {
  return buildNd({
    ...ROUTER_ADVERTISEMENT_DEFAULTS,
    source: parseIPv6('fe80::'),
    destination: parseIPv6('ff02::1'),
    preference: 'low',
    routerLifetime: 0xffff,
    options: [],
    ...overrides,
  });
}
