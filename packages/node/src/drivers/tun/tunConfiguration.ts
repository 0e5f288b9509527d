import { type Prefix, parseIPv6 } from '@6bed4/codec';
import { TUNNEL_MTU } from '@6bed4/tunnel';
import { StartError } from '../../errors.js';
import { setImmediate } from '../../realTimers.js';
import type { Libc } from '../kernel/libc.js';
import { endConnectionsFrom } from '../kernel/socketDiagnosis.js';
import { EMPTY_PLAN, type InterfacePlan } from '../ports/interfacePlan.js';
import { InterfaceRouting } from './interfaceRouting.js';
import { LinkMonitor } from './linkMonitor.js';
import { NetworkInterface } from './networkInterface.js';

/**
 * Addresses, routes, MTU and state of a TUN interface that is held open elsewhere, with the rules and
 * labels that belong to it. Those do not vanish with the interface, so they are removed also when this
 * process ends by an error; what a killed one left, the next one removes.
 */
export class TunConfiguration {
  readonly #libc: Libc;
  readonly #interface: NetworkInterface;
  readonly #routing: InterfaceRouting;
  readonly #created: boolean;
  readonly #onWarning: (error: StartError) => void;
  readonly #monitor: LinkMonitor | null;
  #plan: InterfacePlan = EMPTY_PLAN;
  /** Whether the rules of the plan are in place; without, its table must stay empty. */
  #hasRules = false;
  #closed = false;

  private constructor(
    libc: Libc,
    device: NetworkInterface,
    created: boolean,
    onWarning: (error: StartError) => void,
  ) {
    this.#libc = libc;
    this.#interface = device;
    this.#routing = new InterfaceRouting(libc, device);
    this.#created = created;
    this.#onWarning = onWarning;
    this.#monitor = LinkMonitor.open(libc, device.index, () => this.#restore());
    this.#routing.removeLeftovers();
    process.on('exit', this.#onExit);
  }

  /**
   * Sets the MTU of the tunnel, and brings the interface up.
   *
   * @param created - whether the kernel removes the interface when it is closed; otherwise
   *   {@link close} removes addresses and routes
   * @param onWarning - called some time later when routes, rules or labels could not be set, or the
   *   interface could not be configured again after it had been down
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
   * Makes the addresses, routes, rules and labels of the interface exactly these, and ends the TCP connections
   * from addresses that are no more.
   *
   * @throws StartError when the system refuses an address, after all else was set
   */
  configure(plan: InterfacePlan): void {
    const previous = this.#plan;
    this.#plan = plan;
    this.#remove(previous, plan);
    this.#add(plan, previous);
    this.#prefer(plan, previous);
    // Nobody answers them any more: their programs would wait for minutes.
    for (const address of missing(previous.addresses, plan.addresses)) {
      endConnectionsFrom(this.#libc, parseInterfaceAddress(address));
    }
  }

  /** To be called once, before the interface itself is closed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    process.off('exit', this.#onExit);
    this.#monitor?.close();
    // The kernel removes a created interface with its addresses and routes; a prepared one stays.
    const kept = this.#created ? { ...this.#plan, rules: [], labels: [] } : EMPTY_PLAN;
    // What cannot be removed was removed by someone else, with the interface.
    attemptAll(this.#removals(this.#plan, kept));
    this.#interface.close();
  }

  readonly #onExit = (): void => this.close();

  /** Adds all that is in `plan` and not in `except`, and then throws the first failure of an address. */
  #add(plan: InterfacePlan, except: InterfacePlan): void {
    const device = this.#interface;
    const routing = this.#routing;
    const addresses = missing(plan.addresses, except.addresses);
    const failures = attemptAll(
      addresses.map((address) => () => device.addAddress(parseInterfaceAddress(address))),
    );
    const rules = missing(plan.rules, except.rules);
    const ruleFailures = attemptAll(rules.map((rule) => () => routing.addRule(rule)));
    // A kernel without rules has one table only, where no offered route may be.
    if (rules.length > 0) this.#hasRules = ruleFailures.length === 0;
    const routes = missing(plan.routes, except.routes).filter(
      ({ table }) => table === 'main' || this.#hasRules,
    );
    const labels = missing(plan.labels, except.labels);
    this.#warn([
      ...ruleFailures,
      ...attemptAll([
        ...routes.map((route) => () => routing.addRoute(route)),
        ...labels.map((prefix) => () => routing.addLabel(prefix)),
      ]),
    ]);
    if (failures[0] !== undefined) throw failures[0];
  }

  /** Deprecates what is deprecated in `plan` and not in `previous`, and the other way round. */
  #prefer(plan: InterfacePlan, previous: InterfacePlan): void {
    const prefer = (address: string, isPreferred: boolean) => () =>
      this.#interface.preferAddress(parseInterfaceAddress(address), isPreferred);
    const kept = previous.deprecated.filter((one) => plan.addresses.includes(one));
    this.#warn(
      attemptAll([
        ...missing(kept, plan.deprecated).map((address) => prefer(address, true)),
        ...missing(plan.deprecated, previous.deprecated).map((address) => prefer(address, false)),
      ]),
    );
  }

  #remove(plan: InterfacePlan, except: InterfacePlan): void {
    this.#warn(attemptAll(this.#removals(plan, except)));
  }

  #removals(plan: InterfacePlan, except: InterfacePlan): (() => void)[] {
    const device = this.#interface;
    const routing = this.#routing;
    const routes = missing(plan.routes, except.routes).filter(
      ({ table }) => table === 'main' || this.#hasRules,
    );
    return [
      ...missing(plan.rules, except.rules).map((rule) => () => routing.removeRule(rule)),
      ...routes.map((route) => () => routing.removeRoute(route)),
      ...missing(plan.labels, except.labels).map((prefix) => () => routing.removeLabel(prefix)),
      ...missing(plan.addresses, except.addresses).map(
        (address) => () => device.removeAddress(parseInterfaceAddress(address)),
      ),
    ];
  }

  /** Warns once of each kind of failure, when a caller has had time to listen. */
  #warn(failures: readonly StartError[]): void {
    const kinds = new Map(failures.map((failure) => [failure.message, failure]));
    for (const failure of kinds.values()) setImmediate(() => this.#onWarning(failure));
  }

  #restore(): void {
    try {
      this.#add(this.#plan, EMPTY_PLAN);
      this.#prefer(this.#plan, EMPTY_PLAN);
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

/** Runs all, and returns the failures. */
function attemptAll(actions: readonly (() => void)[]): StartError[] {
  const failures: StartError[] = [];
  for (const action of actions) {
    try {
      action();
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      failures.push(error);
    }
  }
  return failures;
}
