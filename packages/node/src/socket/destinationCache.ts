import { isIPv6Multicast } from '@6bed4/codec';
import {
  isLoopbackDestination,
  LOOPBACK,
  LOOPBACK_TEXT,
  readAddress,
} from './destinationAddress.js';
import type { SystemErrorCode } from './dgramErrors.js';
import type { OutboundRemotes } from './outboundRemotes.js';
import type { OwnAddresses } from './ownAddresses.js';
import type { PortBinding } from './portBinding.js';
import { AddressPair, PAIR_DESTINATION } from './udpPacket.js';

/** Upper bound of destinations that a socket keeps; with more, some are resolved again. */
const MAX_DESTINATIONS = 512;

/** A destination address with the source and path of a socket's packets to it. */
export interface Destination {
  /** `local` is in this tunnel, `group` has its members in this tunnel. */
  readonly kind: 'tunnel' | 'local' | 'group';
  readonly pair: AddressPair;
  /** The destination address in the form in which groups are kept. */
  readonly text: string;
  /** Of {@link OwnAddresses}, when this was resolved. */
  readonly generation: number;
}

/**
 * Determines the source address of a socket for a destination address, and how packets get there.
 *
 * @returns an error code where they cannot
 */
function resolveDestination(
  binding: PortBinding,
  addresses: OwnAddresses,
  text: string,
): Destination | SystemErrorCode {
  const destination = readAddress(text);
  // An IPv6 socket cannot send to an IPv4 address.
  if (destination === null) return 'EINVAL';
  const { generation } = addresses;
  const { place } = binding;
  const own =
    place.kind === 'any' ? addresses.sourceFor(destination, place.lanip) : binding.address;
  if (isLoopbackDestination(destination)) {
    const hasLoopback = place.kind === 'loopback' || (place.kind === 'any' && place.hasLoopback);
    const source = hasLoopback ? LOOPBACK : own;
    if (source === null) return 'EADDRNOTAVAIL';
    const pair = new AddressPair(source, LOOPBACK);
    return { kind: 'local', pair, text: LOOPBACK_TEXT, generation };
  }
  if (isIPv6Multicast(destination)) {
    const pair = new AddressPair(own ?? LOOPBACK, destination);
    return { kind: 'group', pair, text: groupName(destination), generation };
  }
  if (own === null) return place.kind === 'address' ? 'EADDRNOTAVAIL' : 'ENETUNREACH';
  const isLocal = addresses.find(destination, 0) !== null;
  if (!isLocal && place.kind === 'loopback') return 'EADDRNOTAVAIL';
  const pair = new AddressPair(own, destination);
  return { kind: isLocal ? 'local' : 'tunnel', pair, text, generation };
}

/** The destinations of one socket, by the address as its user writes it. */
export class DestinationCache {
  readonly #binding: PortBinding;
  readonly #addresses: OwnAddresses;
  readonly #remotes: OutboundRemotes;
  readonly #destinations = new Map<string, Destination>();
  #last: Destination | null = null;
  #lastText = '';

  constructor(binding: PortBinding, addresses: OwnAddresses, remotes: OutboundRemotes) {
    this.#binding = binding;
    this.#addresses = addresses;
    this.#remotes = remotes;
  }

  /** The cached destination, or null. For every packet. */
  find(text: string): Destination | null {
    const { generation } = this.#addresses;
    const last = this.#last;
    if (last !== null && text === this.#lastText && last.generation === generation) return last;
    const destination = this.#destinations.get(text);
    if (destination === undefined || destination.generation !== generation) return null;
    this.#last = destination;
    this.#lastText = text;
    return destination;
  }

  /** The destination, or an error code where packets cannot get there. */
  resolve(text: string): Destination | SystemErrorCode {
    const cached = this.find(text);
    if (cached !== null) return cached;
    const destination = resolveDestination(this.#binding, this.#addresses, text);
    if (typeof destination === 'string') return destination;
    if (destination.kind === 'tunnel') {
      this.#remotes.sent(destination.pair.bytes, PAIR_DESTINATION);
    }
    if (this.#destinations.size >= MAX_DESTINATIONS) this.#destinations.clear();
    this.#destinations.set(text, destination);
    this.#last = destination;
    this.#lastText = text;
    return destination;
  }
}

/** A multicast address in the form in which groups are compared. */
export function groupName(address: Uint8Array): string {
  return Buffer.from(address).toString('hex');
}
