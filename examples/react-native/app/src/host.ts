import { NEXT_HEADER_ICMPV6, NEXT_HEADER_OFFSET, NEXT_HEADER_TCP } from '@6bed4/nd';
import { Ping } from './ping';
import { Tcp } from './tcp';
import { Tunnel, type TunnelOptions, type TunnelState } from './tunnel';

/** Options of a {@link Host}. */
export type HostOptions = Omit<TunnelOptions, 'packet'>;

/** A host in a 6bed4 network: a tunnel, with ping and TCP at its address. */
export class Host {
  readonly tunnel: Tunnel;
  readonly ping: Ping;
  readonly tcp: Tcp;
  #address: string | null = null;

  constructor(options: HostOptions) {
    const send = (packet: Uint8Array) => this.tunnel.send(packet);
    this.ping = new Ping(send);
    this.tcp = new Tcp(send);
    this.tunnel = new Tunnel({
      ...options,
      packet: (packet) => this.#arrived(packet),
      changed: (state) => {
        this.#moved(state);
        options.changed(state);
      },
    });
  }

  #arrived(packet: Uint8Array): void {
    const nextHeader = packet[NEXT_HEADER_OFFSET];
    if (nextHeader === NEXT_HEADER_TCP) this.tcp.packetArrived(packet);
    else if (nextHeader === NEXT_HEADER_ICMPV6) this.ping.packetArrived(packet);
  }

  /** A connection belongs to an address: with another one it cannot go on. */
  #moved({ address }: TunnelState): void {
    if (address === null || address === this.#address) return;
    if (this.#address !== null) this.tcp.abortAll();
    this.#address = address;
  }
}
