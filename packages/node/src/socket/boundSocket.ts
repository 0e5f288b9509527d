import { HIGHEST_PORT, isIPv6Loopback, isIPv6Unspecified } from '@6bed4/codec';
import { nextTick } from '../realTimers.js';
import { readAddress } from './destinationAddress.js';
import { type Destination, DestinationCache } from './destinationCache.js';
import { type SystemErrorCode, type SystemErrorDetail, systemError } from './dgramErrors.js';
import type { OwnAddresses } from './ownAddresses.js';
import type { TransmitOptions } from './packetTransmitter.js';
import type { BoundPlace, PortBinding } from './portBinding.js';
import type { SendArguments, SendCallback } from './sendArguments.js';
import type { SocketLayer } from './socketLayer.js';
import { MAX_PAYLOAD, PAIR_DESTINATION } from './udpPacket.js';

/** A socket that is bound: sends, and passes the result to callbacks as `node:dgram` does. */
export class BoundSocket {
  readonly binding: PortBinding;
  readonly #layer: SocketLayer;
  readonly #destinations: DestinationCache;
  /** The text of the address of the remote that it is connected to, or null. */
  #remote: string | null = null;
  /** The parts of a datagram that has one. */
  readonly #onePart: Uint8Array[] = [];

  constructor(layer: SocketLayer, binding: PortBinding) {
    this.#layer = layer;
    this.binding = binding;
    this.#destinations = new DestinationCache(binding, layer.addresses, layer.remotes);
  }

  /** The address that it is bound to, or else the source of packets to the remote; null for neither. */
  get address(): Uint8Array | null {
    const { address } = this.binding;
    if (address !== null || this.#remote === null) return address;
    const destination = this.#destinations.resolve(this.#remote);
    return typeof destination === 'string'
      ? null
      : destination.pair.bytes.slice(0, PAIR_DESTINATION);
  }

  /**
   * Connects to a remote.
   *
   * @param requested - the name or address as its user wrote it
   * @returns an error where that is not possible
   */
  connect(remote: string, port: number, requested: string): Error | null {
    const destination = this.#destinations.resolve(remote);
    if (typeof destination === 'string') {
      return systemError(destination, 'connect', { address: requested, port });
    }
    this.binding.remote = destination.pair.bytes.slice(PAIR_DESTINATION);
    this.binding.remotePort = port;
    this.#remote = remote;
    return null;
  }

  disconnect(): void {
    this.binding.remote = null;
    this.#remote = null;
  }

  /** Sends to a destination in the cache; false when it has to be resolved first. */
  sendToCached(
    message: Uint8Array,
    port: number,
    address: string,
    callback: SendCallback | undefined,
    options: TransmitOptions,
  ): boolean {
    if (port >>> 0 !== port || port === 0 || port > HIGHEST_PORT) return false;
    const destination = this.#destinations.find(address);
    if (destination === null) return false;
    const { length } = message;
    this.#onePart[0] = message;
    const { binding } = this;
    const parts = this.#onePart;
    const failure = this.#layer.transmit(binding, destination, port, parts, length, options);
    if (failure !== null) {
      this.#failed(failure, destination, length, { address, port }, callback);
    } else if (callback !== undefined) {
      nextTick(callback, null, length);
    }
    return true;
  }

  /** Sends to the remote that it is connected to. */
  sendToRemote(args: SendArguments, options: TransmitOptions): void {
    this.send(this.#remote!, this.binding.remotePort, args, options);
  }

  /** Sends to an address. */
  send(
    address: string,
    port: number,
    { parts, callback, ...requested }: SendArguments,
    options: TransmitOptions,
  ): void {
    const destination = this.#destinations.resolve(address);
    let size = 0;
    for (let index = 0; index < parts.length; index++) size += parts[index]!.length;
    const failure =
      typeof destination === 'string'
        ? destination
        : this.#layer.transmit(this.binding, destination, port, parts, size, options);
    if (failure !== null) this.#failed(failure, destination, size, requested, callback);
    else if (callback !== undefined) nextTick(callback, null, size);
  }

  #failed(
    code: SystemErrorCode,
    destination: Destination | SystemErrorCode,
    size: number,
    { address, port }: SystemErrorDetail,
    callback: SendCallback | undefined,
  ): void {
    this.binding.counters.sendFailed(code);
    // As with `node:dgram`, errors are reported to callbacks only.
    if (callback === undefined) return;
    const note =
      code === 'EMSGSIZE' && typeof destination !== 'string'
        ? `${size} bytes in one datagram, at most ${MAX_PAYLOAD} fit`
        : undefined;
    const detail = note === undefined ? { address, port } : { address, port, note };
    nextTick(callback, systemError(code, 'send', detail));
  }
}

/**
 * Determines the place for an address that a program binds to.
 *
 * @param lanip - of the socket; null when it has none of its own
 * @returns an error code for an address that is not ours
 */
export function findPlace(
  text: string,
  lanip: number | null,
  addresses: OwnAddresses,
): BoundPlace | SystemErrorCode {
  const address = readAddress(text);
  if (address === null) return 'EINVAL';
  if (isIPv6Unspecified(address)) {
    const hasLoopback = lanip === null || lanip === addresses.lanip;
    return { kind: 'any', lanip: lanip ?? addresses.lanip, hasLoopback };
  }
  if (isIPv6Loopback(address)) return { kind: 'loopback' };
  const own = addresses.find(address, 0);
  if (own === null || (lanip !== null && own.lanip !== lanip)) return 'EADDRNOTAVAIL';
  return { kind: 'address', ...own };
}
