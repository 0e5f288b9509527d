import { writeFileSync } from 'node:fs';
import { formatPrefix, type Prefix } from '@6bed4/codec';
import { StartError } from '../../errors.js';
import {
  type AddressState,
  addressesMessage,
  addressMessage,
  type InterfaceAddress,
  preferenceMessage,
  readAddress,
} from '../kernel/addressMessages.js';
import { AF_INET6, SIOCGIFINDEX, SOCK_CLOEXEC, SOCK_DGRAM } from '../kernel/constants.js';
import { interfaceRequest, requestedValue } from '../kernel/interfaceRequests.js';
import type { Libc } from '../kernel/libc.js';
import {
  bringUpMessage,
  getLinkMessage,
  type Link,
  mtuMessage,
  readLink,
} from '../kernel/linkMessages.js';
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

/** Addresses, MTU and state of one network interface, by rtnetlink(7). */
export class NetworkInterface {
  /** Interface index. */
  readonly index: number;
  /** For all that concerns the interface; closed with it. */
  readonly netlink: Rtnetlink;

  #name: string;
  #isGone = false;

  private constructor(libc: Libc, name: string, index: number) {
    this.#name = name;
    this.index = index;
    this.netlink = new Rtnetlink(libc);
  }

  /** @throws StartError when there is no such interface, or no IPv6 */
  static open(libc: Libc, name: string): NetworkInterface {
    const fd = libc.socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      const code = libc.nameOf(libc.errno());
      throw new StartError('ENOTSUP', `this kernel has no IPv6 (${code})`);
    }
    const request = interfaceRequest(name);
    const failed = libc.ioctl(fd, SIOCGIFINDEX, request) < 0;
    const code = failed ? libc.nameOf(libc.errno()) : '';
    libc.close(fd);
    if (failed) throw new StartError(code, `looking up ${name} failed: ${code}`);
    return new NetworkInterface(libc, name, requestedValue(request));
  }

  /** The name that it had when the kernel was asked last: others may rename it. */
  get name(): string {
    return this.#name;
  }

  /** Whether it was removed when {@link link} was called last. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Asks the kernel about it; null when it does not tell. */
  link(): Link | null {
    let found: Link | null = null;
    const code = this.netlink.request(getLinkMessage(this.index), (message) => {
      found = readLink(message);
    });
    this.#isGone = code === 'ENODEV';
    const link = found as Link | null;
    if (link !== null && link.name !== '') this.#name = link.name;
    return link;
  }

  /** Asks the kernel for its IPv6 addresses. */
  addresses(): AddressState[] {
    const found: AddressState[] = [];
    this.netlink.request(addressesMessage(this.index), (message) => {
      const one = readAddress(message);
      if (one?.interfaceIndex === this.index) found.push(one);
    });
    return found;
  }

  /** Enables IPv6 where it is disabled by default, as far as the kernel permits it. */
  enableIPv6(): void {
    this.#setParameter('disable_ipv6', '0');
  }

  /**
   * Disables what the kernel would configure by itself, as far as it knows and permits that. The kernel forgets it
   * when the MTU was too small for IPv6.
   */
  setParameters(): void {
    for (const [parameter, value] of Object.entries(PARAMETERS)) {
      this.#setParameter(parameter, value);
    }
    // What it has configured meanwhile.
    for (const { address, isStablePrivate } of this.addresses()) {
      if (isStablePrivate) this.tryRemoveAddress(address);
    }
  }

  /** Sets the MTU, in bytes. @throws StartError */
  setMtu(mtu: number): void {
    const code = this.netlink.request(mtuMessage(this.index, mtu));
    const remedy = `: run "ip link set ${this.name} mtu ${mtu}"`;
    this.#checkCode(code, `setting the MTU of ${this.name} to ${mtu}`, remedy);
  }

  /** Sets IFF_UP. @throws StartError */
  bringUp(): void {
    const code = this.netlink.request(bringUpMessage(this.index));
    this.#checkCode(code, `bringing ${this.name} up`, `: run "ip link set ${this.name} up"`);
  }

  /** Adds an address with its on-link prefix, so that it can be used at once. @throws StartError */
  addAddress(address: Prefix): void {
    const add = (): string | null =>
      this.netlink.request(addressMessage('add', this.#own(address)));
    let code = add();
    if (code === 'EEXIST') {
      // It is there as one that cannot be used, such as a duplicate.
      this.netlink.request(addressMessage('remove', this.#own(address)));
      code = add();
    }
    const remedy = `: run "ip address add ${formatPrefix(address)} dev ${this.name}"`;
    this.#checkCode(code, `adding an address to ${this.name}`, remedy, ['EEXIST']);
  }

  /** Lets programs prefer an address that is present, or rather use another (RFC 6724 §5, rule 3). */
  preferAddress(address: Prefix, isPreferred: boolean): void {
    const code = this.netlink.request(preferenceMessage(this.#own(address), isPreferred));
    const doing = isPreferred ? 'preferring' : 'deprecating';
    this.#checkCode(code, `${doing} an address of ${this.name}`, '', ['ENOENT', 'ENODEV']);
  }

  /** Removes an address, if it is present. */
  removeAddress(address: Prefix): void {
    const code = this.netlink.request(addressMessage('remove', this.#own(address)));
    const accepted = ['EADDRNOTAVAIL', 'ENODEV'];
    const remedy = `: run "ip address delete ${formatPrefix(address)} dev ${this.name}"`;
    this.#checkCode(code, `removing an address from ${this.name}`, remedy, accepted);
  }

  /** As {@link removeAddress}; what the kernel refuses stays. */
  tryRemoveAddress(address: Prefix): void {
    this.netlink.request(addressMessage('remove', this.#own(address)));
  }

  close(): void {
    this.netlink.close();
  }

  #own(address: Prefix): InterfaceAddress {
    return { address, interfaceIndex: this.index };
  }

  #setParameter(name: string, value: string): void {
    try {
      writeFileSync(`/proc/sys/net/ipv6/conf/${this.name}/${name}`, value);
    } catch {
      // Unknown to this kernel, or read-only, as in many containers.
    }
  }

  /**
   * @param code - the name of an error, or null
   * @param remedy - what an administrator can do in place of a process without privileges
   * @param accepted - errors that are none
   */
  #checkCode(
    code: string | null,
    doing: string,
    remedy: string,
    accepted: readonly string[] = [],
  ): void {
    if (code === null || accepted.includes(code)) return;
    if (code === 'EPERM') {
      throw new StartError(code, `${doing} needs root or CAP_NET_ADMIN${remedy}`);
    }
    if (code === 'EACCES') {
      // The answer of the kernel when the parameter disable_ipv6 of the interface is set.
      const advice = `run "sysctl net.ipv6.conf.${this.name}.disable_ipv6=0"`;
      throw new StartError(code, `${doing} failed, IPv6 is disabled there: ${advice}`);
    }
    throw new StartError(code, `${doing} failed: ${code}`);
  }
}
