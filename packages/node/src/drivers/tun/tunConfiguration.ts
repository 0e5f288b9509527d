import { prefixContains } from '@6bed4/codec';
import type { StartError } from '../../errors.js';
import { setImmediate } from '../../realTimers.js';
import type { InterfaceReport } from '../interfaceReport.js';
import type { Libc } from '../kernel/libc.js';
import type { NetlinkEvents } from '../kernel/netlinkEvents.js';
import { endConnectionsFrom } from '../kernel/socketDiagnosis.js';
import { EMPTY_PLAN, type InterfacePlan } from '../ports/interfacePlan.js';
import { type Failure, InterfaceKeeper } from './interfaceKeeper.js';
import { parseInterfaceAddress } from './interfaceParts.js';
import { InterfaceRouting } from './interfaceRouting.js';
import { NetworkInterface } from './networkInterface.js';
import { watchInterface } from './watchInterface.js';

/** Milliseconds from a change to the comparison: others often change several things at once. */
const AFTER_CHANGE = 100;
/** Milliseconds between comparisons: the kernel tells nothing of labels, and may lose what it tells. */
const WHEN_COMPLETE = 10_000;
/** The same where something is missing; doubled each time. */
const WHEN_MISSING = 1_000;

/** Listener for reports of a {@link TunConfiguration}. */
export interface TunConfigurationListener {
  /** Something could not be set, or someone keeps removing it; told once. */
  onWarning(error: StartError): void;
  /** Something that was missing is in place, or the other way round. */
  onInterface(): void;
}

/**
 * Addresses, routes, MTU and state of a TUN interface that is held open elsewhere, with the rules and
 * labels that belong to it. Whatever others remove is put back. Rules and labels do not vanish with the interface, so
 * they are removed also when this process ends by an error; what a killed one left, the next one removes.
 */
export class TunConfiguration {
  readonly #libc: Libc;
  readonly #interface: NetworkInterface;
  readonly #keeper: InterfaceKeeper;
  readonly #created: boolean;
  readonly #listener: TunConfigurationListener;
  readonly #events: NetlinkEvents | null;
  #plan: InterfacePlan = EMPTY_PLAN;
  /** Messages that the user has. */
  #warned: ReadonlySet<string> = new Set();
  #reported = JSON.stringify([[], []]);
  #pause = WHEN_MISSING;
  #timer: NodeJS.Timeout | undefined;
  #isChanged = false;
  #closed = false;

  private constructor(
    libc: Libc,
    device: NetworkInterface,
    created: boolean,
    listener: TunConfigurationListener,
  ) {
    const routing = new InterfaceRouting(libc, device);
    this.#libc = libc;
    this.#interface = device;
    this.#keeper = new InterfaceKeeper(device, routing, () => performance.now());
    this.#created = created;
    this.#listener = listener;
    this.#events = watchInterface(libc, device.index, () => this.#onChange());
    removeLeftovers(device, routing);
    process.on('exit', this.#onExit);
    // The user cannot listen yet: what fails now fails again soon.
    this.#keeper.compare();
    this.#schedule();
  }

  /**
   * Sets the MTU of the tunnel, and brings the interface up; what cannot be done now is tried again.
   *
   * @param created - whether the kernel removes the interface when it is closed; otherwise
   *   {@link close} removes addresses and routes
   * @throws StartError when there is no such interface
   */
  static open(
    libc: Libc,
    name: string,
    created: boolean,
    listener: TunConfigurationListener,
  ): TunConfiguration {
    const device = NetworkInterface.open(libc, name);
    try {
      device.enableIPv6();
      device.setParameters();
      return new TunConfiguration(libc, device, created, listener);
    } catch (error) {
      device.close();
      throw error;
    }
  }

  /** How the interface is. */
  get report(): InterfaceReport {
    return this.#keeper.report;
  }

  /**
   * Makes the addresses, routes, rules and labels of the interface exactly these, and ends the TCP connections
   * from addresses that are no more.
   *
   * @throws StartError when the system refuses an address, after all else was set; it is tried again
   */
  configure(plan: InterfacePlan): void {
    const previous = this.#plan;
    this.#plan = plan;
    const remaining = new Map(this.#keeper.plan(plan).map((error) => [error.message, error]));
    for (const failure of remaining.values()) this.#warn(failure);
    const failures = this.#keeper.compare();
    const refused = failures.find(({ kind }) => kind === 'address');
    this.#tell(failures, refused?.error);
    // Nobody answers them any more: their programs would wait for minutes.
    for (const address of previous.addresses.filter((one) => !plan.addresses.includes(one))) {
      endConnectionsFrom(this.#libc, parseInterfaceAddress(address));
    }
    if (refused !== undefined) throw refused.error;
  }

  /** To be called once, before the interface itself is closed. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    process.off('exit', this.#onExit);
    this.#events?.close();
    // The kernel removes a created interface with its addresses and routes; a prepared one stays. What cannot be
    // removed was removed by someone else, with the interface.
    this.#keeper.remove(new Set(), this.#created ? ['address', 'route'] : []);
    this.#interface.close();
  }

  readonly #onExit = (): void => this.close();

  readonly #onTime = (): void => {
    this.#isChanged = false;
    this.#tell(this.#keeper.compare(), undefined);
  };

  #onChange(): void {
    if (this.#isChanged) return;
    this.#isChanged = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onTime, AFTER_CHANGE).unref();
  }

  /** Compares again later, the sooner if something is missing. */
  #schedule(): void {
    const isComplete = this.#keeper.report.missing.length === 0;
    const pause = isComplete ? WHEN_COMPLETE : this.#pause;
    this.#pause = isComplete ? WHEN_MISSING : Math.min(this.#pause * 2, WHEN_COMPLETE);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onTime, pause).unref();
  }

  /** Tells what is new about the interface, except for what the caller is told. */
  #tell(failures: readonly Failure[], told: StartError | undefined): void {
    if (!this.#isChanged) this.#schedule();
    const messages = new Map(failures.map(({ error }) => [error.message, error]));
    for (const [message, error] of messages) {
      if (!this.#warned.has(message) && message !== told?.message) this.#warn(error);
    }
    this.#warned = new Set(messages.keys());
    const { missing, disputed } = this.#keeper.report;
    const reported = JSON.stringify([missing, disputed]);
    if (reported === this.#reported) return;
    this.#reported = reported;
    setImmediate(() => {
      if (!this.#closed) this.#listener.onInterface();
    });
  }

  /** Warns when a caller has had time to listen. */
  #warn(failure: StartError): void {
    setImmediate(() => this.#listener.onWarning(failure));
  }
}

/** Removes what a killed process left, also its addresses of an interface that outlived it. */
function removeLeftovers(device: NetworkInterface, routing: InterfaceRouting): void {
  const sources = routing.removeLeftovers();
  for (const { address } of device.addresses()) {
    const isLeft = sources.some((source) => prefixContains(source, address.bytes, 0));
    if (isLeft) device.tryRemoveAddress(address);
  }
}
