import type { UdpEndpoint } from '@6bed4/codec';
import { Arena } from '../drivers/kernel/arena.js';
import { bindRawLibc, type RawLibc } from '../drivers/kernel/rawLibc.js';
import { DeferredSender } from '../drivers/linux/deferredSender.js';
import { SEND_BATCH_SIZE } from '../drivers/linux/sendBatch.js';
import { StartError } from '../errors.js';

const NONE = -1;

/**
 * Sends the datagrams of all clients of a gateway by few system calls: what one client has sent together leaves together,
 * as few messages that the kernel segments.
 */
export class BatchedSender {
  readonly #sender: DeferredSender;
  #drops = 0;

  private constructor(libc: RawLibc) {
    const arena = new Arena(libc, SEND_BATCH_SIZE);
    this.#sender = new DeferredSender({ libc, arena, fd: NONE, segmentation: true });
  }

  /** Null where the system does not have it. */
  static async open(): Promise<BatchedSender | null> {
    const { bun, deno } = process.versions;
    if (bun !== undefined || deno !== undefined) return null;
    try {
      return new BatchedSender(await bindRawLibc());
    } catch (error) {
      if (error instanceof StartError) return null;
      throw error;
    }
  }

  /** Datagrams that the system refused, by the code of its error; those that waited for too long under ENOBUFS. */
  get errors(): Readonly<Record<string, number>> {
    const errors = this.#sender.batch.errors.snapshot();
    const drops = this.#drops + this.#sender.queueDrops;
    return drops === 0 ? errors : { ...errors, ENOBUFS: (errors['ENOBUFS'] ?? 0) + drops };
  }

  /** Sends a datagram by a socket. The bytes may be used during the call only. */
  send(
    fd: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
  ): void {
    if (this.#sender.fd !== fd) this.#use(fd);
    this.#sender.send(bytes, offset, length, to, 0, 0);
  }

  /** Sends what waits for a socket that is about to be closed. */
  release(fd: number): void {
    if (this.#sender.fd === fd) this.#use(NONE);
  }

  close(): void {
    this.#use(NONE);
    this.#sender.close();
  }

  /** What a full socket has not taken must not leave by another one: that has another address. */
  #use(fd: number): void {
    this.#sender.flush();
    if (!this.#sender.batch.isEmpty) this.#drops += this.#sender.batch.discard();
    this.#sender.fd = fd;
  }
}
