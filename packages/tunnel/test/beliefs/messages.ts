import { parseEndpoint, parseIPv4, parseIPv6 } from '@6bed4/codec';
import {
  buildIcmpError,
  buildNd,
  type NdOption,
  type NeighborAdvertisement,
  type RouterAdvertisement,
  setTrafficClass,
} from '@6bed4/nd';
import { advertisement, prefixOption, udp } from '../support/packets.js';
import { type Cast, OWN_ENDPOINT, prefixOf, type RemoteName } from './cast.js';
import { addressBytes, type Moment, moments, type Stage } from './stage.js';

/** A node that sends a message, as the table names them. */
export type SenderKind =
  /** The user named it. */
  | 'configured router'
  /** The address of a remote named it, and we asked it for an address. */
  | 'asked router'
  /** Any node: it may speak for the address that encodes its own endpoint. */
  | 'remote'
  /** Any node in a directly connected IPv4 subnet. */
  | 'neighbor';

export interface Sender {
  readonly name: string;
  readonly kind: SenderKind;
  readonly endpoint: string;
  /** The remote that it is, if the peer may know it. */
  readonly remote: RemoteName | null;
  /** Whether it is of its kind only once the peer asks. */
  readonly notYet?: boolean;
}

const LAN_NEIGHBOR = '192.168.1.66:6666';
const CARRIER_NEIGHBOR = '100.64.3.7:6666';

function askedRouters(cast: Cast): Sender[] {
  return [
    { name: 'asked router', kind: 'asked router', endpoint: cast.askedRouter, remote: null },
    {
      name: 'router being asked',
      kind: 'asked router',
      endpoint: cast.routerBeingAsked,
      remote: null,
      notYet: true,
    },
  ];
}

export function sendersOf(cast: Cast): readonly Sender[] {
  const { remotes } = cast;
  const remote = (name: RemoteName): Sender => ({
    name,
    kind: 'remote',
    endpoint: remotes[name].endpoint,
    remote: name,
  });
  return [
    { name: 'router', kind: 'configured router', endpoint: cast.router, remote: null },
    ...(cast.profile.dialect.avoidsTrapezium ? askedRouters(cast) : []),
    { name: 'other router', kind: 'remote', endpoint: cast.otherRouter, remote: null },
    ...(
      ['friend', 'deployed', 'relayed', 'fresh', 'housemate', 'distant', 'stranger'] as const
    ).map(remote),
    { name: 'LAN neighbor', kind: 'neighbor', endpoint: LAN_NEIGHBOR, remote: null },
    { name: 'carrier neighbor', kind: 'remote', endpoint: CARRIER_NEIGHBOR, remote: null },
  ];
}

/**
 * The nonce in a message: none; that of the last question to its sender, or none until there is such a
 * question; that of the first one; or noise.
 */
export type NonceKind = 'none' | 'ours' | 'old' | 'wrong';
const nonceKinds: readonly NonceKind[] = ['none', 'ours', 'old', 'wrong'];

/** The nonces to try, and the moments: all of them where they may matter. */
export function variantsOf(
  { noncesOf }: Message,
  { kind, notYet }: Sender,
): { readonly nonces: readonly NonceKind[]; readonly moments: readonly Moment[] } {
  const usual: readonly Moment[] = notYet ? ['asking'] : ['settled', 'asking'];
  if (noncesOf === null) return { nonces: ['none'], moments: usual };
  const isRouter = kind === 'configured router' || kind === 'asked router';
  if (noncesOf === 'routers' && isRouter) {
    return { nonces: nonceKinds, moments: notYet ? moments.slice(1) : moments };
  }
  const nonces = noncesOf === 'remotes' && !isRouter ? nonceKinds : (['none', 'ours'] as const);
  return { nonces, moments: usual };
}

/** Kinds of message that the table names. */
export type MessageKind =
  | 'Router Advertisement'
  /** A Router Advertisement whose offer cannot be used. */
  | 'refused advertisement'
  | 'Router Solicitation'
  | 'Neighbor Solicitation'
  | 'Neighbor Advertisement'
  | 'Redirect'
  | 'probe'
  | 'packet'
  /** A packet from an address that says that it can always be reached directly. */
  | 'inviting packet'
  | 'packet with Seen'
  | 'false source'
  | 'compressed header'
  | 'too large packet';

/** The case that a message is built for. */
export interface Context {
  readonly stage: Stage;
  readonly sender: Sender;
  readonly nonce: NonceKind;
}

/** One message of the test. */
export interface Message {
  readonly name: string;
  /** What it counts as, by the sender; null for a message that has to change nothing at all. */
  readonly countsAs: (context: Context) => MessageKind | null;
  /** What it also counts as, by the time that it comes again. */
  readonly alsoCountsAs?: MessageKind;
  /** The nodes whose messages of this kind carry nonces that matter; null for none. */
  readonly noncesOf: 'routers' | 'remotes' | null;
  /** The remote that it is about, if that is not its sender. */
  readonly about?: RemoteName;
  /** Null where the sender, or the dialect, cannot express it. */
  readonly build: (context: Context) => Uint8Array | null;
}

const SEEN = 0x20;
const INFINITE = 0xffff_ffff;
const FOREIGN_ROUTER = '198.51.100.200';
const MOVED_ENDPOINT = '203.0.113.5:40444';
const WRONG = Uint8Array.of(9, 9, 9, 9, 9, 1);

/** The nonce option that a message carries; null where there is no such nonce. */
function nonceOptions({ stage, sender, nonce }: Context): NdOption[] | null {
  if (nonce === 'none') return [];
  if (nonce === 'wrong') return [{ type: 'nonce', nonce: WRONG }];
  const known = [
    ...new Set((stage.nonces.get(sender.endpoint) ?? []).map((bytes) => bytes.join())),
  ];
  if (nonce === 'ours' && known.length === 0) return [];
  if (nonce === 'old' && known.length < 2) return null;
  const text = nonce === 'ours' ? known.at(-1)! : known[0]!;
  return [{ type: 'nonce', nonce: Uint8Array.from(text.split(','), Number) }];
}

/** The address that a sender may use, in text. */
function addressOf({ stage: { cast }, sender }: Context): string {
  if (sender.remote !== null) return cast.remotes[sender.remote].address;
  return text(addressBytes(cast, cast.prefix, sender.endpoint));
}

function text(bytes: Uint8Array): string {
  const words: string[] = [];
  for (let at = 0; at < 16; at += 2) words.push(((bytes[at]! << 8) | bytes[at + 1]!).toString(16));
  return words.join(':');
}

/** Where an advertisement goes: in draft01, it says there how the router sees the peer. */
function advertisementDestination(cast: Cast, endpoint: string): Uint8Array {
  const { layout, dialect } = cast.profile;
  if (dialect.endpointIn === 'prefix') return parseIPv6('ff02::1');
  const destination = parseIPv6('fe80::');
  const { address, port } = parseEndpoint(endpoint);
  layout.writeUnchecked(destination, 0, parseIPv4(address), port, 0);
  return destination;
}

/** The prefix that a router offers to a peer at an endpoint. */
function offer(
  cast: Cast,
  prefix: string,
  endpoint: string,
  overrides: Parameters<typeof prefixOption>[1] = {},
): NdOption {
  const { layout, dialect } = cast.profile;
  const bytes = addressBytes(cast, prefix, endpoint, layout.hasLanip ? 0 : undefined);
  if (dialect.endpointIn === 'identifier') bytes.fill(0, 8);
  return prefixOption(bytes, { prefixLength: layout.prefixLength, ...overrides });
}

const route = (prefix: string, prefixLength: number): NdOption =>
  prefixOption(parseIPv6(prefix), { prefixLength, onLink: false, autonomous: false });

/** An advertisement that a router with such an offer could send. */
function routerAdvertisement(
  name: string,
  content: (
    cast: Cast,
    sender: Sender,
  ) => {
    readonly options: NdOption[];
    readonly endpoint?: string;
    readonly fields?: Partial<RouterAdvertisement>;
  },
  isAcceptable: (context: Context) => boolean,
): Message {
  return {
    name: `Router Advertisement: ${name}`,
    noncesOf: 'routers',
    countsAs: (context) => {
      if (isAcceptable(context)) return 'Router Advertisement';
      return byRouter(context) ? 'refused advertisement' : null;
    },
    build: (context) => {
      const nonce = nonceOptions(context);
      if (nonce === null) return null;
      const { cast } = context.stage;
      const { options, endpoint, fields } = content(cast, context.sender);
      return advertisement({
        destination: advertisementDestination(cast, endpoint ?? OWN_ENDPOINT),
        options: [...options, ...nonce],
        ...fields,
      });
    },
  };
}

/** The /64 that the sender would serve as a router. */
const servedBy = (cast: Cast, sender: Sender): string =>
  prefixOf(cast.profile, parseEndpoint(sender.endpoint).address);

const byRouter = ({ sender }: Context): boolean =>
  sender.kind === 'configured router' || sender.kind === 'asked router';
const isFriend = ({ sender }: Context): boolean => sender.remote === 'friend';

/** Who may be our housemate: by Neighbor Discovery, any neighbor; one of our LAN is not told from another. */
function isHousemate({ stage, sender }: Context): boolean {
  if (sender.remote === 'housemate') return true;
  return sender.kind === 'neighbor' && stage.peer.searchesLan;
}

const byConfigured = ({ sender }: Context): boolean => sender.kind === 'configured router';
const never = (): boolean => false;

const routerAdvertisements: readonly Message[] = [
  routerAdvertisement(
    'its own prefix, our endpoint',
    (cast, sender) => ({ options: [offer(cast, servedBy(cast, sender), OWN_ENDPOINT)] }),
    byRouter,
  ),
  routerAdvertisement(
    'its own prefix, another endpoint of ours',
    (cast, sender) => ({
      options: [offer(cast, servedBy(cast, sender), MOVED_ENDPOINT)],
      endpoint: MOVED_ENDPOINT,
    }),
    byRouter,
  ),
  routerAdvertisement(
    'its own prefix, and routes',
    (cast, sender) => ({
      options: [offer(cast, servedBy(cast, sender), OWN_ENDPOINT), route('2000::', 3)],
    }),
    byRouter,
  ),
  routerAdvertisement(
    'the prefix of our router, another endpoint of ours',
    (cast) => ({ options: [offer(cast, cast.prefix, MOVED_ENDPOINT)], endpoint: MOVED_ENDPOINT }),
    (context) => byConfigured(context) || isHowRemoteSeesUs(context),
  ),
  routerAdvertisement(
    'the 6bed4 prefix of another router',
    (cast) => ({ options: [offer(cast, prefixOf(cast.profile, FOREIGN_ROUTER), OWN_ENDPOINT)] }),
    // Where prefixes name no router, this is our own router's.
    ({ stage, sender }) =>
      stage.cast.profile.prefixes.length === 0 && sender.kind === 'configured router',
  ),
  routerAdvertisement(
    'a native prefix',
    (cast) => ({ options: [offer(cast, '2001:4860:4860::/64', OWN_ENDPOINT), route('2000::', 3)] }),
    byConfigured,
  ),
  ...['fe80::/64', 'ff0e::/64', '::/64'].map((prefix) =>
    routerAdvertisement(
      `the prefix ${prefix}`,
      (cast) => ({ options: [offer(cast, prefix, OWN_ENDPOINT), route('2000::', 3)] }),
      never,
    ),
  ),
  routerAdvertisement(
    'no prefix that is valid',
    (cast, sender) => ({
      options: [offer(cast, servedBy(cast, sender), MOVED_ENDPOINT, { validLifetime: 0 })],
    }),
    never,
  ),
  routerAdvertisement(
    'preferred for longer than valid',
    (cast, sender) => ({
      options: [
        offer(cast, servedBy(cast, sender), MOVED_ENDPOINT, {
          validLifetime: 1_000,
          preferredLifetime: INFINITE,
        }),
      ],
      endpoint: MOVED_ENDPOINT,
    }),
    never,
  ),
  routerAdvertisement(
    'addresses by DHCPv6',
    (cast, sender) => ({
      options: [offer(cast, servedBy(cast, sender), MOVED_ENDPOINT)],
      endpoint: MOVED_ENDPOINT,
      fields: { managed: true },
    }),
    never,
  ),
  routerAdvertisement(
    'from fe80::1',
    (cast, sender) => ({
      options: [offer(cast, servedBy(cast, sender), MOVED_ENDPOINT)],
      endpoint: MOVED_ENDPOINT,
      fields: { source: parseIPv6('fe80::1') },
    }),
    never,
  ),
];

/** In draft04 a remote may say at which endpoint it sees us, under the prefix that we use with it. */
function isHowRemoteSeesUs({ stage, sender }: Context): boolean {
  return sender.remote !== null && stage.cast.profile.dialect.peering === 'probe-and-seen';
}

/** Whether the sender is a node whose packets come directly. */
const isDirect = ({ sender }: Context): boolean => !byRouter({ sender } as Context);

/** Whether an address that encodes the sender's endpoint is interpretable, and it may use it. */
const speaksForItself = (context: Context): boolean => isDirect(context);

const solicitations: readonly Message[] = [
  {
    name: 'Router Solicitation',
    noncesOf: null,
    countsAs: (context) => (isDirect(context) ? 'Router Solicitation' : null),
    build: () =>
      buildNd({
        type: 'router-solicitation',
        source: parseIPv6('::'),
        destination: parseIPv6('ff02::2'),
        options: [],
      }),
  },
  neighborSolicitation('from its own address', addressOf, speaksForItself),
  neighborSolicitation(
    "from our friend's address",
    ({ stage }) => stage.cast.remotes.friend.address,
    isFriend,
    'friend',
  ),
  neighborSolicitation(
    "from our housemate's address",
    ({ stage }) => stage.cast.remotes.housemate.address,
    isHousemate,
    'housemate',
  ),
  neighborSolicitation('from a native address', () => '2001:db8:77::5', byRouter),
];

function neighborSolicitation(
  name: string,
  source: (context: Context) => string,
  isAcceptable: (context: Context) => boolean,
  about?: RemoteName,
): Message {
  return {
    name: `Neighbor Solicitation ${name}`,
    noncesOf: null,
    ...(about && { about }),
    countsAs: (context) => {
      // To a router that names any source, the answer goes as well.
      if (isAcceptable(context) || byRouter(context)) return 'Neighbor Solicitation';
      return 'false source';
    },
    build: (context) => {
      const { own } = context.stage.cast;
      return buildNd({
        type: 'neighbor-solicitation',
        source: parseIPv6(source(context)),
        destination: parseIPv6(own),
        target: parseIPv6(own),
        options: [{ type: 'nonce', nonce: Uint8Array.of(1, 2, 3, 4, 5, 6) }],
      });
    },
  };
}

function neighborAdvertisement(
  name: string,
  content: (context: Context) => Partial<NeighborAdvertisement>,
  isAcceptable: (context: Context) => boolean,
  about?: RemoteName,
  isFalse = true,
): Message {
  return {
    name: `Neighbor Advertisement ${name}`,
    noncesOf: 'remotes',
    ...(about && { about }),
    countsAs: (context) => {
      if (isAcceptable(context)) return 'Neighbor Advertisement';
      return isFalse && isDirect(context) ? 'false source' : null;
    },
    build: (context) => {
      const nonce = nonceOptions(context);
      if (nonce === null) return null;
      const address = parseIPv6(addressOf(context));
      return buildNd({
        type: 'neighbor-advertisement',
        source: address,
        destination: parseIPv6(context.stage.cast.own),
        router: false,
        solicited: true,
        override: true,
        target: address,
        options: nonce,
        ...content(context),
      });
    },
  };
}

const friendBytes = ({ stage }: Context): Uint8Array =>
  parseIPv6(stage.cast.remotes.friend.address);
const housemateBytes = ({ stage }: Context): Uint8Array =>
  parseIPv6(stage.cast.remotes.housemate.address);

const neighborAdvertisements: readonly Message[] = [
  neighborAdvertisement('about itself', () => ({}), isDirect),
  neighborAdvertisement(
    'about itself, unsolicited',
    () => ({ solicited: false }),
    never,
    undefined,
    false,
  ),
  neighborAdvertisement(
    'about itself, to nobody here',
    () => ({ destination: parseIPv6('2001:db8::1') }),
    never,
    undefined,
    false,
  ),
  neighborAdvertisement(
    'about itself, from a native address',
    () => ({ source: parseIPv6('2001:db8:77::5') }),
    never,
  ),
  neighborAdvertisement(
    'about our friend',
    (context) => ({ target: friendBytes(context) }),
    isFriend,
    undefined,
    false,
  ),
  neighborAdvertisement(
    "about our friend, from the friend's address",
    (context) => ({ target: friendBytes(context), source: friendBytes(context) }),
    isFriend,
    'friend',
  ),
  neighborAdvertisement(
    "about our housemate, from the housemate's address",
    (context) => ({ target: housemateBytes(context), source: housemateBytes(context) }),
    isHousemate,
    'housemate',
  ),
];

/** A neighbor that solicits us as a remote, and answers what we ask it then. */
const neighborExchange: Message = {
  name: "Neighbor Solicitation from our housemate's address, and an answer to what it caused",
  noncesOf: 'remotes',
  about: 'housemate',
  alsoCountsAs: 'Neighbor Solicitation',
  countsAs: (context) => {
    if (isHousemate(context)) return 'Neighbor Advertisement';
    return isDirect(context) ? 'false source' : 'Neighbor Solicitation';
  },
  build: (context) => {
    const isAsked = (nonceOptions(context)?.length ?? 0) > 0;
    const message = isAsked ? neighborAdvertisements.at(-1)! : solicitations.at(-2)!;
    return message.build(context);
  },
};

const hasRedirects = ({ stage }: Context): boolean => stage.cast.profile.dialect.redirects;

/** The link-local address of a sender's endpoint. */
function linkLocalOf({ stage, sender }: Context): Uint8Array {
  const linkLocal = new Uint8Array(16);
  const { address, port } = parseEndpoint(sender.endpoint);
  stage.cast.profile.layout.writeLinkLocal(linkLocal, 0, parseIPv4(address), port);
  return linkLocal;
}

function redirect(
  name: string,
  about: (context: Context) => string,
  source: (context: Context) => Uint8Array,
  isAcceptable: (context: Context) => boolean,
): Message {
  return {
    name: `Redirect ${name}`,
    noncesOf: null,
    countsAs: (context) => (isAcceptable(context) ? 'Redirect' : null),
    build: (context) => {
      const { own } = context.stage.cast;
      return buildNd({
        type: 'redirect',
        source: source(context),
        destination: parseIPv6(own),
        target: parseIPv6(about(context)),
        redirectDestination: linkLocalOf(context),
        options: [
          {
            type: 'redirected-header',
            packet: udp(own, about(context), new Uint8Array(24)),
          },
        ],
      });
    },
  };
}

const redirects: readonly Message[] = [
  redirect(
    'to itself',
    addressOf,
    linkLocalOf,
    (context) => isDirect(context) && hasRedirects(context),
  ),
  redirect('to itself, from fe80::1', addressOf, () => parseIPv6('fe80::1'), never),
  redirect(
    "of our friend's packets",
    ({ stage }) => stage.cast.remotes.friend.address,
    linkLocalOf,
    (context) => isFriend(context) && hasRedirects(context),
  ),
];

function packet(
  name: string,
  build: (context: Context) => Uint8Array | null,
  countsAs: (context: Context) => MessageKind | null,
  about?: RemoteName,
): Message {
  return { name, noncesOf: null, countsAs, build, ...(about && { about }) };
}

/** What a packet from the sender's own address counts as; of an asked router, to an address it gave not. */
function ownPacket({ stage, sender }: Context): MessageKind | null {
  if (sender.kind === 'asked router') return null;
  const invites = sender.kind === 'configured router' && stage.cast.profile.dialect.invitations;
  return invites ? 'inviting packet' : 'packet';
}

function withSeen(bytes: Uint8Array): Uint8Array {
  setTrafficClass(bytes, 0, SEEN);
  return bytes;
}

const CARRIED = 40;
const data = (from: string, to: string): Uint8Array => udp(from, to, new Uint8Array(CARRIED));

/** A source that is not the sender's: routers may relay it, others get a correction. */
const foreignSource = (context: Context): MessageKind | null => {
  if (byConfigured(context)) return 'packet';
  return isDirect(context) ? 'false source' : null;
};

const packets: readonly Message[] = [
  packet('packet from its own address', (c) => data(addressOf(c), c.stage.cast.own), ownPacket),
  packet(
    'packet with Seen from its own address',
    (c) => withSeen(data(addressOf(c), c.stage.cast.own)),
    (c) => (ownPacket(c) === 'packet' ? 'packet with Seen' : ownPacket(c)),
  ),
  packet(
    "packet from our friend's address",
    (c) => data(c.stage.cast.remotes.friend.address, c.stage.cast.own),
    (c) => (isFriend(c) ? 'packet' : foreignSource(c)),
    'friend',
  ),
  packet(
    "packet with Seen from our friend's address",
    (c) => withSeen(data(c.stage.cast.remotes.friend.address, c.stage.cast.own)),
    (c) => {
      if (isFriend(c) || byConfigured(c)) return 'packet with Seen';
      return foreignSource(c);
    },
    'friend',
  ),
  packet(
    'packet from a native address',
    (c) => data('2001:db8:77::5', c.stage.cast.own),
    foreignSource,
  ),
  packet(
    'packet from our own address',
    (c) => data(c.stage.cast.own, c.stage.cast.own),
    (c) => (isDirect(c) ? 'false source' : null),
  ),
  packet(
    'packet from fe80::1',
    (c) => data('fe80::1', c.stage.cast.own),
    () => null,
  ),
  packet(
    'packet from its own address to a native one',
    (c) => data(addressOf(c), '2001:db8:77::5'),
    () => null,
  ),
  packet('empty datagram', () => new Uint8Array(0), probeKind),
  packet('3 bytes', () => Uint8Array.of(0x60, 0, 0), shortKind),
  packet('39 bytes', () => new Uint8Array(39).fill(0xff), shortKind),
  packet(
    'compressed header',
    () => Uint8Array.of(0xfd, 1, ...new Uint8Array(60).fill(7)),
    (c) =>
      c.stage.cast.profile.dialect.headerCompression && isDirect(c) ? 'compressed header' : null,
  ),
  packet(
    'too large packet',
    (c) => udp(addressOf(c), c.stage.cast.own, new Uint8Array(1_280)),
    (c) => (isDirect(c) || byConfigured(c) ? 'too large packet' : null),
  ),
  packet(
    'ICMPv6 error about a packet to our friend',
    (c) => {
      const { own, remotes } = c.stage.cast;
      return buildIcmpError({
        type: 'packet-too-big',
        mtu: 1280,
        source: parseIPv6(addressOf(c)),
        destination: parseIPv6(own),
        invoking: data(own, remotes.friend.address),
      });
    },
    ownPacket,
  ),
  ...hiddenMessages(),
];

function probeKind({ stage, sender }: Context): MessageKind | null {
  const { dialect } = stage.cast.profile;
  return dialect.peering === 'probe-and-seen' && sender.kind === 'remote' ? 'probe' : null;
}

function shortKind(context: Context): MessageKind | null {
  return context.stage.cast.profile.dialect.shortFramesProbe ? probeKind(context) : null;
}

/** Neighbor Discovery behind an extension header or in a fragment, which RFC 6980 forbids. */
function hiddenMessages(): Message[] {
  const inner = [...neighborAdvertisements.slice(0, 1), ...routerAdvertisements.slice(1, 2)];
  const headers = [
    ['behind destination options', 60, Uint8Array.of(58, 0, 1, 4, 0, 0, 0, 0)],
    ['in a fragment', 44, Uint8Array.of(58, 0, 0, 0, 0, 0, 0, 1)],
  ] as const;
  return inner.flatMap((message) =>
    headers.map(
      ([name, nextHeader, header]): Message => ({
        name: `${message.name}, ${name}`,
        noncesOf: message.noncesOf,
        countsAs: () => null,
        build: (context) => {
          const bytes = message.build(context);
          return bytes === null ? null : hidden(bytes, nextHeader, header);
        },
      }),
    ),
  );
}

function hidden(bytes: Uint8Array, nextHeader: number, header: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + header.length);
  out.set(bytes.subarray(0, 40));
  out.set(header, 40);
  out.set(bytes.subarray(40), 40 + header.length);
  const length = out.length - 40;
  out[4] = length >>> 8;
  out[5] = length & 0xff;
  out[6] = nextHeader;
  return out;
}

/** All messages of the test. */
export const messages: readonly Message[] = [
  ...routerAdvertisements,
  ...solicitations,
  ...neighborAdvertisements,
  neighborExchange,
  ...redirects,
  ...packets,
];
