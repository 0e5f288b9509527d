import type { Duplex } from 'node:stream';
import type { OnReadOptions } from './socketOptions.js';
import type { TcpHandle } from './tcpHandle.js';

/** Bytes that are read at once at most. */
const READ_SIZE = 65_536;

/** Takes what arrives at a socket: as chunks of its stream, or with `onread` into a buffer. */
export class SocketReader {
  #bytesRead = 0;
  readonly #onread: OnReadOptions | null;
  #into: Uint8Array | null = null;

  /** @param onread - as the option of that name; ignored as in `node:net` when it cannot be one */
  constructor(onread: unknown) {
    this.#onread = isOnRead(onread) ? onread : null;
    if (this.#onread !== null) this.#into = bufferOf(this.#onread);
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Whether bytes go to a callback rather than into the stream. */
  get hasCallback(): boolean {
    return this.#onread !== null;
  }

  /** The socket connects again. */
  clear(): void {
    this.#bytesRead = 0;
  }

  /** Takes once what a handle has; returns whether more is wanted. */
  take(socket: Duplex, handle: TcpHandle<unknown>): boolean {
    if (this.#onread !== null) return this.#call(this.#onread, socket, handle);
    const buffer = Buffer.allocUnsafe(Math.min(handle.connection.readable, READ_SIZE));
    const count = handle.read(buffer, 0, buffer.length);
    this.#bytesRead += count;
    return socket.push(buffer.subarray(0, count));
  }

  #call(onread: OnReadOptions, socket: Duplex, handle: TcpHandle<unknown>): boolean {
    const into = this.#into!;
    const count = handle.read(into, 0, into.length);
    this.#bytesRead += count;
    const goesOn: unknown = Reflect.apply(onread.callback, socket, [count, into]);
    if (typeof onread.buffer === 'function') this.#into = bufferOf(onread);
    return goesOn !== false;
  }
}

function isOnRead(onread: unknown): onread is OnReadOptions {
  const { buffer, callback } = (onread ?? {}) as Partial<OnReadOptions>;
  const isBuffer = buffer instanceof Uint8Array || typeof buffer === 'function';
  return isBuffer && typeof callback === 'function';
}

function bufferOf({ buffer }: OnReadOptions): Uint8Array {
  return typeof buffer === 'function' ? buffer() : buffer;
}
