import { StartError } from '../../errors.js';
import type { InterfaceReport } from '../interfaceReport.js';
import { loadLibc } from '../kernel/libc.js';
import type { InterfacePlan } from '../ports/interfacePlan.js';
import type { PacketHandler, PacketPort } from '../ports/packetPort.js';
import { TunConfiguration } from './tunConfiguration.js';
import { checkInterfaceName, Tun } from './tunDevice.js';

/** Listener for events of a {@link TunPort} besides packets. */
export interface TunPortListener {
  /** Something of the interface could not be configured. */
  warning(error: StartError): void;
  /** The report about the interface is another one than before. */
  changed(): void;
  /** The interface was removed by someone else. */
  gone(error: StartError): void;
}

/** The local side as a network interface of the Linux kernel. */
export class TunPort implements PacketPort {
  readonly #tun: Tun;
  readonly #configuration: TunConfiguration;
  readonly #listener: TunPortListener;
  #closed = false;

  private constructor(tun: Tun, configuration: TunConfiguration, listener: TunPortListener) {
    this.#tun = tun;
    this.#configuration = configuration;
    this.#listener = listener;
  }

  /**
   * Creates the interface, with the MTU of the tunnel, and brings it up.
   *
   * @throws InvalidArgumentError for a name that no interface can have
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
    try {
      const configuration = TunConfiguration.open(libc, name, tun.created, {
        onWarning: (error) => listener.warning(error),
        onInterface: () => listener.changed(),
      });
      return new TunPort(tun, configuration, listener);
    } catch (error) {
      tun.close();
      throw error;
    }
  }

  /** The name of the interface. */
  get name(): string {
    return this.#tun.name;
  }

  get report(): InterfaceReport {
    return this.#configuration.report;
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

  /** Has nothing to do: each packet is written at once. */
  flush(): void {}

  configure(plan: InterfacePlan): void {
    this.#configuration.configure(plan);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#configuration.close();
    this.#tun.close();
  }
}
