import { UDP_HEADER_LENGTH } from '@6bed4/nd';
import { type AddressTextCache, remoteInfo } from './addressTextCache.js';
import type { Destination } from './destinationCache.js';
import type { SystemErrorCode } from './dgramErrors.js';
import type { OwnAddresses } from './ownAddresses.js';
import { LOOPBACK_LANIP, type PortBinding } from './portBinding.js';
import type { PortTable } from './portTable.js';
import { PAIR_DESTINATION } from './udpPacket.js';

/** Upper bound of a datagram within one process, in bytes: that of UDP. */
export const MAX_LOCAL_PAYLOAD = 0xffff - UDP_HEADER_LENGTH;

/** Datagrams between sockets of the same tunnel; they arrive in a later turn of the event loop. */
export class LocalDelivery {
  readonly #table: PortTable;
  readonly #addresses: OwnAddresses;
  readonly #texts: AddressTextCache;
  #actions: (() => void)[] = [];

  constructor(table: PortTable, addresses: OwnAddresses, texts: AddressTextCache) {
    this.#table = table;
    this.#addresses = addresses;
    this.#texts = texts;
  }

  /**
   * Sends a datagram.
   *
   * @param size - bytes of all parts
   * @returns an error code when it could not be sent
   */
  send(
    sender: PortBinding,
    { kind, pair, text }: Destination,
    port: number,
    parts: readonly Uint8Array[],
    size: number,
  ): SystemErrorCode | null {
    if (size > MAX_LOCAL_PAYLOAD) return 'EMSGSIZE';
    sender.counters.datagramsSent++;
    sender.counters.bytesSent += size;
    const { bytes } = pair;
    if (kind === 'group') {
      for (const member of this.#table.members(text, port)) {
        if (member === sender && !sender.multicastLoopback) continue;
        this.#deliver(sender, member, bytes, parts, size);
      }
      return null;
    }
    const lanip = this.#addresses.find(bytes, PAIR_DESTINATION)?.lanip ?? LOOPBACK_LANIP;
    const receiver = this.#table.find(bytes, PAIR_DESTINATION, lanip, port, 0, sender.port);
    if (receiver !== null) {
      this.#deliver(sender, receiver, bytes, parts, size);
    } else if (sender.remote !== null) {
      this.#defer(() => sender.reportError('ECONNREFUSED'));
    }
    return null;
  }

  #deliver(
    sender: PortBinding,
    receiver: PortBinding,
    source: Uint8Array,
    parts: readonly Uint8Array[],
    size: number,
  ): void {
    if (receiver.waiting + size > receiver.receiveBufferSize) {
      receiver.counters.receiveDrops++;
      return;
    }
    receiver.waiting += size;
    const message = Buffer.concat(parts, size);
    const from = remoteInfo(this.#texts.textAt(source, 0), sender.port, size);
    this.#defer(() => {
      receiver.waiting -= size;
      receiver.deliver(message, from);
    });
  }

  #defer(action: () => void): void {
    this.#actions.push(action);
    if (this.#actions.length === 1) setImmediate(this.#run);
  }

  readonly #run = (): void => {
    const actions = this.#actions;
    this.#actions = [];
    for (let index = 0; index < actions.length; index++) {
      try {
        actions[index]!();
      } catch (error) {
        // An exception of one listener must not cost others their messages.
        const rest = actions.slice(index + 1);
        this.#actions.unshift(...rest);
        if (this.#actions.length === rest.length && rest.length > 0) setImmediate(this.#run);
        throw error;
      }
    }
  };
}
