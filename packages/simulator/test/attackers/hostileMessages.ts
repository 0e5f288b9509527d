import { type Profile, parseEndpoint, parseIPv4, parseIPv6 } from '@6bed4/codec';
import {
  buildEcho,
  buildIcmpError,
  buildNd,
  buildUdp,
  type NdOption,
  ROUTER_ADVERTISEMENT_DEFAULTS,
  setTrafficClass,
} from '@6bed4/nd';
import { fc } from '@fast-check/vitest';

/** Nodes and addresses that attackers name in their messages. */
const addressNames = [
  'victim',
  'friend',
  'newcomer',
  'housemate',
  'router',
  // His own address, by each of his endpoints, under the victim's prefix.
  'own0',
  'own1',
  // The same under a prefix that names him as the router.
  'named0',
  'bystander',
  'native',
  'linkLocal',
  'routerLinkLocal',
  'unspecified',
  'multicast',
] as const;
export type AddressName = (typeof addressNames)[number];

/** Prefixes that attackers offer. */
const offerNames = ['right', 'own', 'foreign', 'native', 'linkLocal'] as const;
export type OfferName = (typeof offerNames)[number];

/** What a message refers to, when it is sent. */
export interface Names {
  readonly profile: Profile;
  address(name: AddressName): Uint8Array;
  /** The /64 of an offer, 16 bytes. */
  prefix(name: OfferName): Uint8Array;
  /** The victim's public endpoint. */
  readonly victimEndpoint: string;
  /** The last nonce that the attacker saw, or null. */
  seenNonce(): Uint8Array | null;
}

/** The nonce of a message: none, the last one that was seen, or a guess. */
type NonceChoice = 'none' | 'seen' | Uint8Array;

/** One message of an attacker, in words; {@link buildHostile} makes the bytes of it. */
type Hostile =
  | {
      readonly type: 'router-advertisement';
      readonly source: AddressName;
      readonly offer: OfferName;
      /** The endpoint that it says we have: ours, or another. */
      readonly isMoved: boolean;
      readonly valid: number;
      readonly preferred: number;
      readonly routes: boolean;
      readonly managed: boolean;
      readonly routerLifetime: number;
      readonly nonce: NonceChoice;
    }
  | {
      readonly type: 'router-solicitation';
      readonly source: AddressName;
      readonly destination: AddressName;
      readonly nonce: NonceChoice;
    }
  | {
      readonly type: 'neighbor-solicitation';
      readonly source: AddressName;
      readonly target: AddressName;
      readonly nonce: NonceChoice;
    }
  | {
      readonly type: 'neighbor-advertisement';
      readonly source: AddressName;
      readonly target: AddressName;
      readonly destination: AddressName;
      readonly solicited: boolean;
      readonly nonce: NonceChoice;
    }
  | {
      readonly type: 'redirect';
      readonly source: AddressName;
      readonly target: AddressName;
      readonly redirectDestination: AddressName;
    }
  | {
      readonly type: 'packet';
      readonly kind: 'udp' | 'echo-request' | 'echo-reply';
      readonly source: AddressName;
      readonly destination: AddressName;
      readonly trafficClass: number;
      readonly size: number;
      readonly hopLimit: number;
    }
  | { readonly type: 'error'; readonly source: AddressName; readonly about: AddressName }
  | { readonly type: 'compressed'; readonly bytes: Uint8Array }
  | { readonly type: 'short'; readonly bytes: Uint8Array }
  | { readonly type: 'noise'; readonly bytes: Uint8Array };

/** A message, and how its Neighbor Discovery is hidden or damaged. */
export interface Disguised {
  readonly message: Hostile;
  readonly disguise: 'none' | 'options' | 'fragment' | 'cut';
}

const INFINITE = 0xffff_ffff;
/** What attackers put into packets, so that they are known wherever they arrive. */
const MARK = 0xee;
const PORT = 7;

const address = fc.constantFrom(...addressNames);
const nonce: fc.Arbitrary<NonceChoice> = fc.oneof(
  fc.constant('none' as const),
  fc.constant('seen' as const),
  fc.uint8Array({ minLength: 6, maxLength: 6 }),
);
const lifetime = fc.constantFrom(0, 1, 600, INFINITE);

/** Usually what makes a message acceptable, and sometimes anything. */
function mostly<T>(usual: T, any: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: any });
}

const hostile: fc.Arbitrary<Hostile> = fc.oneof(
  fc.record({
    type: fc.constant('router-advertisement' as const),
    source: mostly('routerLinkLocal' as const, address),
    offer: fc.constantFrom(...offerNames),
    isMoved: fc.boolean(),
    valid: mostly(INFINITE, lifetime),
    preferred: mostly(INFINITE, lifetime),
    routes: fc.boolean(),
    managed: mostly(false, fc.boolean()),
    routerLifetime: fc.constantFrom(0, 0xffff),
    nonce,
  }),
  fc.record({
    type: fc.constant('router-solicitation' as const),
    source: address,
    destination: mostly('multicast' as const, address),
    nonce,
  }),
  fc.record({
    type: fc.constant('neighbor-solicitation' as const),
    source: address,
    target: mostly('victim' as const, address),
    nonce,
  }),
  fc.record({
    type: fc.constant('neighbor-advertisement' as const),
    source: address,
    target: address,
    destination: mostly('victim' as const, address),
    solicited: mostly(true, fc.boolean()),
    nonce,
  }),
  fc.record({
    type: fc.constant('redirect' as const),
    source: address,
    target: address,
    redirectDestination: address,
  }),
  fc.record({
    type: fc.constant('packet' as const),
    kind: fc.constantFrom('udp' as const, 'echo-request' as const, 'echo-reply' as const),
    source: address,
    destination: mostly('victim' as const, address),
    trafficClass: fc.constantFrom(0, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0, 0xff),
    size: fc.constantFrom(0, 8, 60, 600, 1_232, 1_400),
    hopLimit: fc.constantFrom(64, 64, 64, 255, 1, 0),
  }),
  fc.record({ type: fc.constant('error' as const), source: address, about: address }),
  fc.record({
    type: fc.constant('compressed' as const),
    bytes: fc
      .uint8Array({ minLength: 1, maxLength: 80 })
      .map((bytes) => Uint8Array.of(0xfd, ...bytes)),
  }),
  fc.record({
    type: fc.constant('short' as const),
    bytes: fc.uint8Array({ maxLength: 39, size: 'max' }),
  }),
  fc.record({
    type: fc.constant('noise' as const),
    bytes: fc
      .uint8Array({ maxLength: 120, size: 'max' })
      .map((bytes) => Uint8Array.of(0x60, ...bytes)),
  }),
);

/** Messages of all kinds, well-formed and not. */
export const disguised: fc.Arbitrary<Disguised> = fc.record({
  message: hostile,
  disguise: fc.constantFrom(
    ...(['none', 'none', 'none', 'none', 'none', 'options', 'fragment', 'cut'] as const),
  ),
});

/** The bytes of a message; null where it cannot be expressed. */
export function buildHostile({ message, disguise }: Disguised, names: Names): Uint8Array | null {
  try {
    const bytes = build(message, names);
    switch (disguise) {
      case 'none':
        return bytes;
      case 'cut':
        return bytes.subarray(0, Math.floor(bytes.length / 2));
      case 'options':
        return insert(bytes, 60, Uint8Array.of(58, 0, 1, 4, 0, 0, 0, 0));
      case 'fragment':
        return insert(bytes, 44, Uint8Array.of(58, 0, 0, 0, 0, 0, 0, 1));
    }
  } catch (error) {
    // The builders refuse a few combinations.
    if (error instanceof Error && error.name === 'InvalidArgumentError') return null;
    throw error;
  }
}

/** Puts an extension header between the IPv6 header and the rest. */
function insert(bytes: Uint8Array, nextHeader: number, header: Uint8Array): Uint8Array {
  if (bytes.length < 40) return bytes;
  const out = new Uint8Array(bytes.length + header.length);
  out.set(bytes.subarray(0, 40));
  out.set(header, 40);
  out[40] = bytes[6]!;
  out.set(bytes.subarray(40), 40 + header.length);
  const length = out.length - 40;
  out[4] = length >>> 8;
  out[5] = length & 0xff;
  out[6] = nextHeader;
  return out;
}

function nonceOptions(choice: NonceChoice, names: Names): NdOption[] {
  const bytes = choice === 'none' ? null : choice === 'seen' ? names.seenNonce() : choice;
  return bytes === null ? [] : [{ type: 'nonce', nonce: bytes }];
}

function build(message: Hostile, names: Names): Uint8Array {
  const at = (name: AddressName): Uint8Array => names.address(name);
  switch (message.type) {
    case 'router-advertisement':
      return routerAdvertisement(message, names);
    case 'router-solicitation':
      return buildNd({
        type: 'router-solicitation',
        source: at(message.source),
        destination: at(message.destination),
        options: nonceOptions(message.nonce, names),
      });
    case 'neighbor-solicitation':
      return buildNd({
        type: 'neighbor-solicitation',
        source: at(message.source),
        destination: at(message.target),
        target: at(message.target),
        options: nonceOptions(message.nonce, names),
      });
    case 'neighbor-advertisement':
      return buildNd({
        type: 'neighbor-advertisement',
        source: at(message.source),
        destination: at(message.destination),
        router: false,
        solicited: message.solicited,
        override: true,
        target: at(message.target),
        options: nonceOptions(message.nonce, names),
      });
    case 'redirect':
      return buildNd({
        type: 'redirect',
        source: at(message.source),
        destination: at('victim'),
        target: at(message.target),
        redirectDestination: at(message.redirectDestination),
        options: [{ type: 'redirected-header', packet: udp(at('victim'), at(message.target), 16) }],
      });
    case 'packet':
      return packet(message, names);
    case 'error':
      return buildIcmpError({
        type: 'packet-too-big',
        mtu: 576,
        source: at(message.source),
        destination: at('victim'),
        invoking: udp(at('victim'), at(message.about), 64),
      });
    default:
      return message.bytes;
  }
}

function udp(source: Uint8Array, destination: Uint8Array, size: number): Uint8Array {
  const payload = new Uint8Array(size).fill(MARK);
  return buildUdp({ source, destination, sourcePort: PORT, destinationPort: PORT, payload });
}

function packet(message: Hostile & { readonly type: 'packet' }, names: Names): Uint8Array {
  const { kind, size, hopLimit, trafficClass } = message;
  const [source, destination] = [names.address(message.source), names.address(message.destination)];
  const bytes =
    kind === 'udp'
      ? udp(source, destination, size)
      : buildEcho({
          type: kind,
          source,
          destination,
          hopLimit,
          identifier: 0xeeee,
          sequence: 0xeeee,
          data: new Uint8Array(size).fill(MARK),
        });
  bytes[7] = hopLimit;
  setTrafficClass(bytes, 0, trafficClass);
  return bytes;
}

/** The Router Advertisement of a described offer. */
function routerAdvertisement(
  message: Hostile & { readonly type: 'router-advertisement' },
  names: Names,
): Uint8Array {
  const { layout, dialect } = names.profile;
  const { address: seen, port } = parseEndpoint(names.victimEndpoint);
  const own = { address: parseIPv4(seen), port: message.isMoved ? 44_444 : port };
  const prefix = names.prefix(message.offer);
  let destination = parseIPv6('ff02::1');
  if (dialect.endpointIn === 'prefix') {
    layout.writeUnchecked(prefix, 0, own.address, own.port, 0);
  } else {
    destination = parseIPv6('fe80::');
    layout.writeUnchecked(destination, 0, own.address, own.port, 0);
  }
  return buildNd({
    ...ROUTER_ADVERTISEMENT_DEFAULTS,
    source: names.address(message.source),
    destination,
    preference: 'low',
    managed: message.managed,
    routerLifetime: message.routerLifetime,
    options: [
      {
        type: 'prefix-information',
        prefixLength: layout.prefixLength,
        onLink: true,
        autonomous: true,
        validLifetime: message.valid,
        preferredLifetime: message.preferred,
        prefix,
      },
      ...(message.routes ? ROUTES : []),
      ...nonceOptions(message.nonce, names),
    ],
  });
}

const ROUTES: readonly NdOption[] = [
  {
    type: 'prefix-information',
    prefixLength: 3,
    onLink: false,
    autonomous: false,
    validLifetime: INFINITE,
    preferredLifetime: INFINITE,
    prefix: parseIPv6('2000::'),
  },
  {
    type: 'route-information',
    prefixLength: 0,
    preference: 'high',
    lifetime: INFINITE,
    prefix: parseIPv6('::'),
  },
];
