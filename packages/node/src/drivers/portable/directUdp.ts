import type { UdpEndpoint } from '@6bed4/codec';
import { BytesPart } from '../../bytesPart.js';
import { Arena } from '../kernel/arena.js';
import { AF_INET, MSG_DONTWAIT } from '../kernel/constants.js';
import { LITTLE_ENDIAN } from '../kernel/native.js';
import { bindRawLibc, type RawLibc } from '../kernel/rawLibc.js';
import { RECEIVE_BATCH_SIZE, ReceiveBatch } from '../kernel/receiveBatch.js';
import {
  SOCKADDR_IN_ADDRESS,
  SOCKADDR_IN_PORT,
  SOCKADDR_IN_SIZE,
} from '../kernel/socketAddress.js';

/** Larger than any packet of the tunnel; what is larger still is left to others. */
const SLOT_SIZE = 2048;
const PAGE = 4096;

/** Result of sending a datagram: 0 for sent, -1 for not now, or the error number. */
export type DirectResult = number;

/** Memory for what is received by one call. */
interface Batch {
  readonly arena: Arena;
  readonly received: ReceiveBatch;
}

/**
 * Sends and receives datagrams on a socket of Node.js without what that costs: addresses that are text,
 * and some objects for each datagram. The socket stays with Node.js, which watches for something to
 * receive, and keeps what the system does not take at once.
 */
export class DirectUdp {
  readonly #libc: RawLibc;
  readonly #fd: number;
  readonly #arena: Arena;
  readonly #slot: number;
  readonly #part = new BytesPart();
  readonly #address: number;
  readonly #busy: readonly number[];
  #batch: Batch | null = null;

  private constructor(libc: RawLibc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
    this.#arena = new Arena(libc, PAGE);
    this.#slot = this.#arena.reserve(SLOT_SIZE);
    this.#address = this.#arena.reserve(SOCKADDR_IN_SIZE);
    this.#arena.view.setUint16(this.#address, AF_INET, LITTLE_ENDIAN);
    this.#busy = ['EAGAIN', 'EINTR', 'ENOBUFS'].map((name) => libc.numberOf(name));
  }

  /** Null where that is not possible. */
  static async load(): Promise<((fd: number) => DirectUdp) | null> {
    if (process.platform !== 'linux') return null;
    try {
      const libc = await bindRawLibc();
      return (fd) => new DirectUdp(libc, fd);
    } catch {
      return null;
    }
  }

  /** Sends one datagram. For every packet. */
  send(bytes: Uint8Array, offset: number, length: number, to: Readonly<UdpEndpoint>): DirectResult {
    if (length > SLOT_SIZE) return -1;
    const { bytes: memory, view, address: base } = this.#arena;
    memory.set(this.#part.of(bytes, offset, length), this.#slot);
    view.setUint16(this.#address + SOCKADDR_IN_PORT, to.port);
    view.setInt32(this.#address + SOCKADDR_IN_ADDRESS, to.addressBits);
    const sent = this.#libc.sendto(
      this.#fd,
      base + this.#slot,
      length,
      MSG_DONTWAIT,
      base + this.#address,
      SOCKADDR_IN_SIZE,
    );
    if (sent >= 0) return 0;
    const errno = this.#libc.errno();
    return this.#busy.includes(errno) ? -1 : errno;
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
  ): DirectResult {
    this.#batch ??= this.#newBatch();
    const { arena, received } = this.#batch;
    const count = received.receive(this.#fd);
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
