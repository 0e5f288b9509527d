import { sameIPv6Address } from '@6bed4/codec';
import { DESTINATION_OFFSET } from '@6bed4/nd';
import type { Segment } from '../segment/segment.js';
import type { TcpListener } from './listener.js';

/** The listeners of a stack, by their ports. */
export class Listeners {
  readonly #byPort = new Map<number, TcpListener[]>();

  add(listener: TcpListener): void {
    const { port } = listener;
    this.#byPort.set(port, [...(this.#byPort.get(port) ?? []), listener]);
  }

  remove(listener: TcpListener): void {
    const others = this.#byPort.get(listener.port)?.filter((one) => one !== listener) ?? [];
    if (others.length > 0) this.#byPort.set(listener.port, others);
    else this.#byPort.delete(listener.port);
  }

  /** Whether a listener has a port at an address, or where one of both is null, at any. */
  isUsed(address: Uint8Array | null, port: number): boolean {
    const those = this.#byPort.get(port) ?? [];
    return those.some(
      (one) =>
        one.address === null || address === null || sameIPv6Address(one.address, 0, address, 0),
    );
  }

  /** The listener for a segment: that of its very address comes first. */
  find({ bytes, packet, destinationPort }: Segment): TcpListener | null {
    const those = this.#byPort.get(destinationPort);
    if (those === undefined) return null;
    let found: TcpListener | null = null;
    for (const listener of those) {
      const { address } = listener;
      if (address === null) found = listener;
      else if (sameIPv6Address(address, 0, bytes, packet + DESTINATION_OFFSET)) return listener;
    }
    return found;
  }
}
