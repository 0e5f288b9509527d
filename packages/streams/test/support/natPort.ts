import { type Endpoint, formatEndpoint, formatIPv4, type UdpEndpoint } from '@6bed4/codec';
import type {
  DatagramHandler,
  DatagramPort,
  DatagramPortCounters,
  MemoryNetwork,
} from '@6bed4/node';

/** Numbers of packets that the NAT of a {@link NatPort} let through, and did not. */
export interface NatCount {
  passed: number;
  filtered: number;
}

/**
 * A port behind a NAT of the common kind (RFC 4787): one outside port for all destinations, and in
 * comes only what answers something that went out to the very same address and port.
 */
export class NatPort implements DatagramPort {
  readonly endpoint: Endpoint = { address: '192.168.1.2', port: 7788 };
  readonly counters: DatagramPortCounters;
  readonly seen: NatCount = { passed: 0, filtered: 0 };
  readonly #permitted = new Set<string>();
  readonly #outside: DatagramPort;

  constructor(network: MemoryNetwork, publicAddress: string) {
    this.#outside = network.bind(publicAddress);
    this.counters = this.#outside.counters;
  }

  start(handler: DatagramHandler): void {
    this.#outside.start((bytes, offset, length, address, port) => {
      const source = formatEndpoint({ address: formatIPv4(address), port });
      if (!this.#permitted.has(source)) {
        this.seen.filtered++;
        return;
      }
      this.seen.passed++;
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
    this.#permitted.add(formatEndpoint({ address: formatIPv4(to.address), port: to.port }));
    this.#outside.send(bytes, offset, length, to, tos, ttl);
  }

  rebind(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.#outside.close();
  }
}
