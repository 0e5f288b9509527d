import {
  type Endpoint,
  formatEndpoint,
  formatIPv4,
  parseIPv4,
  type UdpEndpoint,
} from '@6bed4/codec';
import { StartError } from '../../errors.js';
import { setImmediate } from '../../realTimers.js';
import type { DatagramHandler, DatagramPort, DatagramPortCounters } from './datagramPort.js';

/** One datagram on its way, as {@link MemoryNetworkOptions.forward} sees it. */
export interface MemoryDatagram {
  readonly bytes: Uint8Array;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly tos: number;
  /** 0 for the system's default. */
  readonly ttl: number;
}

/** Options of a {@link memoryNetwork}. */
export interface MemoryNetworkOptions {
  /** Whether a datagram arrives; default: all do. */
  readonly forward?: ((datagram: MemoryDatagram) => boolean) | undefined;
}

/** An IPv4 network inside this process. */
export interface MemoryNetwork {
  /**
   * Binds a port.
   *
   * @param address - IPv4 address, made up at will
   * @param port - UDP port; default 0, which takes a free one from 49152 on
   * @throws StartError when the port is taken
   */
  bind(address: string, port?: number): DatagramPort;
}

const FIRST_FREE_PORT = 49_152;
const PORTS = 65_536;
const NOTHING_COUNTED: DatagramPortCounters = Object.freeze({
  sendErrors: {},
  receiveErrors: {},
  queueDrops: 0,
});

/**
 * Makes a network in memory, for tests and demonstrations without sockets. Datagrams arrive in order,
 * each in a turn of the event loop after the one in which it was sent; those to addresses that nothing is bound to are lost.
 */
export function memoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  const ports = new Map<string, MemoryPort>();

  function firstFree(address: string, step: number): number {
    for (let port = FIRST_FREE_PORT; port < PORTS; port += step) {
      if (!ports.has(formatEndpoint({ address, port }))) return port;
    }
    throw new StartError('EADDRINUSE', `no UDP port of ${address} is free`);
  }

  class MemoryPort implements DatagramPort {
    readonly counters = NOTHING_COUNTED;
    #endpoint: Endpoint;
    #handler: DatagramHandler | null = null;

    constructor(endpoint: Endpoint) {
      this.#endpoint = endpoint;
      this.#occupy(endpoint);
    }

    get endpoint(): Endpoint {
      return this.#endpoint;
    }

    start(handler: DatagramHandler): void {
      this.#handler = handler;
    }

    send(
      bytes: Uint8Array,
      offset: number,
      length: number,
      to: Readonly<UdpEndpoint>,
      tos: number,
      ttl: number,
    ): void {
      const source = this.#endpoint;
      const destination = { address: formatIPv4(to.address), port: to.port };
      const datagram = {
        bytes: bytes.slice(offset, offset + length),
        source,
        destination,
        tos,
        ttl,
      };
      setImmediate(() => {
        if (options.forward?.(datagram) === false) return;
        ports.get(formatEndpoint(destination))?.receive(datagram);
      });
    }

    receive({ bytes, source }: MemoryDatagram): void {
      this.#handler?.(bytes, 0, bytes.length, parseIPv4(source.address), source.port);
    }

    rebind(even: boolean): Promise<void> {
      const { address } = this.#endpoint;
      const endpoint = { address, port: firstFree(address, even ? 2 : 1) };
      this.#vacate();
      this.#endpoint = endpoint;
      this.#occupy(endpoint);
      return Promise.resolve();
    }

    close(): Promise<void> {
      this.#vacate();
      this.#handler = null;
      return Promise.resolve();
    }

    #occupy(endpoint: Endpoint): void {
      const key = formatEndpoint(endpoint);
      if (ports.has(key)) throw new StartError('EADDRINUSE', `UDP ${key} is in use`);
      ports.set(key, this);
    }

    #vacate(): void {
      const key = formatEndpoint(this.#endpoint);
      if (ports.get(key) === this) ports.delete(key);
    }
  }

  return {
    bind(address, port = 0) {
      parseIPv4(address);
      return new MemoryPort({ address, port: port === 0 ? firstFree(address, 1) : port });
    },
  };
}
