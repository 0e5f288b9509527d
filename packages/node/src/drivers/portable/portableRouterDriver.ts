import type { Router } from '@6bed4/tunnel';
import type { OfferedPrefixes, RouterDriver } from '../driver.js';
import { openParts, PortableDriver, type PortableDriverOptions } from './portableDriver.js';

/** The portable driver of a router. */
export class PortableRouterDriver extends PortableDriver<Router> implements RouterDriver {
  /** Makes a driver; nothing flows yet. @throws InvalidArgumentError, StartError as {@link openParts} */
  static async open(options: PortableDriverOptions<Router>): Promise<PortableRouterDriver> {
    return new PortableRouterDriver(await openParts(options));
  }

  get address(): string {
    return this.machine.address;
  }

  get prefix(): string {
    return this.machine.prefix;
  }

  setRoutes(routes: OfferedPrefixes): void {
    this.run((router) => router.setRoutes(routes));
  }
}
