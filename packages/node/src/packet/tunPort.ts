import { type Prefix, parseIPv6, parsePrefix } from '@6bed4/codec';
import { TUNNEL_MTU } from '@6bed4/tunnel';
import { StartError } from '../errors.js';
import { NetworkInterface } from '../linux/interface.js';
import { type Libc, loadLibc } from '../linux/libc.js';
import { LinkMonitor } from '../linux/linkMonitor.js';
import { checkInterfaceName, Tun } from '../linux/tun.js';
import { EMPTY_PLAN, type InterfacePlan } from './interfacePlan.js';
import type { PacketHandler, PacketPort } from './packetPort.js';

/** What a {@link TunPort} tells besides packets. */
export interface TunPortListener {
  /** The interface could not be set up again after it had been down. */
  warning(error: StartError): void;
  /** The interface was removed by someone else. */
  gone(error: StartError): void;
}

/** The local side as a network interface of the Linux kernel. */
export class TunPort implements PacketPort {
  readonly #tun: Tun;
  readonly #interface: NetworkInterface;
  readonly #listener: TunPortListener;
  readonly #monitor: LinkMonitor | null;
  #plan: InterfacePlan = EMPTY_PLAN;
  #closed = false;

  private constructor(libc: Libc, tun: Tun, device: NetworkInterface, listener: TunPortListener) {
    this.#tun = tun;
    this.#interface = device;
    this.#listener = listener;
    this.#monitor = LinkMonitor.open(libc, device.index, () => this.#restore());
  }

  /**
   * Creates the interface, with the tunnel's MTU, and brings it up.
   *
   * @throws UsageError for a name that no interface can have
   * @throws StartError when that is not possible
   */
  static async open(name: string, listener: TunPortListener): Promise<TunPort> {
    checkInterfaceName(name);
    if (process.platform !== 'linux') {
      const message = `TUN interfaces need Linux, found ${process.platform}: do without`;
      throw new StartError('ENOTSUP', message);
    }
    const libc = await loadLibc();
    const tun = Tun.open(libc, name);
    let device: NetworkInterface | null = null;
    try {
      device = NetworkInterface.open(libc, name);
      device.prepare();
      device.setMtu(TUNNEL_MTU);
      device.bringUp();
      return new TunPort(libc, tun, device, listener);
    } catch (error) {
      device?.close();
      tun.close();
      throw error;
    }
  }

  /** The name of the interface. */
  get name(): string {
    return this.#tun.name;
  }

  get dropped(): number {
    return this.#tun.dropped;
  }

  start(handler: PacketHandler): void {
    this.#tun.start(handler, () => {
      this.#listener.gone(new StartError('ENODEV', `the interface ${this.name} was removed`));
    });
  }

  deliver(bytes: Uint8Array, offset: number, length: number): void {
    this.#tun.write(bytes, offset, length);
  }

  /** Packets go to the kernel as they come. */
  flush(): void {}

  configure(plan: InterfacePlan): void {
    const previous = this.#plan;
    this.#plan = plan;
    this.#remove(previous, plan);
    this.#add(plan, previous);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#monitor?.close();
    // What was created goes with all that it carries; what was prepared for us stays behind clean.
    if (!this.#tun.created) {
      try {
        this.#remove(this.#plan, EMPTY_PLAN);
      } catch {
        // Removed by someone else already.
      }
    }
    this.#interface.close();
    this.#tun.close();
  }

  /** Adds all that is in one plan and not in the other, and then throws the first failure. */
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
      this.#listener.warning(error);
    }
  }
}

/** Reads `address/length` where the address has bits beyond the length. */
function parseInterfaceAddress(text: string): Prefix {
  const slash = text.indexOf('/');
  return { bytes: parseIPv6(text.slice(0, slash)), length: Number(text.slice(slash + 1)) };
}

/** What is in `wanted` and not in `present`; both are short. */
function missing<T>(wanted: readonly T[], present: readonly T[]): T[] {
  const known = new Set(present.map((one) => JSON.stringify(one)));
  return wanted.filter((one) => !known.has(JSON.stringify(one)));
}

/** Runs all; throws the first failure when all have been tried. */
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
