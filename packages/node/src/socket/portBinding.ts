import type { RemoteInfo } from 'node:dgram';
import { sameBytes } from './bytes.js';
import { LOOPBACK } from './destinationAddress.js';
import type { SystemErrorCode } from './dgramErrors.js';
import { SocketCounters } from './socketCounters.js';

const ADDRESS_BYTES = 16;
/** What stands for a lanip where a packet was sent to ::1. */
export const LOOPBACK_LANIP = -1;

/** Where a socket is bound: at all addresses with one lanip, at one of them, or at ::1. */
export type BoundPlace =
  | { readonly kind: 'any'; readonly lanip: number; readonly hasLoopback: boolean }
  | { readonly kind: 'address'; readonly lanip: number; readonly router: string }
  | { readonly kind: 'loopback' };

/** Whether two places have an address in common. */
export function placesOverlap(left: BoundPlace, right: BoundPlace): boolean {
  if (left.kind === 'loopback' || right.kind === 'loopback') {
    const other = left.kind === 'loopback' ? right : left;
    return other.kind === 'loopback' || (other.kind === 'any' && other.hasLoopback);
  }
  if (left.lanip !== right.lanip) return false;
  return left.kind === 'any' || right.kind === 'any' || left.router === right.router;
}

/** Whom a {@link Binding} delivers to. */
export interface Receiver {
  received(message: Buffer, from: RemoteInfo): void;
  /** What was sent to the connected remote was refused on the way. */
  refused(code: SystemErrorCode): void;
}

/** A socket in its place: bound to a port, perhaps connected, perhaps a member of multicast groups. */
export class Binding {
  readonly place: BoundPlace;
  readonly port: number;
  /** Whether others who allow that too may be at the same place. */
  readonly mayShare: boolean;
  readonly receiver: Receiver;
  readonly counters = new SocketCounters();
  readonly groups = new Set<string>();
  /** Bytes of datagrams from this process that wait for the receiver, and the most that may. */
  waiting = 0;
  capacity: number;
  /** The address it is connected to, or null. */
  remote: Uint8Array | null = null;
  remotePort = 0;
  isOpen = true;
  /** Whether what it sends to a group that it is a member of comes back to it. */
  hearsItself = true;
  /** The one address that it is at, as it is now; null when it is at several, or while it has none. */
  address: Uint8Array | null;

  constructor(
    receiver: Receiver,
    place: BoundPlace,
    port: number,
    mayShare: boolean,
    capacity: number,
  ) {
    this.receiver = receiver;
    this.place = place;
    this.port = port;
    this.mayShare = mayShare;
    this.capacity = capacity;
    this.address = place.kind === 'loopback' ? LOOPBACK : null;
  }

  get isAtOneAddress(): boolean {
    return this.place.kind !== 'any';
  }

  /** Whether packets to the address at `offset` are for this place. */
  takesAddress(bytes: Uint8Array, offset: number, lanip: number): boolean {
    const { place } = this;
    if (place.kind === 'any') {
      return lanip === LOOPBACK_LANIP ? place.hasLoopback : place.lanip === lanip;
    }
    return this.address !== null && sameBytes(this.address, 0, bytes, offset, ADDRESS_BYTES);
  }
}
