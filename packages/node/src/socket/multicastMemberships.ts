import { isIPv6Multicast } from '@6bed4/codec';
import { readAddress } from './destinationAddress.js';
import { groupName } from './destinationCache.js';
import { invalidType, missingArgument, systemError } from './dgramErrors.js';
import type { PortBinding } from './portBinding.js';

/** The system's choice of an interface. */
const ANY_INTERFACE = '';
/** In place of a source, for memberships that are not of one. */
const ANY_SOURCE = '';

/** One membership: in a group, on an interface, for a source. */
interface Membership {
  readonly group: string;
  readonly zone: string;
  readonly source: string;
}

/** The multicast options of one socket, which hold from before it is bound. */
export class MulticastMemberships {
  #memberships: Membership[] = [];
  #loopback = true;
  #binding: PortBinding | null = null;

  /** Applies the options to a socket that was bound. */
  apply(binding: PortBinding): void {
    this.#binding = binding;
    binding.multicastLoopback = this.#loopback;
    for (const { group } of this.#memberships) binding.groups.add(group);
  }

  setLoopback(flag: boolean): void {
    this.#loopback = flag;
    if (this.#binding !== null) this.#binding.multicastLoopback = flag;
  }

  /**
   * Joins a group.
   *
   * @param syscall - for errors
   * @param multicastInterface - an address whose zone names the interface
   * @param source - of which alone the socket wants to receive
   * @throws an error with code EADDRINUSE for a group that the socket has joined already on that interface,
   * EADDRNOTAVAIL with a source
   */
  join(
    syscall: string,
    multicastAddress: string,
    multicastInterface: unknown,
    source: string = ANY_SOURCE,
  ): void {
    const group = readGroup(syscall, multicastAddress);
    const zone = readZone(syscall, multicastInterface);
    const isMember = this.#memberships.some(
      (one) =>
        one.group === group &&
        (one.source === source || source === ANY_SOURCE) &&
        (one.zone === zone || zone === ANY_INTERFACE),
    );
    if (isMember) {
      throw systemError(source === ANY_SOURCE ? 'EADDRINUSE' : 'EADDRNOTAVAIL', syscall);
    }
    this.#memberships.push({ group, zone, source });
    this.#binding?.groups.add(group);
  }

  /**
   * Leaves a group; without a source, also the memberships that are for one. As {@link join}.
   *
   * @throws an error with code EADDRNOTAVAIL for a group that the socket has not joined; EINVAL where it
   * leaves a source of such a group
   */
  leave(
    syscall: string,
    multicastAddress: string,
    multicastInterface: unknown,
    source: string = ANY_SOURCE,
  ): void {
    const group = readGroup(syscall, multicastAddress);
    const zone = readZone(syscall, multicastInterface);
    const candidates = this.#memberships.filter(
      (one) => one.group === group && (one.source === source || source === ANY_SOURCE),
    );
    const left =
      candidates.find((one) => one.zone === zone) ??
      candidates.find((one) => zone === ANY_INTERFACE || one.zone === ANY_INTERFACE);
    if (left === undefined) {
      const isMember = this.#memberships.some((one) => one.group === group);
      throw systemError(source === ANY_SOURCE || isMember ? 'EADDRNOTAVAIL' : 'EINVAL', syscall);
    }
    const isLeft = (one: Membership): boolean =>
      one === left || (source === ANY_SOURCE && one.group === group && one.zone === left.zone);
    this.#memberships = this.#memberships.filter((one) => !isLeft(one));
    if (!this.#memberships.some((one) => one.group === group)) this.#binding?.groups.delete(group);
  }
}

/**
 * Checks the arguments of a source-specific membership.
 *
 * @returns the source, for comparisons
 */
export function checkMulticastSource(
  sourceAddress: string,
  groupAddress: string,
  syscall: string,
): string {
  for (const [name, value] of Object.entries({ sourceAddress, groupAddress })) {
    if (typeof value !== 'string') throw invalidType(name, 'of type string', value);
  }
  const source = readAddress(sourceAddress);
  if (source === null) throw systemError('EINVAL', syscall);
  return groupName(source);
}

function readGroup(syscall: string, text: string): string {
  if (!text) throw missingArgument('multicastAddress');
  const bytes = typeof text === 'string' ? readAddress(text) : null;
  if (bytes === null || !isIPv6Multicast(bytes)) throw systemError('EINVAL', syscall);
  return groupName(bytes);
}

/** The zone of the address that names an interface (RFC 4007 §11); empty for none. */
function readZone(syscall: string, multicastInterface: unknown): string {
  if (multicastInterface === undefined || multicastInterface === null) return ANY_INTERFACE;
  const text = String(multicastInterface);
  if (readAddress(text) === null) throw systemError('EINVAL', syscall);
  return text.split('%')[1] ?? ANY_INTERFACE;
}
