import { formatIPv6 } from '@6bed4/codec';
import { type TcpConnection, type TcpListener, TcpUsageError } from '@6bed4/tcp';
import type { PolicyName } from '@6bed4/tunnel';
import { isLoopbackDestination, LOOPBACK } from '../socket/destinationAddress.js';
import type { ListenerOwner, TcpLayer } from './tcpLayer.js';

/** Options of {@link TcpListening}. */
export interface ListeningOptions {
  /** 16 bytes; null for all addresses with the lanip, and ::1 with that of the tunnel. */
  readonly address: Uint8Array | null;
  /** 0 for any. */
  readonly port: number;
  readonly backlog: number;
  readonly lanip: number;
  readonly policy: PolicyName | undefined;
}

/** A port of a tunnel at which connections are accepted, on one address or on all, also on later ones. */
export class TcpListening implements ListenerOwner {
  readonly port: number;
  readonly #layer: TcpLayer;
  readonly #options: ListeningOptions;
  readonly #accepted: (connection: TcpConnection) => void;
  /** By the text of the address. */
  readonly #listeners = new Map<string, TcpListener>();

  /**
   * @throws TcpUsageError - `EADDRINUSE`, or `EADDRNOTAVAIL` for an address that is not ours
   */
  constructor(
    layer: TcpLayer,
    options: ListeningOptions,
    accepted: (connection: TcpConnection) => void,
  ) {
    this.#layer = layer;
    this.#options = options;
    this.#accepted = accepted;
    const { address } = options;
    if (address !== null && !layer.owns(address)) {
      throw new TcpUsageError('EADDRNOTAVAIL', 'the address is none of the tunnel');
    }
    this.port = options.port;
    const [first, ...others] = this.#wanted();
    if (first !== undefined) this.port = this.#listen(first).port;
    try {
      for (const one of others) this.#listen(one);
    } catch (error) {
      this.close();
      throw error;
    }
    layer.listenings.add(this);
    if (options.policy !== undefined) layer.policies.setListener(this.port, options.policy);
  }

  /** The address that it was told to listen on. */
  get address(): string {
    const { address } = this.#options;
    return address === null ? '::' : formatIPv6(address);
  }

  offered(listener: TcpListener): void {
    for (let one = listener.accept(); one !== null; one = listener.accept()) this.#accepted(one);
  }

  /** The tunnel has other addresses. */
  follow(): void {
    const wanted = this.#wanted();
    const texts = new Set(wanted.map((address) => formatIPv6(address)));
    for (const [text, listener] of this.#listeners) {
      if (texts.has(text)) continue;
      this.#listeners.delete(text);
      this.#layer.stack.unlisten(listener, this.#layer.clock());
    }
    for (const address of wanted) {
      if (this.#listeners.has(formatIPv6(address))) continue;
      try {
        this.#listen(address);
      } catch {
        // Somebody else listens there.
      }
    }
  }

  close(): void {
    const layer = this.#layer;
    layer.listenings.delete(this);
    if (this.#options.policy !== undefined) layer.policies.setListener(this.port, null);
    for (const listener of this.#listeners.values()) layer.stack.unlisten(listener, layer.clock());
    this.#listeners.clear();
    layer.settle();
  }

  #wanted(): Uint8Array[] {
    const { address, lanip } = this.#options;
    const { addresses } = this.#layer;
    if (address !== null) return this.#layer.owns(address) ? [address] : [];
    const own = addresses.all(lanip);
    return lanip === addresses.lanip ? [LOOPBACK, ...own] : own;
  }

  #listen(address: Uint8Array): TcpListener {
    const { backlog } = this.#options;
    const listener = this.#layer.stack.listen(address, this.port, backlog);
    listener.owner = this;
    this.#listeners.set(formatIPv6(address), listener);
    return listener;
  }
}

/** Whether an address means all addresses. */
export function isUnspecified(address: Uint8Array): boolean {
  return isLoopbackDestination(address) && address[15] === 0;
}
