import { isIPv4Multicast, parseIPv4 } from '@6bed4/codec';
import type { HostAttachment } from '../host/host.js';
import type { Network } from '../network/network.js';
import type { Placement } from './descriptions.js';

/** Finds the networks and addresses that descriptions ask for. */
export class Placements {
  readonly #core: Network;

  constructor(core: Network) {
    this.#core = core;
  }

  /** The network behind a NAT or firewall; the core for none. */
  networkBehind(behind: Placement['behind']): Network {
    return behind?.internalNetwork ?? this.#core;
  }

  /** The place of a host. */
  attachment(placement: Placement): HostAttachment {
    const network = this.networkBehind(placement.behind);
    const address = this.address(network, placement.address, 'address');
    return { network, address, link: placement.link ?? {} };
  }

  /** An address, int32, in a network: the next one that is free, unless one is given. */
  address(network: Network, text: string | undefined, field: string): number {
    return text === undefined ? network.freeAddress() : this.parse(text, field);
  }

  /** @returns int32 @throws InvalidArgumentError, Error naming the field */
  parse(text: string, field: string): number {
    const address = parseIPv4(text, field);
    if (isIPv4Multicast(address)) throw new Error(`${field}: ${text} is a multicast group`);
    return address | 0;
  }
}
