import {
  draft00Profile,
  draft01Profile,
  draft04Profile,
  encodeAddress,
  type Profile,
  reference2020,
} from '@6bed4/codec';

/** One profile for each dialect. */
export const profiles: readonly (readonly [string, Profile])[] = [
  ['draft00', draft00Profile],
  ['draft01', draft01Profile],
  ['draft03', reference2020],
  ['draft04', draft04Profile],
];

export const OWN_ENDPOINT = '203.0.113.5:40000';
export const LOCAL_SUBNET = '192.168.1.0/24';
export const NATIVE = '2001:db8:77::5';

const ROUTER = '198.51.100.1';
/** Named as router by the addresses of `distant`, of which we got an address. */
const ASKED_ROUTER = '198.51.100.9';
/** Named so by those of `farther`, and just being asked for one. */
const ROUTER_BEING_ASKED = '198.51.100.19';
const OTHER_ROUTER = '198.51.100.77';

/** Nodes with an IPv6 address that encodes their endpoint. */
export const remoteNames = [
  'friend',
  'deployed',
  'relayed',
  'fresh',
  'housemate',
  'distant',
  'farther',
  'stranger',
] as const;
export type RemoteName = (typeof remoteNames)[number];

const remoteEndpoints: Readonly<Record<RemoteName, string>> = {
  // Repeats nonces, and is reached directly.
  friend: '192.0.2.10:5000',
  // The same, but repeats no nonces, as the implementations of 2012 and 2018.
  deployed: '192.0.2.11:5000',
  // Our side sends to it, and it never answered directly.
  relayed: '192.0.2.12:5000',
  // Our side never sent to it before.
  fresh: '192.0.2.13:5000',
  // Behind our own NAT, as its address says.
  housemate: '203.0.113.5:41000',
  // Under other routers.
  distant: '192.0.2.14:5000',
  farther: '192.0.2.15:5000',
  // Nobody ever heard of it.
  stranger: '192.0.2.66:6666',
};

/** The place of each node in the test, with the addresses that a dialect gives. */
export interface Cast {
  readonly profile: Profile;
  readonly own: string;
  readonly router: string;
  readonly askedRouter: string;
  readonly routerBeingAsked: string;
  readonly otherRouter: string;
  readonly prefix: string;
  readonly remotes: Readonly<
    Record<RemoteName, { readonly endpoint: string; readonly address: string }>
  >;
}

/** The /64 that a router serves; without 6bed4 prefixes, our own router's native one. */
export function prefixOf(profile: Profile, router: string): string {
  if (profile.prefixes.length === 0) return '2001:db8:64:64::/64';
  const hex = router.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return `fc64:bed:${hex[0]}${hex[1]}:${hex[2]}${hex[3]}::/64`;
}

export function castOf(profile: Profile): Cast {
  const at = (address: string): string => `${address}:${profile.port}`;
  const addressAt = (endpoint: string, router: string): string =>
    encodeAddress({ prefix: prefixOf(profile, router), peer: endpoint }, { profile });
  const routers: Partial<Record<RemoteName, string>> = {
    distant: ASKED_ROUTER,
    farther: ROUTER_BEING_ASKED,
  };
  const remotes = Object.fromEntries(
    remoteNames.map((name) => {
      const endpoint = remoteEndpoints[name];
      return [name, { endpoint, address: addressAt(endpoint, routers[name] ?? ROUTER) }];
    }),
  ) as Cast['remotes'];
  return {
    profile,
    own: addressAt(OWN_ENDPOINT, ROUTER),
    router: at(ROUTER),
    askedRouter: at(ASKED_ROUTER),
    routerBeingAsked: at(ROUTER_BEING_ASKED),
    otherRouter: at(OTHER_ROUTER),
    prefix: prefixOf(profile, ROUTER),
    remotes,
  };
}
