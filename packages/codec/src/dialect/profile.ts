import { InvalidArgumentError } from '../arguments/invalidArgumentError.js';
import { checkInteger, HIGHEST_NETID } from '../arguments/ranges.js';
import { readUint32 } from '../bytes/bigEndian.js';
import { type Prefix, parsePrefix, prefixContains } from '../ipv6/prefix.js';
import type { AddressLayout } from '../layouts/layout.js';
import { type Dialect, layoutOf } from './dialect.js';

/** The constants of a deployment, which all its routers and peers must share. */
export interface Profile {
  readonly name: string;
  readonly dialect: Dialect;
  /** The address layout of the dialect. */
  readonly layout: AddressLayout;
  /** The well-known UDP port of routers (TBD2 in the drafts). */
  readonly port: number;
  /**
   * The 6bed4 prefixes: under these, bits 32..63 of an address are the router's IPv4 address. Empty
   * where addresses do not name their router.
   */
  readonly prefixes: readonly Prefix[];
  /** What a router completes to its /64 when it is told nothing else. */
  readonly defaultPrefix: Prefix;
  /** The network identifier that completion uses, 0..65535. */
  readonly defaultNetid: number;
}

/** What {@link defineProfile} takes; prefixes as text. */
export interface ProfileDefinition {
  readonly name: string;
  readonly dialect: Dialect;
  /** 1..65535; even in draft01. */
  readonly port: number;
  /** 6bed4 prefixes, /32 or shorter. */
  readonly prefixes: readonly string[];
  readonly defaultPrefix: string;
  /** Default 0x0bed. */
  readonly defaultNetid?: number;
}

/** Where a 6bed4-prefixed address has its router's IPv4 address. */
const ROUTER_ADDRESS_OFFSET = 4;
const DEFAULT_NETID = 0x0bed;
const LONGEST_6BED4_PREFIX = 32;

/**
 * Makes a profile of one's own.
 *
 * @throws InvalidArgumentError naming the constant that cannot be used
 */
export function defineProfile(definition: ProfileDefinition): Profile {
  const layout = layoutOf(definition.dialect);
  const { port } = definition;
  const defaultNetid = checkInteger(
    'defaultNetid',
    definition.defaultNetid ?? DEFAULT_NETID,
    0,
    HIGHEST_NETID,
  );
  if (!layout.acceptsPort(port)) {
    throw new InvalidArgumentError(
      'port',
      String(port),
      `a UDP port that ${layout.name} can express`,
    );
  }
  const prefixes = definition.prefixes.map((text) => {
    const prefix = parsePrefix(text, 'prefixes');
    if (prefix.length > LONGEST_6BED4_PREFIX || prefix.length === 0) {
      throw new InvalidArgumentError('prefixes', text, 'prefixes of /1 to /32');
    }
    return Object.freeze(prefix);
  });
  return Object.freeze({
    name: definition.name,
    dialect: definition.dialect,
    layout,
    port,
    prefixes: Object.freeze(prefixes),
    defaultPrefix: Object.freeze(parsePrefix(definition.defaultPrefix, 'defaultPrefix')),
    defaultNetid,
  });
}

const FC64 = 'fc64::/16';
/** The prefix that the drafts request of IANA (TBD1). */
const TBD1 = '2001:64::/32';
const DEPLOYED_PORT = 25790;

/** What the reference of 2017–2020 uses; the default everywhere. */
export const reference2020: Profile = /* @__PURE__ */ defineProfile({
  name: 'reference2020',
  dialect: 'draft03',
  port: DEPLOYED_PORT,
  prefixes: [FC64, TBD1],
  defaultPrefix: FC64,
});

/** The constants in the text of draft-02 (2014). */
export const draft02Profile: Profile = /* @__PURE__ */ defineProfile({
  name: 'draft02',
  dialect: 'draft03',
  port: 27629,
  prefixes: [TBD1],
  defaultPrefix: TBD1,
});

/** draft-01 and its reference of 2012: a native /64, which the router must be told. */
export const draft01Profile: Profile = /* @__PURE__ */ defineProfile({
  name: 'draft01',
  dialect: 'draft01',
  port: 25788,
  prefixes: [],
  defaultPrefix: 'fd00::/8',
});

/** draft-00 (2011): a native /64, which the router must be told. */
export const draft00Profile: Profile = /* @__PURE__ */ defineProfile({
  name: 'draft00',
  dialect: 'draft00',
  port: 3653,
  prefixes: [],
  defaultPrefix: 'fd00::/8',
});

/** As {@link reference2020}, with the peering of draft-04. */
export const draft04Profile: Profile = /* @__PURE__ */ defineProfile({
  name: 'draft04',
  dialect: 'draft04',
  port: DEPLOYED_PORT,
  prefixes: [FC64, TBD1],
  defaultPrefix: FC64,
});

/** The profile that a dialect is used with unless another is named. */
export function profileOf(dialect: Dialect): Profile {
  switch (dialect) {
    case 'draft00':
      return draft00Profile;
    case 'draft01':
      return draft01Profile;
    case 'draft03':
      return reference2020;
    case 'draft04':
      return draft04Profile;
  }
}

/** The profile of that name among those defined here, or undefined. */
export function findProfile(name: string): Profile | undefined {
  const profiles = [reference2020, draft02Profile, draft01Profile, draft00Profile, draft04Profile];
  return profiles.find((profile) => profile.name === name);
}

/** Whether the upper half of the address at `offset` names a router. Does not allocate. */
export function is6bed4Prefixed(profile: Profile, bytes: Uint8Array, offset: number): boolean {
  const { prefixes } = profile;
  for (let index = 0; index < prefixes.length; index++) {
    if (prefixContains(prefixes[index]!, bytes, offset)) return true;
  }
  return false;
}

/** The router's IPv4 address (uint32) in bits 32..63 of a 6bed4-prefixed address. */
export function readRouterAddress(bytes: Uint8Array, offset: number): number {
  return readUint32(bytes, offset + ROUTER_ADDRESS_OFFSET);
}
