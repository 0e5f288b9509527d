import type { RemoteInfo } from 'node:dgram';
import { type Endpoint, UdpEndpoint } from '@6bed4/codec';
import {
  type ClientGate,
  type DatagramSender,
  GatewaySession,
  type SessionHost,
} from '@6bed4/gateway';
import type { AddressNumbers } from '../drivers/udp/addressText.js';
import type { ClientConnection } from './clientConnection.js';
import type { ClientSocket } from './clientSocket.js';
import type { GatewayCounts } from './gatewayCounters.js';
import { ReadingPace } from './readingPace.js';

/** What a {@link ClientSession} needs of its gateway. */
export interface ClientSessionHost extends SessionHost<ClientConnection> {
  readonly counts: GatewayCounts;
  readonly numbers: AddressNumbers;
}

/** A session with its UDP socket, and the WebSocket of which it reads. */
export class ClientSession implements DatagramSender {
  readonly session: GatewaySession<ClientConnection>;
  readonly #host: ClientSessionHost;
  readonly #reading: ReadingPace;
  readonly #from = new UdpEndpoint();
  #udp: ClientSocket | null = null;
  #source = '';

  constructor(host: ClientSessionHost, endpoint: Endpoint, resume: string, gate: ClientGate) {
    this.#host = host;
    this.session = new GatewaySession(host, endpoint, resume, gate, this);
    this.#reading = new ReadingPace(host.settings.rate);
  }

  /** Takes the socket of its endpoint, once that is open. */
  useSocket(udp: ClientSocket): void {
    this.#udp = udp;
  }

  /** Whom it counts for: where its connection comes from, or came from. */
  get source(): string {
    return this.#source;
  }

  /** Has this connection from now on. */
  attach(connection: ClientConnection, resumed: boolean): void {
    const { socket } = connection;
    this.#source = connection.source;
    this.session.attach(connection, resumed);
    socket.on('pong', () => this.session.ponged());
    socket.on('ping', (data: Buffer) => this.session.pinged(() => socket.pong(data)));
    socket.on('close', (code: number) => this.session.ended(connection, code));
  }

  /** A message came over the connection. */
  received(message: Buffer, isBinary: boolean): void {
    const { socket } = this.session.connection!;
    const count = this.session.received(isBinary ? message : String(message));
    this.#reading.read(socket, count, this.#host.now());
  }

  /** A datagram came to its socket. */
  arrived(bytes: Uint8Array, { address, port }: Pick<RemoteInfo, 'address' | 'port'>): void {
    const from = this.#from;
    from.address = this.#host.numbers.numberOf(address);
    from.port = port;
    this.session.arrived(bytes, 0, bytes.length, from);
  }

  send(bytes: Uint8Array, offset: number, length: number, to: Readonly<UdpEndpoint>): boolean {
    if (this.#udp?.send(bytes, offset, length, to, this.#sent) === true) return true;
    this.#host.counts.sendError('ENOBUFS');
    return false;
  }

  close(): void {
    this.#udp?.close();
    this.#udp = null;
  }

  readonly #sent = (error: NodeJS.ErrnoException | null): void => {
    if (error !== null) this.#host.counts.sendError(error.code);
  };
}
