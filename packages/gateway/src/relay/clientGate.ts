import {
  is6bed4Prefixed,
  isIPv6LinkLocal,
  isIPv6LinkLocalMulticast,
  isIPv6Unspecified,
  type Profile,
  readRouterAddress,
  type UdpEndpoint,
} from '@6bed4/codec';
import {
  DESTINATION_OFFSET,
  hopLimit,
  ICMPV6_NEIGHBOR_ADVERTISEMENT,
  ICMPV6_NEIGHBOR_SOLICITATION,
  IPV6_HEADER_LENGTH,
  isNd,
  payloadLength,
  SOURCE_OFFSET,
} from '@6bed4/nd';
import { RemoteBudgets } from './remoteBudgets.js';
import type { StrangerLimits } from './strangerLimits.js';

/** Why a datagram does not pass a gateway. */
export const refusals = [
  /** It is neither empty nor one whole IPv6 packet. */
  'not-6bed4',
  /** Its IPv6 source is not of the endpoint that it comes from. */
  'source',
  /** Its IPv6 destination is not at the endpoint that it goes to. */
  'destination',
  /** The endpoint is none of the Internet, or a service of the gateway's own computer. */
  'forbidden-endpoint',
  /** The endpoint would get more than it has asked for. */
  'stranger',
  /** The client sends more than it may. */
  'rate',
] as const;

/** The name of a reason in {@link refusals}. */
export type Refusal = (typeof refusals)[number];

/** Options of a {@link ClientGate}. */
export interface ClientGateOptions {
  readonly profile: Profile;
  /** The public endpoint of the client. */
  readonly endpoint: Readonly<UdpEndpoint>;
  /** Whether the gateway is there for the router at an endpoint. */
  readonly isRouter: (endpoint: Readonly<UdpEndpoint>) => boolean;
  /** Whether other nodes can be at an endpoint. */
  readonly mayReach: (endpoint: Readonly<UdpEndpoint>) => boolean;
  readonly strangers: StrangerLimits;
}

const IPV6_VERSION = 6;
const ND_HOP_LIMIT = 255;
/** Offset of the target in a Neighbor Solicitation or Advertisement with its IPv6 header (RFC 4861 §4.3, §4.4). */
const TARGET_OFFSET = IPV6_HEADER_LENGTH + 8;
const TARGET_END = TARGET_OFFSET + 16;

/**
 * What may pass between one client of a gateway and the Internet: packets of 6bed4 between the client's own address and
 * nodes that are where their addresses say (draft-03 §6). So it is a node as any other, and the gateway no relay for
 * anything else.
 */
export class ClientGate {
  readonly #options: ClientGateOptions;
  readonly #budgets: RemoteBudgets;

  constructor(options: ClientGateOptions) {
    this.#options = options;
    this.#budgets = new RemoteBudgets(options.strangers);
  }

  /** The nodes that are remembered. */
  get remotes(): number {
    return this.#budgets.size;
  }

  /** Why a datagram of the client may not be sent to an endpoint; null when it may. */
  refuseOutbound(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    now: number,
  ): Refusal | null {
    const { isRouter, mayReach, endpoint } = this.#options;
    const toRouter = isRouter(to);
    if (!toRouter && (!mayReach(to) || isSame(to, endpoint))) return 'forbidden-endpoint';
    if (length > 0) {
      if (!isPacket(bytes, offset, length)) return 'not-6bed4';
      if (!this.#isFrom(bytes, offset, length, endpoint)) return 'source';
      if (!toRouter && !this.#isTo(bytes, offset, length, to)) return 'destination';
    }
    return toRouter || this.#budgets.spend(to, length, now) ? null : 'stranger';
  }

  /** Why a datagram from an endpoint is not handed to the client; null when it is. */
  refuseInbound(
    bytes: Uint8Array,
    offset: number,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): Refusal | null {
    const { isRouter, mayReach, endpoint, profile } = this.#options;
    const isEmpty = length === 0;
    if (!isEmpty && !isPacket(bytes, offset, length)) return 'not-6bed4';
    if (isRouter(from)) return null;
    if (!mayReach(from)) return 'forbidden-endpoint';
    const fromItself =
      !isEmpty && profile.layout.matchesEndpoint(bytes, offset + SOURCE_OFFSET, from);
    if (!isEmpty && !fromItself && !this.#isFrom(bytes, offset, length, from)) {
      if (!this.#isOfRouter(bytes, offset + SOURCE_OFFSET, from)) return 'source';
    }
    const toClient =
      !isEmpty && profile.layout.matchesEndpoint(bytes, offset + DESTINATION_OFFSET, endpoint);
    if (!isEmpty && !toClient && !isLinkScoped(bytes, offset, length)) return 'destination';
    const consents =
      toClient && (fromItself || this.#isOfRouter(bytes, offset + SOURCE_OFFSET, from));
    this.#budgets.heard(from, length, consents, now);
    return null;
  }

  /** Whether the source is the node at an endpoint, by its address or, in Neighbor Discovery, without one. */
  #isFrom(
    bytes: Uint8Array,
    offset: number,
    length: number,
    endpoint: Readonly<UdpEndpoint>,
  ): boolean {
    const source = offset + SOURCE_OFFSET;
    if (this.#options.profile.layout.matchesEndpoint(bytes, source, endpoint)) return true;
    return (
      isDiscovery(bytes, offset, length) &&
      (isIPv6LinkLocal(bytes, source) || isIPv6Unspecified(bytes, source))
    );
  }

  /** Whether the destination, or what Neighbor Discovery asks for, is at an endpoint. */
  #isTo(bytes: Uint8Array, offset: number, length: number, to: Readonly<UdpEndpoint>): boolean {
    const { layout } = this.#options.profile;
    const destination = offset + DESTINATION_OFFSET;
    if (layout.matchesEndpoint(bytes, destination, to)) return true;
    if (this.#isOfRouter(bytes, destination, to)) return true;
    if (!isLinkScoped(bytes, offset, length)) return false;
    const type = bytes[offset + IPV6_HEADER_LENGTH];
    if (type !== ICMPV6_NEIGHBOR_SOLICITATION && type !== ICMPV6_NEIGHBOR_ADVERTISEMENT)
      return true;
    return length >= TARGET_END && layout.matchesEndpoint(bytes, offset + TARGET_OFFSET, to);
  }

  /** Whether an endpoint is that of the router that an address names. */
  #isOfRouter(bytes: Uint8Array, address: number, endpoint: Readonly<UdpEndpoint>): boolean {
    const { profile } = this.#options;
    return (
      endpoint.port === profile.port &&
      is6bed4Prefixed(profile, bytes, address) &&
      (readRouterAddress(bytes, address) | 0) === endpoint.addressBits
    );
  }
}

/** Whether this is one whole IPv6 packet. */
function isPacket(bytes: Uint8Array, offset: number, length: number): boolean {
  return (
    length >= IPV6_HEADER_LENGTH &&
    bytes[offset]! >>> 4 === IPV6_VERSION &&
    payloadLength(bytes, offset) + IPV6_HEADER_LENGTH === length
  );
}

function isDiscovery(bytes: Uint8Array, offset: number, length: number): boolean {
  return isNd(bytes, offset, length) && hopLimit(bytes, offset) === ND_HOP_LIMIT;
}

/** Whether this is Neighbor Discovery to a link-local address or group, which names no endpoint. */
function isLinkScoped(bytes: Uint8Array, offset: number, length: number): boolean {
  const destination = offset + DESTINATION_OFFSET;
  return (
    isDiscovery(bytes, offset, length) &&
    (isIPv6LinkLocal(bytes, destination) || isIPv6LinkLocalMulticast(bytes, destination))
  );
}

function isSame(one: Readonly<UdpEndpoint>, other: Readonly<UdpEndpoint>): boolean {
  return one.addressBits === other.addressBits && one.port === other.port;
}
