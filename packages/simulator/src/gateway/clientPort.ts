import { type Endpoint, UdpEndpoint } from '@6bed4/codec';
import {
  type ClientGate,
  type DatagramSender,
  GatewaySession,
  type SessionHost,
} from '@6bed4/gateway';
import type { DatagramHandler, Host } from '../host/host.js';
import type { ServerEnd } from './webConnection.js';

/** The UDP port of a client of a gateway, and its session. */
export class ClientPort implements DatagramHandler, DatagramSender {
  readonly session: GatewaySession<ServerEnd>;
  readonly #host: Host;
  readonly #from = new UdpEndpoint();

  constructor(
    host: Host,
    gateway: SessionHost<ServerEnd>,
    endpoint: Endpoint,
    resume: string,
    gate: ClientGate,
  ) {
    this.#host = host;
    this.session = new GatewaySession(gateway, endpoint, resume, gate, this);
    host.bind(endpoint.port, this);
  }

  /** Has this connection from now on. */
  attach(end: ServerEnd, resumed: boolean): void {
    end.onmessage = (data) => {
      if (this.session.connection === end && end.isOpen) this.session.received(data);
    };
    end.onpong = () => this.session.ponged();
    end.onclose = (code) => this.session.ended(end, code);
    this.session.attach(end, resumed);
  }

  /** @internal A datagram came for the client. */
  datagramArrived(bytes: Uint8Array, length: number, address: number, port: number): void {
    const from = this.#from;
    from.address = address >>> 0;
    from.port = port;
    this.session.arrived(bytes, 0, length, from);
  }

  send(bytes: Uint8Array, offset: number, length: number, to: Readonly<UdpEndpoint>): boolean {
    this.#host.sendFrom(this.session.endpoint.port, bytes, offset, length, to, 0, 0);
    return true;
  }

  close(): void {
    this.#host.unbind(this.session.endpoint.port);
  }
}
