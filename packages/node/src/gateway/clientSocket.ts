import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { UdpEndpoint } from '@6bed4/codec';
import type { Libc } from '../drivers/kernel/libc.js';
import { descriptorOf, SocketOptions } from '../drivers/portable/socketOptions.js';
import type { AddressTexts } from '../drivers/udp/addressText.js';
import { bindError } from '../drivers/udp/bindError.js';
import type { BatchedSender } from './batchedSender.js';

/** Bytes that may wait to be sent for one client. */
const QUEUE_LIMIT = 256 << 10;

/** Hands over a datagram and where it came from. */
export type ClientSocketHandler = (bytes: Uint8Array, from: RemoteInfo) => void;

type SendCallback = (error: NodeJS.ErrnoException | null) => void;

/** The UDP socket of one client of a gateway: as little as possible, since there are thousands. */
export class ClientSocket {
  readonly #socket: Socket;
  readonly #texts: AddressTexts;
  readonly #batched: BatchedSender | null;
  /** -1 where it is not known. */
  readonly #fd: number;
  /** Bytes that were handed over and not sent yet, where the socket does not tell, as in Deno. */
  #unsent: number | null;

  private constructor(socket: Socket, fd: number, { texts, batched }: ClientSocketOptions) {
    this.#socket = socket;
    this.#texts = texts;
    this.#batched = fd < 0 ? null : batched;
    this.#fd = fd;
    this.#unsent = typeof socket.getSendQueueSize === 'function' ? null : 0;
  }

  /** @throws StartError when the port cannot be had */
  static open(options: ClientSocketOptions, handler: ClientSocketHandler): Promise<ClientSocket> {
    const { address, port, libc } = options;
    return new Promise((resolve, reject) => {
      const socket = createSocket({
        type: 'udp4',
        // All addresses are literal. Answering at once keeps `send` from waiting for a resolver.
        lookup: (hostname, _options, callback) => callback(null, hostname, 4),
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        socket.close();
        reject(bindError(error.code ?? 'unknown', address, port, { cause: error }));
      });
      socket.bind({ address, port, exclusive: true }, () => {
        // Reports about earlier datagrams: nothing to be done.
        socket.removeAllListeners('error').on('error', () => {});
        const fd = libc === null ? -1 : descriptorOf(socket);
        if (libc !== null && fd >= 0) new SocketOptions(libc, fd).clearDontFragment();
        socket.on('message', handler);
        resolve(new ClientSocket(socket, fd, options));
      });
    });
  }

  /**
   * Sends a datagram.
   *
   * @param bytes - not to be used again
   * @returns false when too many wait already
   */
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    done: SendCallback,
  ): boolean {
    if (this.#batched !== null) {
      this.#batched.send(this.#fd, bytes, offset, length, to);
      return true;
    }
    if ((this.#unsent ?? this.#socket.getSendQueueSize()) > QUEUE_LIMIT) return false;
    const text = this.#texts.textOf(to);
    this.#socket.send(bytes, offset, length, to.port, text, this.#counting(length, done));
    return true;
  }

  /** Counts bytes until they are sent, where the socket does not. */
  #counting(length: number, done: SendCallback): SendCallback {
    if (this.#unsent === null) return done;
    this.#unsent += length;
    return (error) => {
      this.#unsent! -= length;
      done(error);
    };
  }

  close(): void {
    this.#batched?.release(this.#fd);
    this.#socket.close();
  }
}

/** Options of a {@link ClientSocket}. */
export interface ClientSocketOptions {
  readonly address: string;
  readonly port: number;
  readonly libc: Libc | null;
  readonly texts: AddressTexts;
  /** Sends for all clients; null where each socket sends by itself. */
  readonly batched: BatchedSender | null;
}
