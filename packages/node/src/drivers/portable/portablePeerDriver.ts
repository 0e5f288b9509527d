import type { Endpoint } from '@6bed4/codec';
import type { Peer, RemoteSnapshot, UplinkSnapshot } from '@6bed4/tunnel';
import { plainBytes } from '../../plainBytes.js';
import type { PeerDriver } from '../driver.js';
import { openParts, PortableDriver, type PortableDriverOptions } from './portableDriver.js';

/** The portable driver of a peer. */
export class PortablePeerDriver extends PortableDriver<Peer> implements PeerDriver {
  /** Makes a driver; nothing flows yet. @throws InvalidArgumentError, StartError as {@link openParts} */
  static async open(options: PortableDriverOptions<Peer>): Promise<PortablePeerDriver> {
    return new PortablePeerDriver(await openParts(options));
  }

  override start(): void {
    super.start();
    this.run((peer, now) => peer.start(now));
  }

  uplinks(): readonly UplinkSnapshot[] {
    return this.machine.uplinks;
  }

  get searchesLan(): boolean {
    return this.machine.searchesLan;
  }

  setLocalSubnets(subnets: readonly string[]): void {
    this.run((peer) => peer.setLocalSubnets(subnets));
  }

  stop(): void {
    this.run((peer, now) => peer.stop(now));
  }

  solicit(): void {
    this.run((peer, now) => peer.solicit(now));
  }

  remotes(): readonly RemoteSnapshot[] {
    return this.run((peer, now) => peer.remotes(now)) ?? [];
  }

  addRouter(router: Endpoint | string): void {
    this.run((peer, now) => peer.addRouter(router, now));
  }

  setRouters(routers: readonly Endpoint[]): void {
    this.run((peer, now) => peer.setRouters(routers, now));
  }

  removeRouter(router: Endpoint | string): void {
    this.run((peer) => peer.removeRouter(router));
  }

  sendOpportunistic(packet: Uint8Array): number {
    // The machine counts the hop limit down in place, and may have to be waited for.
    const copy = plainBytes(packet).slice();
    return this.run((peer, now) => peer.handleOpportunisticPacket(copy, 0, copy.length, now)) ?? 0;
  }

  reportReply(number: number): boolean {
    return this.run((peer, now) => peer.reportReply(number, now)) ?? false;
  }
}
