import { isIPv6Multicast } from '@6bed4/codec';
import { readAddress } from './destinationAddress.js';
import { groupName } from './destinationCache.js';
import { invalidType, missingArgument, systemError } from './dgramErrors.js';
import type { PortBinding } from './portBinding.js';

/** The multicast options of one socket, which hold from before it is bound. */
export class MulticastMemberships {
  readonly #groups = new Set<string>();
  #loopback = true;
  #binding: PortBinding | null = null;

  /** Applies the options to a socket that was bound. */
  apply(binding: PortBinding): void {
    this.#binding = binding;
    binding.multicastLoopback = this.#loopback;
    for (const group of this.#groups) binding.groups.add(group);
  }

  setLoopback(flag: boolean): void {
    this.#loopback = flag;
    if (this.#binding !== null) this.#binding.multicastLoopback = flag;
  }

  /** @throws an error with code EADDRINUSE for a group that the socket has joined already */
  join(multicastAddress: string): void {
    const group = readGroup('addMembership', multicastAddress);
    if (this.#groups.has(group)) throw systemError('EADDRINUSE', 'addMembership');
    this.#groups.add(group);
    this.#binding?.groups.add(group);
  }

  /** @throws an error with code EADDRNOTAVAIL for a group that the socket has not joined */
  leave(multicastAddress: string): void {
    const group = readGroup('dropMembership', multicastAddress);
    if (!this.#groups.delete(group)) throw systemError('EADDRNOTAVAIL', 'dropMembership');
    this.#binding?.groups.delete(group);
  }
}

/** Checks the arguments of a source-specific membership. */
export function checkMulticastSource(
  sourceAddress: string,
  groupAddress: string,
  syscall: string,
): void {
  for (const [name, value] of Object.entries({ sourceAddress, groupAddress })) {
    if (typeof value !== 'string') throw invalidType(name, 'of type string', value);
  }
  if (readAddress(sourceAddress) === null) throw systemError('EINVAL', syscall);
}

function readGroup(syscall: string, text: string): string {
  if (!text) throw missingArgument('multicastAddress');
  const bytes = typeof text === 'string' ? readAddress(text) : null;
  if (bytes === null || !isIPv6Multicast(bytes)) throw systemError('EINVAL', syscall);
  return groupName(bytes);
}
