import { isIPv6Routable, type UdpEndpoint } from '@6bed4/codec';
import { copyBytes, DESTINATION_OFFSET, hidesNd, isNd, NO_SLOT, SOURCE_OFFSET } from '@6bed4/nd';
import type { MachineOutput } from '../machine/output.js';
import { followHeader } from '../machine/run.js';
import { flowKey } from '../packet/rateLimiter.js';
import type { PathFinder } from '../peering/pathFinder.js';
import { Drop, type DropCode } from '../report/drop.js';
import { TUNNEL_MTU } from '../specification.js';
import { NdReceiver } from './ndReceiver.js';
import type { PeerParts } from './peerParts.js';
import { Corrector } from './sourceCorrector.js';
import { SourceFilter } from './sourceFilter.js';
import type { Uplink } from './uplink.js';
import type { Uplinks } from './uplinks.js';

/**
 * Receives the datagrams that come from the tunnel, through a router or directly: checks source and
 * destination of each packet, and delivers it to the local side.
 *
 * As the host at the end of the tunnel, it sends one ICMPv6 error alone: that a packet was too big (draft-01
 * §6.15). What its filters refuse is dropped in silence (draft-03 §6, draft-04 §4.2), hop limits end at the
 * entrance of the tunnel, and errors of RFC 4443 §3 about ports and headers are the local side's.
 */
export class DatagramReceiver {
  readonly #uplinks: Uplinks;
  readonly #paths: PathFinder;
  readonly #output: MachineOutput;
  readonly #sources: SourceFilter;
  readonly #corrector: Corrector;
  readonly #nd: NdReceiver;
  readonly #trapeziumNeeds6bed4: boolean;
  /** The last packet that was delivered: the remote that was found for its source, and whether it came directly. */
  #lastFound = NO_SLOT;
  #isLastDirect = false;

  constructor(parts: PeerParts) {
    this.#uplinks = parts.uplinks;
    this.#paths = parts.paths;
    this.#output = parts.output;
    this.#sources = new SourceFilter(parts);
    this.#corrector = new Corrector(parts);
    this.#nd = new NdReceiver(parts, this.#sources, this.#corrector);
    this.#trapeziumNeeds6bed4 = parts.settings.profile.dialect.trapeziumNeeds6bed4;
  }

  /** One whole IPv6 packet arrived; returns whether and why it is dropped. */
  receive(
    bytes: Uint8Array,
    offset: number,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const uplink = this.#uplinks.at(from);
    if (isNd(bytes, offset, length)) {
      return this.#nd.receive(bytes, offset, length, uplink, from, now);
    }
    if (hidesNd(bytes, offset, length)) return Drop.ndUnexpected;
    const paths = this.#paths;
    const source = offset + SOURCE_OFFSET;
    const remote = paths.find(bytes, source);
    const isDirect = uplink === null;
    // Most direct packets come from the very endpoint that a known remote's address encodes.
    // Stryker disable next-line EqualityOperator,IntegerLiteral: the slower check lets the remote in slot 0 pass, too.
    if (remote < 0 || (isDirect && !paths.isEncodedEndpoint(remote, from))) {
      const refused = this.#refuseSource(isDirect, bytes, offset, length, from, now);
      if (refused !== Drop.none) return refused;
    }
    const refused = this.#refuseDestination(remote, uplink, bytes, offset);
    if (refused !== Drop.none) return refused;
    if (length > TUNNEL_MTU) return this.#tooBig(isDirect, bytes, offset, length, from, now);
    if (uplink !== null) uplink.lastReceivedAt = now;
    paths.packetArrived(remote, isDirect, bytes, offset, length, now);
    this.#output.deliver(bytes, offset, length);
    this.#lastFound = remote;
    this.#isLastDirect = isDirect;
    return Drop.none;
  }

  /**
   * Delivers a run of packets like the one that {@link receive} just delivered.
   *
   * @returns false, with nothing done, unless that is all that would happen with each of them
   */
  repeat(bytes: Uint8Array, offset: number, length: number, size: number, now: number): boolean {
    const paths = this.#paths;
    const remote = this.#lastFound;
    const isDirect = this.#isLastDirect;
    // The first packet of a remote makes it known, which changes what is asked about the next.
    if (remote === NO_SLOT && paths.mayCreate(bytes, offset + SOURCE_OFFSET)) return false;
    if (!paths.arrivesAlike(remote, isDirect, bytes, offset, now)) return false;
    followHeader(bytes, offset, length, size);
    paths.runArrived(remote, isDirect, length, size, now);
    this.#output.deliverRun(bytes, offset, length, size);
    return true;
  }

  /** An empty datagram arrived: from a remote, that is a probe. */
  receiveEmpty(from: Readonly<UdpEndpoint>, now: number): void {
    if (this.#uplinks.at(from) === null) this.#paths.probed(from, now);
  }

  /** A frame with compressed headers arrived, which is dropped. */
  receiveCompressed(
    bytes: Uint8Array,
    offset: number,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): void {
    if (this.#uplinks.at(from) !== null) return;
    this.#corrector.refuseCompression(bytes, offset, length, from, now);
  }

  #refuseSource(
    isDirect: boolean,
    bytes: Uint8Array,
    offset: number,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const source = offset + SOURCE_OFFSET;
    if (!isDirect) return isIPv6Routable(bytes, source) ? Drop.none : Drop.sourceNotAllowed;
    const refused = this.#sources.refuseDirect(bytes, source, from, now);
    if (refused !== Drop.none) {
      this.#corrector.correctSource(refused, bytes, offset, length, from, now);
    }
    return refused;
  }

  /** Reports to the sender of a packet, on the path that it took, that it is too big (draft-01 §6.15). */
  #tooBig(
    isDirect: boolean,
    bytes: Uint8Array,
    offset: number,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): DropCode {
    const destination = offset + DESTINATION_OFFSET;
    const own = copyBytes(bytes, destination, destination + 16);
    // Behind a router, senders are known by their IPv6 addresses alone.
    const key = isDirect ? from.addressBits : flowKey(bytes, offset);
    const error = this.#output.errorAbout(Drop.tooBig, own, bytes, offset, length, key, now);
    if (error !== null) this.#output.send(from, error, 0, error.length);
    return Drop.tooBig;
  }

  /**
   * Accepts packets for an address of ours, and directly also for the one under which their sender sees
   * us. A router may bring packets for the address that it gave, from anywhere but from ourselves (draft-03
   * §6, draft-04 §4.2); see {@link Uplink.accepts}.
   */
  #refuseDestination(
    remote: number,
    uplink: Uplink | null,
    bytes: Uint8Array,
    offset: number,
  ): DropCode {
    const uplinks = this.#uplinks;
    const source = offset + SOURCE_OFFSET;
    const destination = offset + DESTINATION_OFFSET;
    if (uplink === null) {
      const owner = uplinks.owning(bytes, destination);
      if (owner !== null) {
        return owner.lease!.is6bed4Prefixed
          ? Drop.none
          : this.#refuseTrapezium(bytes, source, destination);
      }
    } else if (
      uplink.accepts(bytes, source, destination) &&
      // A remote is not ourselves.
      (remote >= 0 || uplinks.owning(bytes, source) === null)
    ) {
      return Drop.none;
    }
    return this.#refuseForeign(remote, uplink === null, bytes, offset);
  }

  #refuseTrapezium(bytes: Uint8Array, source: number, destination: number): DropCode {
    return !this.#trapeziumNeeds6bed4 || this.#sources.allowsTrapezium(bytes, source, destination)
      ? Drop.none
      : Drop.sourceNotAllowed;
  }

  /** Decides about a packet that is for none of our addresses, or from ourselves. */
  #refuseForeign(remote: number, isDirect: boolean, bytes: Uint8Array, offset: number): DropCode {
    const destination = offset + DESTINATION_OFFSET;
    const source = offset + SOURCE_OFFSET;
    if (isDirect && this.#paths.isBoundAddress(remote, bytes, destination)) {
      return this.#refuseTrapezium(bytes, source, destination);
    }
    if (isDirect && this.#uplinks.isLinkLocal(bytes, destination)) return Drop.none;
    if (!isDirect && this.#uplinks.owning(bytes, source) !== null) return Drop.loop;
    // An address of ours, but this router may not bring that.
    if (this.#uplinks.owning(bytes, destination) !== null) return Drop.sourceNotAllowed;
    return isIPv6Routable(bytes, destination)
      ? Drop.destinationNotOurs
      : Drop.destinationNotAllowed;
  }
}
