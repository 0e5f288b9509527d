import { Firewall } from '../nat/firewall.js';
import { LinuxNat } from '../nat/linuxNat.js';
import type { Middlebox, MiddleboxAttachment } from '../nat/middlebox.js';
import { Nat } from '../nat/nat.js';
import { AddressPool } from '../network/addressPool.js';
import type { World } from '../world/world.js';
import type {
  FirewallDescription,
  LinuxNatDescription,
  MiddleboxDescription,
  NatDescription,
} from './descriptions.js';
import type { Placements } from './placements.js';

/** Makes NATs and firewalls. */
export class Middleboxes {
  readonly #world: World;
  readonly #places: Placements;
  #nats = 0;

  constructor(world: World, places: Placements) {
    this.#world = world;
    this.#places = places;
  }

  nat(name: string, description: NatDescription): Nat {
    const { external, behind, link, blocksUdp, network, forwards, ...options } = description;
    const { address, attachment } = this.#outside(description, external, network);
    const nat = new Nat(this.#world, name, options, address, attachment);
    for (const [port, internal] of Object.entries(forwards ?? {})) {
      nat.forward(Number(port), internal);
    }
    return blocking(nat, blocksUdp);
  }

  linuxNat(name: string, description: LinuxNatDescription): LinuxNat {
    const { external, behind, link, blocksUdp, ...options } = description;
    const { address, attachment } = this.#outside(description, external);
    return blocking(new LinuxNat(this.#world, name, options, address, attachment), blocksUdp);
  }

  firewall(name: string, description: FirewallDescription): Firewall {
    const { behind, link, blocksUdp, ...options } = description;
    const externalNetwork = this.#places.networkBehind(behind);
    const attachment = { externalNetwork, link: link ?? {}, addresses: externalNetwork.addresses };
    return blocking(new Firewall(this.#world, name, options, attachment), blocksUdp);
  }

  /** The outside of a NAT: its address, int32, and what it is attached to. */
  #outside(
    { behind, link = {} }: MiddleboxDescription,
    external: string | undefined,
    internal?: string,
  ): { address: number; attachment: MiddleboxAttachment } {
    const externalNetwork = this.#places.networkBehind(behind);
    const address = this.#places.address(externalNetwork, external, 'external');
    const addresses = new AddressPool(internal ?? `10.${this.#nats++ % 256}.0.0/16`);
    return { address, attachment: { externalNetwork, link, addresses } };
  }
}

function blocking<T extends Middlebox>(middlebox: T, blocksUdp = false): T {
  middlebox.blocksUdp = blocksUdp;
  return middlebox;
}
