import { parseIPv6 } from '@6bed4/codec';
import { type Libc, tryLoadLibc } from '../drivers/kernel/libc.js';
import { getLinkMessage, readLink } from '../drivers/kernel/linkMessages.js';
import {
  lookupMessage,
  readRoute,
  readUnicastRoute,
  unicastRoutesMessage,
} from '../drivers/kernel/routingMessages.js';
import { Rtnetlink } from '../drivers/kernel/rtnetlink.js';

/** A route of this computer that leads somewhere. */
export interface SystemRoute {
  /** The first address that it is for, 16 bytes. */
  readonly prefix: Uint8Array;
  /** Bits of the prefix that count, 0 to 128. */
  readonly length: number;
  /** Name of the interface that it leads through; null where there are several. */
  readonly device: string | null;
}

/**
 * The IPv6 routes of this computer, as the kernel of Linux tells them by rtnetlink(7). No more than what is asked
 * for is copied, so that it takes no time with the routes of the whole Internet either.
 */
export class SystemRoutes {
  readonly #libc: Libc;

  private constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** Null where the system cannot be asked: on others than Linux, and where the library koffi does not work. */
  static async open(): Promise<SystemRoutes | null> {
    const libc = process.platform === 'linux' ? await tryLoadLibc() : null;
    return libc === null ? null : new SystemRoutes(libc);
  }

  /**
   * Name of the interface that packets from this computer to an address take, by its rules and routes; null where there
   * is no route, or one that refuses them.
   *
   * @param destination - IPv6 address
   * @throws InvalidArgumentError when it is none
   */
  deviceTo(destination: string): string | null {
    const address = parseIPv6(destination, 'destination');
    return this.#with((netlink) => {
      let index: number | null = null;
      const failure = netlink.request(lookupMessage(address), (message) => {
        index = readRoute(message)?.interfaceIndex ?? null;
      });
      return failure !== null || index === null ? null : nameOf(netlink, index);
    });
  }

  /**
   * The first route that suits, in the order of the kernel, of all routing tables. Routes that refuse packets, and those to
   * addresses of this computer, are left out.
   */
  find(suits: (route: SystemRoute) => boolean): SystemRoute | null {
    const names = new Map<number, string | null>();
    return this.#with((links) => {
      const deviceOf = (index: number): string | null => {
        if (!names.has(index)) names.set(index, nameOf(links, index));
        return names.get(index)!;
      };
      return this.#with((netlink) =>
        netlink.find(unicastRoutesMessage(), (message) => {
          const found = readUnicastRoute(message);
          if (found === null) return null;
          const { destination, interfaceIndex } = found;
          const device = interfaceIndex === null ? null : deviceOf(interfaceIndex);
          const route = { prefix: destination.bytes, length: destination.length, device };
          return suits(route) ? route : null;
        }),
      );
    });
  }

  #with<T>(use: (netlink: Rtnetlink) => T): T {
    const netlink = new Rtnetlink(this.#libc);
    try {
      return use(netlink);
    } finally {
      netlink.close();
    }
  }
}

/** The name of an interface; null when it is gone. */
function nameOf(netlink: Rtnetlink, index: number): string | null {
  let name: string | null = null;
  netlink.request(getLinkMessage(index), (message) => {
    name = readLink(message)?.name ?? null;
  });
  return name;
}
