import { readFileSync, writeFileSync } from 'node:fs';
import type { Prefix } from '@6bed4/codec';
import { StartError } from '../../errors.js';
import {
  AF_INET6,
  IFF_UP,
  RTF_UP,
  SIOCADDRT,
  SIOCDELRT,
  SIOCDIFADDR,
  SIOCGIFFLAGS,
  SIOCGIFINDEX,
  SIOCGIFMTU,
  SIOCSIFADDR,
  SIOCSIFFLAGS,
  SIOCSIFMTU,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
} from '../kernel/constants.js';
import type { Libc } from '../kernel/libc.js';
import { LITTLE_ENDIAN, viewOf } from '../kernel/native.js';

/*
 * struct ifreq
 *
 *   0..15   name
 *   16      flags (16 bits), MTU or index (32 bits)
 */
const IFREQ_SIZE = 40;
const IFREQ_VALUE = 16;

/*
 * struct in6_ifreq
 *
 *   0..15   address
 *   16      prefix length (32 bits)
 *   20      interface index (32 bits)
 */
const IN6_IFREQ_SIZE = 24;
const IN6_IFREQ_PREFIX_LENGTH = 16;
const IN6_IFREQ_INDEX = 20;

/*
 * struct in6_rtmsg
 *
 *   0..15   destination
 *   16..31  source
 *   32..47  gateway
 *   48      type (32 bits)
 *   52      prefix length of the destination (16 bits)
 *   54      prefix length of the source (16 bits)
 *   56      metric (32 bits)
 *   60      info (a long, aligned as such), flags (32 bits), interface index (32 bits)
 */
const IN6_RTMSG_PREFIX_LENGTH = 52;
const IN6_RTMSG_METRIC = 56;
const IN6_RTMSG_INFO_UNALIGNED = 60;

/**
 * Kernel parameters of an interface that only carries what we put on it: no link-local address of
 * the kernel's choice, no autoconfiguration, and addresses that survive a moment of being down.
 */
const PARAMETERS: Readonly<Record<string, string>> = {
  addr_gen_mode: '1',
  accept_ra: '0',
  autoconf: '0',
  router_solicitations: '0',
  keep_addr_on_down: '1',
};

/** Addresses, routes, size and state of one network interface, by `ioctl`. */
export class NetworkInterface {
  readonly name: string;
  /** The kernel's number of the interface. */
  readonly index: number;

  readonly #libc: Libc;
  #fd: number;

  private constructor(libc: Libc, fd: number, name: string) {
    this.#libc = libc;
    this.#fd = fd;
    this.name = name;
    this.index = this.#get(SIOCGIFINDEX, 'looking up');
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
   * Switches IPv6 on where it is off by default, and what the kernel would add of itself off, as far
   * as the kernel knows and permits it.
   */
  prepare(): void {
    this.#setParameter('disable_ipv6', '0');
    for (const [parameter, value] of Object.entries(PARAMETERS)) {
      this.#setParameter(parameter, value);
    }
  }

  /** Sets the size of the largest packet, in bytes. */
  setMtu(mtu: number): void {
    if (this.#get(SIOCGIFMTU, 'reading the MTU of') === mtu) return;
    const request = this.#request();
    viewOf(request).setInt32(IFREQ_VALUE, mtu, LITTLE_ENDIAN);
    this.#check(this.#libc.ioctl(this.#fd, SIOCSIFMTU, request), `setting the MTU of ${this.name}`);
  }

  /** Whether packets can pass. */
  isUp(): boolean {
    return (this.#get(SIOCGIFFLAGS, 'reading the state of') & IFF_UP) !== 0;
  }

  /** Lets packets pass. */
  bringUp(): void {
    const flags = this.#get(SIOCGIFFLAGS, 'reading the state of') & 0xffff;
    if ((flags & IFF_UP) !== 0) return;
    const request = this.#request();
    viewOf(request).setUint16(IFREQ_VALUE, flags | IFF_UP, LITTLE_ENDIAN);
    this.#check(this.#libc.ioctl(this.#fd, SIOCSIFFLAGS, request), `bringing ${this.name} up`);
  }

  /** Adds an address with its on-link prefix; content when it is there. */
  addAddress(address: Prefix): void {
    // Whoever prepared the interface for a user without privileges gave it the address as well.
    if (this.#hasAddress(address)) return;
    const result = this.#libc.ioctl(this.#fd, SIOCSIFADDR, this.#addressRequest(address));
    this.#check(result, `adding an address to ${this.name}`, 'EEXIST');
  }

  /** Removes an address; content when it is gone. */
  removeAddress(address: Prefix): void {
    const result = this.#libc.ioctl(this.#fd, SIOCDIFADDR, this.#addressRequest(address));
    this.#check(result, `removing an address from ${this.name}`, 'EADDRNOTAVAIL', 'ENODEV');
  }

  /** Adds a route through the interface; content when it is there. */
  addRoute(prefix: Prefix, metric: number): void {
    const result = this.#libc.ioctl(this.#fd, SIOCADDRT, this.#routeRequest(prefix, metric));
    this.#check(result, `adding a route through ${this.name}`, 'EEXIST');
  }

  /** Removes a route; content when it is gone. */
  removeRoute(prefix: Prefix, metric: number): void {
    const result = this.#libc.ioctl(this.#fd, SIOCDELRT, this.#routeRequest(prefix, metric));
    this.#check(result, `removing a route through ${this.name}`, 'ESRCH', 'ENOENT', 'ENODEV');
  }

  close(): void {
    if (this.#fd >= 0) this.#libc.close(this.#fd);
    this.#fd = -1;
  }

  #request(): Uint8Array {
    const request = new Uint8Array(IFREQ_SIZE);
    request.set(new TextEncoder().encode(this.name));
    return request;
  }

  #get(number: number, doing: string): number {
    const request = this.#request();
    this.#check(this.#libc.ioctl(this.#fd, number, request), `${doing} ${this.name}`);
    return viewOf(request).getInt32(IFREQ_VALUE, LITTLE_ENDIAN);
  }

  #addressRequest({ bytes, length }: Prefix): Uint8Array {
    const request = new Uint8Array(IN6_IFREQ_SIZE);
    const view = viewOf(request);
    request.set(bytes);
    view.setUint32(IN6_IFREQ_PREFIX_LENGTH, length, LITTLE_ENDIAN);
    view.setInt32(IN6_IFREQ_INDEX, this.index, LITTLE_ENDIAN);
    return request;
  }

  #routeRequest({ bytes, length }: Prefix, metric: number): Uint8Array {
    const { longSize } = this.#libc;
    const info = Math.ceil(IN6_RTMSG_INFO_UNALIGNED / longSize) * longSize;
    const flags = info + longSize;
    const index = flags + 4;
    const request = new Uint8Array(index + 4);
    const view = viewOf(request);
    request.set(bytes);
    view.setUint16(IN6_RTMSG_PREFIX_LENGTH, length, LITTLE_ENDIAN);
    view.setUint32(IN6_RTMSG_METRIC, metric, LITTLE_ENDIAN);
    view.setUint32(flags, RTF_UP, LITTLE_ENDIAN);
    view.setInt32(index, this.index, LITTLE_ENDIAN);
    return request;
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
      // Not known to this kernel, or not ours to change, as in many containers.
    }
  }

  #check(result: number, doing: string, ...accepted: readonly string[]): void {
    if (result >= 0) return;
    const code = this.#libc.nameOf(this.#libc.errno());
    if (accepted.includes(code)) return;
    if (code === 'EPERM') {
      throw new StartError(code, `${doing} needs root or CAP_NET_ADMIN`);
    }
    if (code === 'EACCES') {
      // What the kernel says to an address on an interface whose parameter disable_ipv6 is set.
      const remedy = `run "sysctl net.ipv6.conf.${this.name}.disable_ipv6=0"`;
      throw new StartError(code, `${doing} failed, IPv6 is disabled there: ${remedy}`);
    }
    throw new StartError(code, `${doing} failed: ${code}`);
  }
}
