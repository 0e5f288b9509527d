import {
  isLoopback,
  isMulticast,
  LOOPBACK,
  LOOPBACK_TEXT,
  readAddress,
} from './destinationAddress.js';
import type { SystemErrorCode } from './dgramErrors.js';
import type { OwnAddresses } from './ownAddresses.js';
import type { Binding } from './portBinding.js';
import { AddressPair } from './udpPacket.js';

/** Destinations that a socket keeps at hand; with more, some are worked out again. */
const CAPACITY = 512;

/** How packets from a socket reach one address. */
export interface Flow {
  /** `local` stays in this tunnel, `group` goes to its members here. */
  readonly kind: 'tunnel' | 'local' | 'group';
  readonly pair: AddressPair;
  /** The destination in the form in which groups are kept. */
  readonly text: string;
  /** Of {@link OwnAddresses}. */
  readonly generation: number;
}

/**
 * Works out from where a socket sends to an address.
 *
 * @returns an error code where it cannot
 */
export function findFlow(
  binding: Binding,
  addresses: OwnAddresses,
  text: string,
): Flow | SystemErrorCode {
  const destination = readAddress(text);
  // An IPv4 address is nothing that an IPv6 socket could send to.
  if (destination === null) return 'EINVAL';
  const { generation } = addresses;
  const { place } = binding;
  const own =
    place.kind === 'any' ? addresses.sourceFor(destination, place.lanip) : binding.address;
  if (isLoopback(destination)) {
    const hasLoopback = place.kind === 'loopback' || (place.kind === 'any' && place.hasLoopback);
    const source = hasLoopback ? LOOPBACK : own;
    if (source === null) return 'EADDRNOTAVAIL';
    const pair = new AddressPair(source, LOOPBACK);
    return { kind: 'local', pair, text: LOOPBACK_TEXT, generation };
  }
  if (isMulticast(destination)) {
    const pair = new AddressPair(own ?? LOOPBACK, destination);
    return { kind: 'group', pair, text: groupName(destination), generation };
  }
  if (own === null) return place.kind === 'address' ? 'EADDRNOTAVAIL' : 'ENETUNREACH';
  const isLocal = addresses.find(destination, 0) !== null;
  if (!isLocal && place.kind === 'loopback') return 'EADDRNOTAVAIL';
  const pair = new AddressPair(own, destination);
  return { kind: isLocal ? 'local' : 'tunnel', pair, text, generation };
}

/** The flows of one socket, by the text of the destination as its user writes it. */
export class Flows {
  readonly #binding: Binding;
  readonly #addresses: OwnAddresses;
  readonly #flows = new Map<string, Flow>();
  #last: Flow | null = null;
  #lastText = '';

  constructor(binding: Binding, addresses: OwnAddresses) {
    this.#binding = binding;
    this.#addresses = addresses;
  }

  /** The flow to a destination that was sent to before, or null. For every packet. */
  known(text: string): Flow | null {
    const { generation } = this.#addresses;
    const last = this.#last;
    if (last !== null && text === this.#lastText && last.generation === generation) return last;
    const flow = this.#flows.get(text);
    if (flow === undefined || flow.generation !== generation) return null;
    this.#last = flow;
    this.#lastText = text;
    return flow;
  }

  /** The flow to a destination, or an error code where there is none. */
  to(text: string): Flow | SystemErrorCode {
    const known = this.known(text);
    if (known !== null) return known;
    const flow = findFlow(this.#binding, this.#addresses, text);
    if (typeof flow === 'string') return flow;
    if (this.#flows.size >= CAPACITY) this.#flows.clear();
    this.#flows.set(text, flow);
    this.#last = flow;
    this.#lastText = text;
    return flow;
  }
}

/** A multicast address in the one form in which groups are compared. */
export function groupName(address: Uint8Array): string {
  return Buffer.from(address).toString('hex');
}
