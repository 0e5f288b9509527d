import { encodeAddress, formatIPv6, parseIPv6 } from '@6bed4/codec';
import {
  buildNd,
  type IcmpError,
  type NdMessage,
  type NdOption,
  type NeighborAdvertisement,
  type NeighborSolicitation,
  parseIcmpError,
  parseNd,
  type RouterAdvertisement,
  type RouterSolicitation,
} from '@6bed4/nd';

export const PREFIX = 'fc64:bed:c633:6401::/64';
export const OTHER_PREFIX = 'fc64:bed:c633:64fe::/64'; // of the router 198.51.100.254
export const OTHER_ROUTER = '198.51.100.254:25790';
export const SELF = '198.51.100.1:25790';
export const A = '198.51.100.2:40000';
export const B = '198.51.100.3:40001';
/** An endpoint whose router is the other one. */
export const FOREIGN = '203.0.113.7:5000';
export const addressOf = (peer: string, lanip = 1, prefix = PREFIX): string =>
  encodeAddress({ prefix, peer, lanip });
export const ADDRESS_A = addressOf(A);
export const ADDRESS_B = addressOf(B);
export const FOREIGN_ADDRESS = addressOf(FOREIGN, 1, OTHER_PREFIX);
export const NATIVE = '2001:db8:77::5';
export const ROUTER = 'fc64:bed:c633:6401:c433:6401:64be:8000';

/** A Router Solicitation of 48 bytes, or one with other properties. */
export function solicitation(overrides: Partial<RouterSolicitation> = {}): Uint8Array {
  return buildNd({
    type: 'router-solicitation',
    source: parseIPv6('::'),
    destination: parseIPv6('ff02::2'),
    options: [],
    ...overrides,
  });
}

/** A Neighbor Solicitation straight to its target, or one with other properties. */
export function solicit(
  source: string,
  target: string,
  overrides: Partial<NeighborSolicitation> = {},
): Uint8Array {
  return buildNd({
    type: 'neighbor-solicitation',
    source: parseIPv6(source),
    destination: parseIPv6(target),
    target: parseIPv6(target),
    options: [],
    ...overrides,
  });
}

/** The source link-layer option of a solicitation. */
export const SOURCE_LINK_LAYER: NdOption = {
  type: 'source-link-layer',
  address: Uint8Array.of(0x40, 0x9c, 198, 51, 100, 2),
};

function parsed(payload: Uint8Array): NdMessage {
  const result = parseNd(payload, 0, payload.length);
  if (!result.ok) throw new Error(`not Neighbor Discovery: ${JSON.stringify(result.error)}`);
  return result.value;
}

export function advertisement(payload: Uint8Array): RouterAdvertisement {
  const message = parsed(payload);
  if (message.type !== 'router-advertisement') throw new Error(message.type);
  return message;
}

export function neighborAdvertisement(payload: Uint8Array): NeighborAdvertisement {
  const message = parsed(payload);
  if (message.type !== 'neighbor-advertisement') throw new Error(message.type);
  return message;
}

export function icmpError(payload: Uint8Array): IcmpError {
  const result = parseIcmpError(payload, 0, payload.length);
  if (!result.ok) throw new Error(`no ICMPv6 error: ${JSON.stringify(result.error)}`);
  return result.value;
}

/** The prefixes of an advertisement: `prefix/length`, flags and valid lifetime. */
export function prefixes(payload: Uint8Array): string[] {
  return advertisement(payload).options.flatMap((option) =>
    option.type === 'prefix-information'
      ? [
          `${formatIPv6(option.prefix)}/${option.prefixLength}` +
            `${option.onLink ? ' L' : ''}${option.autonomous ? ' A' : ''} ${option.validLifetime}`,
        ]
      : [],
  );
}
