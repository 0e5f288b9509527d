import type { OfferedPrefixes, RouterDriver } from '../driver.js';
import { LinuxDriver, type LinuxDriverOptions, openLinux } from './linuxDriver.js';
import type { RouterPlan } from './workerProtocol.js';

/** The Linux driver of a router. */
export class LinuxRouterDriver extends LinuxDriver implements RouterDriver {
  #address = '';
  #prefix = '';

  /** Makes a driver; packets flow already. @throws InvalidArgumentError, StartError as {@link openLinux} */
  static open(options: LinuxDriverOptions<RouterPlan>): Promise<LinuxRouterDriver> {
    return openLinux(options, (parts) => new LinuxRouterDriver(parts));
  }

  get address(): string {
    this.#address = this.request({ type: 'address' }) ?? this.#address;
    return this.#address;
  }

  get prefix(): string {
    this.#prefix = this.request({ type: 'prefix' }) ?? this.#prefix;
    return this.#prefix;
  }

  setRoutes(routes: OfferedPrefixes): void {
    this.requestAll({ type: 'setRoutes', routes });
  }

  override remember(): void {
    super.remember();
    this.#address = this.address;
    this.#prefix = this.prefix;
  }
}
