import { readFileSync, writeFileSync } from 'node:fs';
import type { Prefix } from '@6bed4/codec';
import { StartError } from '../../errors.js';
import {
  AF_INET6,
  IFF_UP,
  SIOCGIFFLAGS,
  SIOCGIFINDEX,
  SIOCGIFMTU,
  SIOCSIFFLAGS,
  SIOCSIFMTU,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
} from '../kernel/constants.js';
import {
  flagsRequest,
  interfaceRequest,
  mtuRequest,
  requestedValue,
} from '../kernel/interfaceRequests.js';
import type { Libc } from '../kernel/libc.js';
import {
  addressMessage,
  type InterfaceAddress,
  preferenceMessage,
} from '../kernel/routingMessages.js';
import { Rtnetlink } from '../kernel/rtnetlink.js';

/**
 * Kernel parameters (net.ipv6.conf) of an interface that only has the addresses of its configuration: no
 * link-local address of the kernel's choice, no autoconfiguration, and addresses that survive a
 * moment of being down.
 */
const PARAMETERS: Readonly<Record<string, string>> = {
  addr_gen_mode: '1',
  accept_ra: '0',
  autoconf: '0',
  router_solicitations: '0',
  keep_addr_on_down: '1',
};

/** Addresses of one network interface, by rtnetlink(7), and its MTU and state, by `ioctl`. */
export class NetworkInterface {
  readonly name: string;
  /** Interface index. */
  readonly index: number;
  /** For all that concerns the interface; closed with it. */
  readonly netlink: Rtnetlink;

  readonly #libc: Libc;
  #fd: number;

  private constructor(libc: Libc, fd: number, name: string) {
    this.#libc = libc;
    this.#fd = fd;
    this.name = name;
    this.index = this.#get(SIOCGIFINDEX, 'looking up');
    this.netlink = new Rtnetlink(libc);
  }

  /** @throws StartError when there is no such interface, or no IPv6 */
  static open(libc: Libc, name: string): NetworkInterface {
    const fd = libc.socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      const code = libc.nameOf(libc.errno());
      throw new StartError('ENOTSUP', `this kernel has no IPv6 (${code})`);
    }
    try {
      return new NetworkInterface(libc, fd, name);
    } catch (error) {
      libc.close(fd);
      throw error;
    }
  }

  /**
   * Enables IPv6 where it is disabled by default, and disables what the kernel would configure by itself,
   * as far as the kernel knows and permits it.
   */
  prepare(): void {
    this.#setParameter('disable_ipv6', '0');
    for (const [parameter, value] of Object.entries(PARAMETERS)) {
      this.#setParameter(parameter, value);
    }
  }

  /** Sets the MTU, in bytes. */
  setMtu(mtu: number): void {
    if (this.#get(SIOCGIFMTU, 'reading the MTU of') === mtu) return;
    const result = this.#libc.ioctl(this.#fd, SIOCSIFMTU, mtuRequest(this.name, mtu));
    this.#check(result, `setting the MTU of ${this.name}`);
  }

  /** Sets IFF_UP. */
  bringUp(): void {
    const flags = this.#get(SIOCGIFFLAGS, 'reading the state of') & 0xffff;
    if ((flags & IFF_UP) !== 0) return;
    const request = flagsRequest(this.name, flags | IFF_UP);
    this.#check(this.#libc.ioctl(this.#fd, SIOCSIFFLAGS, request), `bringing ${this.name} up`);
  }

  /** Adds an address with its on-link prefix, unless it is present. */
  addAddress(address: Prefix): void {
    // An interface that was prepared for a user without privileges has its address already.
    if (this.#hasAddress(address)) return;
    const code = this.netlink.request(addressMessage('add', this.#own(address)));
    this.#checkCode(code, `adding an address to ${this.name}`, ['EEXIST']);
  }

  /** Lets programs prefer an address that is present, or rather use another (RFC 6724 §5, rule 3). */
  preferAddress(address: Prefix, isPreferred: boolean): void {
    const code = this.netlink.request(preferenceMessage(this.#own(address), isPreferred));
    const doing = isPreferred ? 'preferring' : 'deprecating';
    this.#checkCode(code, `${doing} an address of ${this.name}`, ['ENOENT', 'ENODEV']);
  }

  /** Removes an address, if it is present. */
  removeAddress(address: Prefix): void {
    const code = this.netlink.request(addressMessage('remove', this.#own(address)));
    this.#checkCode(code, `removing an address from ${this.name}`, ['EADDRNOTAVAIL', 'ENODEV']);
  }

  close(): void {
    if (this.#fd >= 0) this.#libc.close(this.#fd);
    this.#fd = -1;
    this.netlink.close();
  }

  #get(number: number, doing: string): number {
    const request = interfaceRequest(this.name);
    this.#check(this.#libc.ioctl(this.#fd, number, request), `${doing} ${this.name}`);
    return requestedValue(request);
  }

  #own(address: Prefix): InterfaceAddress {
    return { address, interfaceIndex: this.index };
  }

  #hasAddress({ bytes, length }: Prefix): boolean {
    try {
      const address = Buffer.from(bytes).toString('hex');
      // Columns: address, index, prefix length, scope, flags, name; numbers are hexadecimal.
      return readFileSync('/proc/net/if_inet6', 'latin1')
        .split('\n')
        .map((line) => line.trim().split(/ +/))
        .some(
          ([found, index, bits]) =>
            found === address &&
            Number.parseInt(index ?? '', 16) === this.index &&
            Number.parseInt(bits ?? '', 16) === length,
        );
    } catch {
      return false;
    }
  }

  #setParameter(name: string, value: string): void {
    try {
      writeFileSync(`/proc/sys/net/ipv6/conf/${this.name}/${name}`, value);
    } catch {
      // Unknown to this kernel, or read-only, as in many containers.
    }
  }

  #check(result: number, doing: string): void {
    if (result < 0) this.#checkCode(this.#libc.nameOf(this.#libc.errno()), doing);
  }

  /**
   * @param code - the name of an error, or null
   * @param accepted - errors that are none
   */
  #checkCode(code: string | null, doing: string, accepted: readonly string[] = []): void {
    if (code === null || accepted.includes(code)) return;
    if (code === 'EPERM') {
      throw new StartError(code, `${doing} needs root or CAP_NET_ADMIN`);
    }
    if (code === 'EACCES') {
      // The answer of the kernel when the parameter disable_ipv6 of the interface is set.
      const remedy = `run "sysctl net.ipv6.conf.${this.name}.disable_ipv6=0"`;
      throw new StartError(code, `${doing} failed, IPv6 is disabled there: ${remedy}`);
    }
    throw new StartError(code, `${doing} failed: ${code}`);
  }
}
