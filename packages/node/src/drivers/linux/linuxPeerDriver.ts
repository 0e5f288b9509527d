import type { Endpoint } from '@6bed4/codec';
import type { RemoteSnapshot, UplinkSnapshot } from '@6bed4/tunnel';
import type { PeerDriver } from '../driver.js';
import { LinuxDriver, type LinuxDriverOptions, openLinux } from './linuxDriver.js';
import type { PeerPlan } from './workerProtocol.js';

/** The Linux driver of a peer. */
export class LinuxPeerDriver extends LinuxDriver implements PeerDriver {
  #uplinks: readonly UplinkSnapshot[] = [];
  #searchesLan = false;

  /** Makes a driver that solicits no router yet. @throws InvalidArgumentError, StartError as {@link openLinux} */
  static open(options: LinuxDriverOptions<PeerPlan>): Promise<LinuxPeerDriver> {
    return openLinux(options, (parts) => new LinuxPeerDriver(parts));
  }

  override start(): void {
    this.request({ type: 'start' });
  }

  uplinks(): readonly UplinkSnapshot[] {
    this.#uplinks = this.request({ type: 'uplinks' }) ?? this.#uplinks;
    return this.#uplinks;
  }

  get searchesLan(): boolean {
    this.#searchesLan = this.request({ type: 'searchesLan' }) ?? this.#searchesLan;
    return this.#searchesLan;
  }

  setLocalSubnets(subnets: readonly string[]): void {
    this.request({ type: 'setLocalSubnets', subnets });
  }

  stop(): void {
    this.request({ type: 'stop' });
  }

  solicit(): void {
    this.request({ type: 'solicit' });
  }

  remotes(): readonly RemoteSnapshot[] {
    return this.request({ type: 'remotes' }) ?? [];
  }

  addRouter(router: Endpoint | string): void {
    this.request({ type: 'addRouter', router });
  }

  setRouters(routers: readonly Endpoint[]): void {
    this.request({ type: 'setRouters', routers });
  }

  removeRouter(router: Endpoint | string): void {
    this.request({ type: 'removeRouter', router });
  }

  sendOpportunistic(packet: Uint8Array): number {
    return this.request({ type: 'sendOpportunistic', packet }) ?? 0;
  }

  reportReply(number: number): boolean {
    return this.request({ type: 'reportReply', number }) ?? false;
  }

  override remember(): void {
    super.remember();
    this.#uplinks = this.uplinks();
    this.#searchesLan = this.searchesLan;
  }
}
