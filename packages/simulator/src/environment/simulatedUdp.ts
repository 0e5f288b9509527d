import type { UdpEndpoint } from '@6bed4/codec';
import type { DatagramHandler, Host } from '../host/host.js';

const ALL_HOSTS = '224.0.0.1';

/** Takes one UDP payload and its source (uint32 address, port); the bytes may be changed during the call. */
export type OnUdp = (
  bytes: Uint8Array,
  offset: number,
  length: number,
  address: number,
  port: number,
) => void;

/** A UDP socket of a simulated host in the form of `DatagramPort` of `@6bed4/node`. */
export class SimulatedUdp {
  readonly #host: Host;
  #port: number;
  readonly #socket: DatagramHandler = {
    datagramArrived: (bytes, length, address, port) =>
      this.#handler?.(bytes, 0, length, address >>> 0, port),
  };
  #handler: OnUdp | null = null;
  #unreachable = 0;

  /** @internal @throws Error with code EADDRINUSE */
  constructor(host: Host, port: number) {
    this.#host = host;
    this.#port = port;
    host.bind(port, this.#socket);
  }

  /** Address and port that it is bound to, before any NAT. */
  get endpoint(): { readonly address: string; readonly port: number } {
    return { address: this.#host.address, port: this.#port };
  }

  /** Datagrams that were sent without a network count as ENETUNREACH. */
  get counters(): {
    readonly sendErrors: Readonly<Record<string, number>>;
    readonly receiveErrors: Readonly<Record<string, number>>;
    readonly queueDrops: number;
  } {
    const count = this.#unreachable;
    return {
      sendErrors: count === 0 ? {} : { ENETUNREACH: count },
      receiveErrors: {},
      queueDrops: 0,
    };
  }

  /** Begins to hand over datagrams; those before are lost. */
  start(handler: OnUdp): void {
    this.#handler = handler;
  }

  /** Sends a datagram; TTL 0 means the default. */
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    if (!this.#host.isPlugged) this.#unreachable++;
    this.#host.sendFrom(this.#port, bytes, offset, length, to, tos, ttl);
  }

  /** Moves to another free port, an even one if requested. */
  rebind(even: boolean): Promise<void> {
    const host = this.#host;
    const port = host.freePort((candidate) => !even || candidate % 2 === 0);
    host.unbind(this.#port);
    host.bind(port, this.#socket);
    this.#port = port;
    return Promise.resolve();
  }

  /** Also hands over what is sent to 224.0.0.1 at this port of the LAN. */
  listenOnLan(port: number): Promise<void> {
    this.#host.join(ALL_HOSTS, port);
    return Promise.resolve();
  }

  /** Closes the socket. May be called again. */
  close(): Promise<void> {
    if (this.#host.handlerOf(this.#port) === this.#socket) this.#host.unbind(this.#port);
    this.#handler = null;
    return Promise.resolve();
  }
}
