import type { RemoteInfo } from 'node:dgram';
import { setImmediate } from '../realTimers.js';
import { type AddressTextCache, remoteInfo } from './addressTextCache.js';
import type { Destination } from './destinationCache.js';
import type { SystemErrorCode } from './dgramErrors.js';
import type { OwnAddresses } from './ownAddresses.js';
import { LOOPBACK_LANIP, type PortBinding } from './portBinding.js';
import type { PortTable } from './portTable.js';
import { MAX_PAYLOAD, PAIR_DESTINATION } from './udpPacket.js';

/** Bytes of datagrams that may wait for sockets which are being bound; as a receive buffer. */
const MAX_UNCLAIMED = 212_992;

/** A datagram of a socket of this tunnel. */
interface Datagram {
  readonly sender: PortBinding;
  /** Its source and destination. */
  readonly pair: Uint8Array;
  readonly port: number;
  readonly parts: readonly Uint8Array[];
  readonly size: number;
}

/**
 * Datagrams between sockets of the same tunnel. Each arrives in a later turn of the event loop and in one of
 * its own, so that what a listener defers by `process.nextTick` or a promise runs before the next.
 */
export class LocalDelivery {
  readonly #table: PortTable;
  readonly #addresses: OwnAddresses;
  readonly #texts: AddressTextCache;
  /** Bytes that wait for sockets which may be bound until then. */
  #unclaimed = 0;

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
    if (size > MAX_PAYLOAD) return 'EMSGSIZE';
    sender.counters.datagramsSent++;
    sender.counters.bytesSent += size;
    const datagram = { sender, pair: pair.bytes, port, parts, size };
    if (kind === 'group') this.#sendToGroup(text, datagram);
    else this.#sendToOne(datagram);
    return null;
  }

  #sendToGroup(group: string, datagram: Datagram): void {
    const { sender, port, size } = datagram;
    const members = this.#table.members(group, port);
    const isWanted = (member: PortBinding): boolean =>
      member !== sender || sender.multicastLoopback;
    for (const member of members) if (isWanted(member)) this.#deliver(member, datagram);
    this.#claimLater(size, datagram.parts, (message) => {
      for (const member of this.#table.members(group, port)) {
        if (members.includes(member) || !isWanted(member)) continue;
        member.deliver(message, this.#senderOf(datagram));
      }
    });
  }

  #sendToOne(datagram: Datagram): void {
    const receiver = this.#find(datagram);
    if (receiver !== null) {
      this.#deliver(receiver, datagram);
      return;
    }
    const { sender, parts, size } = datagram;
    this.#claimLater(size, parts, (message) => {
      const late = this.#find(datagram);
      if (late !== null) late.deliver(message, this.#senderOf(datagram));
      else if (sender.remote !== null) sender.reportError('ECONNREFUSED');
    });
  }

  #find({ sender, pair, port }: Datagram): PortBinding | null {
    const lanip = this.#addresses.find(pair, PAIR_DESTINATION)?.lanip ?? LOOPBACK_LANIP;
    return this.#table.find(pair, PAIR_DESTINATION, lanip, port, 0, sender.port);
  }

  /** Keeps a datagram for sockets whose `bind` takes effect in this turn. */
  #claimLater(size: number, parts: readonly Uint8Array[], claim: (message: Buffer) => void): void {
    if (this.#unclaimed + size > MAX_UNCLAIMED) return;
    this.#unclaimed += size;
    const message = Buffer.concat(parts, size);
    setImmediate(() => {
      this.#unclaimed -= size;
      claim(message);
    });
  }

  #deliver(receiver: PortBinding, datagram: Datagram): void {
    const { parts, size } = datagram;
    if (receiver.waiting + size > receiver.receiveBufferSize) {
      receiver.counters.receiveDrops++;
      return;
    }
    receiver.waiting += size;
    const message = Buffer.concat(parts, size);
    const from = this.#senderOf(datagram);
    setImmediate(() => {
      receiver.waiting -= size;
      receiver.deliver(message, from);
    });
  }

  #senderOf({ sender, pair, size }: Datagram): RemoteInfo {
    return remoteInfo(this.#texts.textAt(pair, 0), sender.port, size);
  }
}
