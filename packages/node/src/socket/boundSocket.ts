import { formatIPv6 } from '@6bed4/codec';
import { type Destination, DestinationCache } from './destinationCache.js';
import { type SystemErrorCode, type SystemErrorDetail, systemError } from './dgramErrors.js';
import type { TransmitOptions } from './packetTransmitter.js';
import type { PortBinding } from './portBinding.js';
import { HIGHEST_PORT, type SendArguments, type SendCallback } from './sendArguments.js';
import type { SocketLayer } from './socketLayer.js';
import { PAIR_DESTINATION } from './udpPacket.js';

/** A socket that is bound: sends, and tells callbacks the result as `node:dgram` does. */
export class BoundSocket {
  readonly binding: PortBinding;
  readonly #layer: SocketLayer;
  readonly #destinations: DestinationCache;
  /** The parts of a datagram that has one. */
  readonly #onePart: Uint8Array[] = [];

  constructor(layer: SocketLayer, binding: PortBinding) {
    this.#layer = layer;
    this.binding = binding;
    this.#destinations = new DestinationCache(binding, layer.addresses);
  }

  /** The address that it is bound to, or else the source of packets to a remote; null for neither. */
  address(remote: string | null): Uint8Array | null {
    const { address } = this.binding;
    if (address !== null || remote === null) return address;
    const destination = this.#destinations.resolve(remote);
    return typeof destination === 'string'
      ? null
      : destination.pair.bytes.slice(0, PAIR_DESTINATION);
  }

  /** Connects to a remote; returns an error code where that is not possible. */
  connect(remote: string, port: number): SystemErrorCode | null {
    const destination = this.#destinations.resolve(remote);
    if (typeof destination === 'string') return destination;
    this.binding.remote = destination.pair.bytes.slice(PAIR_DESTINATION);
    this.binding.remotePort = port;
    return null;
  }

  disconnect(): void {
    this.binding.remote = null;
  }

  /** The text of the address of the remote that it is connected to. */
  remoteAddress(): string {
    return formatIPv6(this.binding.remote!);
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
      process.nextTick(callback, null, length);
    }
    return true;
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
    else if (callback !== undefined) process.nextTick(callback, null, size);
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
        ? `${size} bytes in one datagram, at most ${this.#layer.maxPayload(destination)} fit`
        : undefined;
    const detail = note === undefined ? { address, port } : { address, port, note };
    process.nextTick(callback, systemError(code, 'send', detail));
  }
}
