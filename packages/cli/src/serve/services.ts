import type { Network } from '../relay/network.js';
import type { RunningService, ServeOptions, ServiceCounts } from './runningService.js';
import type { Service } from './service.js';
import { TcpService } from './tcpService.js';
import { UdpService } from './udpService.js';

/** The services of this computer that are published at the 6bed4 address. */
export class Services {
  readonly #all: readonly RunningService[];

  constructor(services: readonly Service[], network: Network, options: ServeOptions) {
    this.#all = services.map((service) =>
      service.protocol === 'tcp'
        ? new TcpService(service, network, options)
        : new UdpService(service, network, options),
    );
  }

  /** @throws StartError when a port cannot be listened on */
  async listen(): Promise<void> {
    for (const service of this.#all) await service.listen();
  }

  /** What was counted about each, in `6bed4 status --json`. */
  counts(): ServiceCounts[] {
    return this.#all.map((service) => service.counts());
  }

  close(): void {
    for (const service of this.#all) service.close();
  }
}
