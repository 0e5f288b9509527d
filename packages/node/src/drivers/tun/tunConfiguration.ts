import { type Prefix, parseIPv6, parsePrefix } from '@6bed4/codec';
import { TUNNEL_MTU } from '@6bed4/tunnel';
import { StartError } from '../../errors.js';
import type { Libc } from '../kernel/libc.js';
import { EMPTY_PLAN, type InterfacePlan } from '../ports/interfacePlan.js';
import { LinkMonitor } from './linkMonitor.js';
import { NetworkInterface } from './networkInterface.js';

/** Addresses, routes, MTU and state of a TUN interface that is held open elsewhere. */
export class TunConfiguration {
  readonly #interface: NetworkInterface;
  readonly #created: boolean;
  readonly #onWarning: (error: StartError) => void;
  readonly #monitor: LinkMonitor | null;
  #plan: InterfacePlan = EMPTY_PLAN;

  private constructor(
    libc: Libc,
    device: NetworkInterface,
    created: boolean,
    onWarning: (error: StartError) => void,
  ) {
    this.#interface = device;
    this.#created = created;
    this.#onWarning = onWarning;
    this.#monitor = LinkMonitor.open(libc, device.index, () => this.#restore());
  }

  /**
   * Sets the MTU of the tunnel, and brings the interface up.
   *
   * @param created - whether the kernel removes the interface when it is closed; otherwise
   *   {@link close} removes addresses and routes
   * @param onWarning - called when the interface could not be configured again after it had been down
   * @throws StartError when that is not possible
   */
  static open(
    libc: Libc,
    name: string,
    created: boolean,
    onWarning: (error: StartError) => void,
  ): TunConfiguration {
    const device = NetworkInterface.open(libc, name);
    try {
      device.prepare();
      device.setMtu(TUNNEL_MTU);
      device.bringUp();
      return new TunConfiguration(libc, device, created, onWarning);
    } catch (error) {
      device.close();
      throw error;
    }
  }

  /**
   * Makes the addresses and routes of the interface exactly these.
   *
   * @throws StartError when the system refuses one of them, after the others were set
   */
  configure(plan: InterfacePlan): void {
    const previous = this.#plan;
    this.#plan = plan;
    this.#remove(previous, plan);
    this.#add(plan, previous);
  }

  /** To be called once, before the interface itself is closed. */
  close(): void {
    this.#monitor?.close();
    // The kernel removes a created interface with its addresses and routes; a prepared one stays.
    if (!this.#created) {
      try {
        this.#remove(this.#plan, EMPTY_PLAN);
      } catch {
        // The interface was removed by someone else already.
      }
    }
    this.#interface.close();
  }

  /** Adds all that is in `plan` and not in `except`, and then throws the first failure. */
  #add(plan: InterfacePlan, except: InterfacePlan): void {
    const device = this.#interface;
    attemptAll([
      ...missing(plan.addresses, except.addresses).map(
        (address) => () => device.addAddress(parseInterfaceAddress(address)),
      ),
      ...missing(plan.routes, except.routes).map(
        ({ prefix, metric }) =>
          () =>
            device.addRoute(parsePrefix(prefix), metric),
      ),
    ]);
  }

  #remove(plan: InterfacePlan, except: InterfacePlan): void {
    const device = this.#interface;
    attemptAll([
      ...missing(plan.routes, except.routes).map(
        ({ prefix, metric }) =>
          () =>
            device.removeRoute(parsePrefix(prefix), metric),
      ),
      ...missing(plan.addresses, except.addresses).map(
        (address) => () => device.removeAddress(parseInterfaceAddress(address)),
      ),
    ]);
  }

  #restore(): void {
    try {
      this.#add(this.#plan, EMPTY_PLAN);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.#onWarning(error);
    }
  }
}

/** Reads `address/length` where the address has bits beyond the length. */
function parseInterfaceAddress(text: string): Prefix {
  const slash = text.indexOf('/');
  return { bytes: parseIPv6(text.slice(0, slash)), length: Number(text.slice(slash + 1)) };
}

/** The elements of `wanted` that are not in `present`; both are short. */
function missing<T>(wanted: readonly T[], present: readonly T[]): T[] {
  const known = new Set(present.map((one) => JSON.stringify(one)));
  return wanted.filter((one) => !known.has(JSON.stringify(one)));
}

/** Runs all, and then throws the first failure. */
function attemptAll(actions: readonly (() => void)[]): void {
  const failures: unknown[] = [];
  for (const action of actions) {
    try {
      action();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
