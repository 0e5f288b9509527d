import { HOP_LIMIT_OFFSET } from '@6bed4/nd';
import type { PacketHandler, PacketPort } from './packetPort.js';

/**
 * The local side as a part of this program: packets out of the tunnel are handed to a function, and
 * {@link send} puts packets into it. The program gets copies, once the machine has finished, so that
 * it may keep them and answer at once.
 */
export class ApplicationPort implements PacketPort {
  /** A program takes every packet. */
  readonly dropped = 0;
  readonly report = null;

  readonly #receive: (packet: Uint8Array) => void;
  readonly #waiting: Uint8Array[] = [];
  #handler: PacketHandler | null = null;

  constructor(receive: (packet: Uint8Array) => void) {
    this.#receive = receive;
  }

  start(handler: PacketHandler): void {
    this.#handler = handler;
  }

  /** Sends one whole IPv6 packet into the tunnel; it may be used again when this returns. */
  send(packet: Uint8Array): void {
    const hopLimit = packet[HOP_LIMIT_OFFSET];
    this.#handler?.(packet, 0, packet.length);
    // The machine counts down in place; a packet of the program stays as the program made it.
    if (hopLimit !== undefined) packet[HOP_LIMIT_OFFSET] = hopLimit;
  }

  deliver(bytes: Uint8Array, offset: number, length: number): void {
    this.#waiting.push(bytes.slice(offset, offset + length));
  }

  flush(): void {
    while (this.#waiting.length > 0) this.#receive(this.#waiting.shift()!);
  }

  /** A program has its addresses from events. */
  configure(): void {}

  close(): void {
    this.#handler = null;
    this.#waiting.length = 0;
  }
}
