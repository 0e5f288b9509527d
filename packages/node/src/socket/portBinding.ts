import type { RemoteInfo } from 'node:dgram';
import { sameIPv6Address } from '@6bed4/codec';
import { LOOPBACK } from './destinationAddress.js';
import type { SystemErrorCode } from './dgramErrors.js';
import { SocketCounters } from './socketCounters.js';

/** In place of a lanip, for packets to ::1. */
export const LOOPBACK_LANIP = -1;

/** The addresses that a socket is bound to: all with one lanip, one of them, or ::1. */
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

/** Listener for what arrives at a {@link PortBinding}. */
export interface Receiver {
  /** A datagram has arrived. */
  received(message: Buffer, from: RemoteInfo): void;
  /** A datagram to the connected remote was refused on the way. */
  refused(code: SystemErrorCode): void;
}

/** Options of {@link PortBinding}. */
export interface PortBindingOptions {
  readonly place: BoundPlace;
  /** UDP port; 0 for any free one. */
  readonly port: number;
  /** SO_REUSEADDR: others that set it too may be bound to the same place. */
  readonly reuseAddress: boolean;
  /** SO_RCVBUF: bytes of datagrams from this process that may wait for the receiver. */
  readonly receiveBufferSize: number;
}

/** The state of a bound socket: its port and addresses, its remote, its multicast groups. */
export class PortBinding {
  readonly receiver: Receiver;
  readonly place: BoundPlace;
  readonly port: number;
  readonly reuseAddress: boolean;
  readonly counters = new SocketCounters();
  readonly groups = new Set<string>();
  /** Bytes of datagrams from this process that wait for the receiver. */
  waiting = 0;
  receiveBufferSize: number;
  /** The address of the remote that it is connected to, or null. */
  remote: Uint8Array | null = null;
  remotePort = 0;
  isOpen = true;
  /** IP_MULTICAST_LOOP: datagrams to a group that it is a member of come back to it. */
  multicastLoopback = true;
  /** The one address that it is bound to, at present; null for several, or while there is none. */
  address: Uint8Array | null;

  constructor(receiver: Receiver, options: PortBindingOptions) {
    this.receiver = receiver;
    this.place = options.place;
    this.port = options.port;
    this.reuseAddress = options.reuseAddress;
    this.receiveBufferSize = options.receiveBufferSize;
    this.address = this.place.kind === 'loopback' ? LOOPBACK : null;
  }

  get hasOneAddress(): boolean {
    return this.place.kind !== 'any';
  }

  /** Whether packets to the address at `offset` are for this place. */
  acceptsAddress(bytes: Uint8Array, offset: number, lanip: number): boolean {
    const { place } = this;
    if (place.kind === 'any') {
      return lanip === LOOPBACK_LANIP ? place.hasLoopback : place.lanip === lanip;
    }
    return this.address !== null && sameIPv6Address(this.address, 0, bytes, offset);
  }

  /** Passes a datagram to the receiver, unless the socket was closed meanwhile. */
  deliver(message: Buffer, from: RemoteInfo): void {
    if (!this.isOpen) return;
    this.counters.datagramsReceived++;
    this.counters.bytesReceived += message.length;
    this.receiver.received(message, from);
  }

  /** Reports an error to the receiver, unless the socket was closed or disconnected meanwhile. */
  reportError(code: SystemErrorCode): void {
    if (!this.isOpen || this.remote === null) return;
    this.counters.errorsReported++;
    this.receiver.refused(code);
  }
}
