import { Arena } from '../kernel/arena.js';
import { bindRawLibc, type RawLibc } from '../kernel/rawLibc.js';
import { RECEIVE_BATCH_SIZE, ReceiveBatch } from '../kernel/receiveBatch.js';
import { DeferredSender } from '../linux/deferredSender.js';
import { SEND_BATCH_SIZE } from '../linux/sendBatch.js';

/** Memory for what is received by one call. */
interface Batch {
  readonly arena: Arena;
  readonly received: ReceiveBatch;
}

/** Opens a {@link DirectUdp}: by the descriptor of a socket, and whether the kernel segments messages (UDP_SEGMENT). */
export type OpenDirectUdp = (fd: number, segmentation: boolean) => DirectUdp;

/**
 * Sends and receives datagrams on a socket of Node.js without what that costs: addresses that are text, some objects
 * and a system call for each datagram. The socket stays with Node.js, which watches for something to receive.
 */
export class DirectUdp {
  readonly sender: DeferredSender;
  readonly #libc: RawLibc;
  readonly #busy: readonly number[];
  #batch: Batch | null = null;

  private constructor(libc: RawLibc, fd: number, segmentation: boolean) {
    this.#libc = libc;
    const arena = new Arena(libc, SEND_BATCH_SIZE);
    this.sender = new DeferredSender({ libc, arena, fd, segmentation });
    this.#busy = ['EAGAIN', 'EINTR', 'ENOBUFS'].map((name) => libc.numberOf(name));
  }

  /** Null where that is not possible. */
  static async load(): Promise<OpenDirectUdp | null> {
    if (process.platform !== 'linux') return null;
    try {
      const libc = await bindRawLibc();
      return (fd, segmentation) => new DirectUdp(libc, fd, segmentation);
    } catch {
      return null;
    }
  }

  /**
   * Hands over what there is to receive besides the datagram that Node.js has just handed over, as far
   * as it fits into one batch.
   *
   * @param handler - returns whether it wants more
   * @returns 0, or the error number
   */
  receive(
    handler: (
      bytes: Uint8Array,
      offset: number,
      length: number,
      address: number,
      port: number,
    ) => boolean,
  ): number {
    this.#batch ??= this.#newBatch();
    const { arena, received } = this.#batch;
    const count = received.receive(this.sender.fd);
    if (count < 0) {
      const errno = this.#libc.errno();
      return this.#busy.includes(errno) ? 0 : errno;
    }
    let thrown: { readonly error: unknown } | null = null;
    for (let slot = 0; slot < count; slot++) {
      const address = received.address(slot) >>> 0;
      const length = received.length(slot);
      const port = received.port(slot);
      try {
        if (!handler(arena.bytes, received.offset(slot), length, address, port)) break;
      } catch (error) {
        // What a listener throws must not cost others their datagrams.
        thrown ??= { error };
      }
    }
    if (thrown !== null) throw thrown.error;
    return 0;
  }

  #newBatch(): Batch {
    const arena = new Arena(this.#libc, RECEIVE_BATCH_SIZE);
    return { arena, received: new ReceiveBatch(this.#libc, arena) };
  }

  /** The name of an error number. */
  nameOf(errno: number): string {
    return this.#libc.nameOf(errno);
  }
}
