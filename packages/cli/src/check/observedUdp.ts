import { type Endpoint, formatIPv4, type UdpEndpoint } from '@6bed4/codec';
import type { DatagramHandler, DatagramPort, DatagramPortCounters } from '@6bed4/node';

type Watcher = (payload: Uint8Array, from: Endpoint) => void;

/** A UDP port of a peer that shows all its datagrams, also those that the peer drops. */
export class ObservedUdp implements DatagramPort {
  /** Whether what the peer sends is dropped, so that its mapping gets no traffic. */
  isSilent = false;
  readonly #port: DatagramPort;
  readonly #watch: Watcher;

  constructor(port: DatagramPort, watch: Watcher) {
    this.#port = port;
    this.#watch = watch;
  }

  get endpoint(): Endpoint {
    return this.#port.endpoint;
  }

  get counters(): DatagramPortCounters {
    return this.#port.counters;
  }

  start(handler: DatagramHandler): void {
    this.#port.start((bytes, offset, length, address, port) => {
      const payload = bytes.slice(offset, offset + length);
      this.#watch(payload, { address: formatIPv4(address), port });
      handler(bytes, offset, length, address, port);
    });
  }

  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    if (!this.isSilent) this.#port.send(bytes, offset, length, to, tos, ttl);
  }

  rebind(even: boolean): Promise<void> {
    return this.#port.rebind(even);
  }

  close(): Promise<void> {
    return this.#port.close();
  }
}
