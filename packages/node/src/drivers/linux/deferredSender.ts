import type { UdpEndpoint } from '@6bed4/codec';
import { clearTimeout, nextTick, now, setTimeout } from '../../realTimers.js';
import type { Arena } from '../kernel/arena.js';
import type { RawLibc } from '../kernel/rawLibc.js';
import { Flushed, SendBatch } from './sendBatch.js';

/** Milliseconds until a socket whose send buffer is full is tried again. */
const RETRY_DELAY = 1;
/** Upper bound of the time for which nothing is received because of a full socket, in milliseconds; then datagrams drop. */
const MAX_PAUSE = 100;

/** What a {@link DeferredSender} sends by. */
export interface DeferredSenderOptions {
  readonly libc: RawLibc;
  /** Datagrams that are sent from here are not copied. */
  readonly arena: Arena;
  /** The descriptor of the socket. */
  readonly fd: number;
  /** Whether the kernel segments messages (UDP_SEGMENT). */
  readonly segmentation: boolean;
  /** Called when nothing may be received into the arena, since datagrams there wait for a full socket. */
  readonly onPause?: () => void;
  /** Called when they do no more. */
  readonly onResume?: () => void;
}

/**
 * Sends what one callback of Node.js sends by as few system calls as possible, when it has returned, and keeps what
 * the system does not take at once.
 */
export class DeferredSender {
  /** The descriptor of the socket; another one after a {@link flush}. */
  fd: number;
  readonly batch: SendBatch;
  readonly #bytes: Uint8Array;
  readonly #onPause: () => void;
  readonly #onResume: () => void;
  #isClosed = false;
  #isDue = false;
  #retry: NodeJS.Timeout | null = null;
  #queueDrops = 0;
  /** Datagrams and bytes since the batch was empty. */
  #queued = 0;
  #queuedBytes = 0;
  #isBlocked = false;
  /** Whether datagrams of the batch lie where they were received. */
  #hasReceived = false;
  #pausedAt: number | null = null;

  constructor({ libc, arena, fd, segmentation, onPause, onResume }: DeferredSenderOptions) {
    this.fd = fd;
    this.batch = new SendBatch(libc, arena, segmentation);
    this.#bytes = arena.bytes;
    this.#onPause = onPause ?? (() => {});
    this.#onResume = onResume ?? (() => {});
  }

  /** Datagrams dropped because too many waited. */
  get queueDrops(): number {
    return this.#queueDrops;
  }

  /** Datagrams that the system has not taken yet, and their bytes. */
  get waiting(): { readonly datagrams: number; readonly bytes: number } {
    return this.#isBlocked
      ? { datagrams: this.#queued, bytes: this.#queuedBytes }
      : { datagrams: 0, bytes: 0 };
  }

  /** Whether nothing may be received into the arena. */
  get isPaused(): boolean {
    return this.#pausedAt !== null;
  }

  /** As {@link DatagramPort.send}; bytes of the arena must not change while {@link isPaused}. */
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    to: Readonly<UdpEndpoint>,
    tos: number,
    ttl: number,
  ): void {
    if (this.#isClosed) return;
    if (!this.batch.add(bytes, offset, length, to, tos, ttl)) {
      // Whatever waits for a full socket has waited long enough to keep others out.
      if (!this.#isBlocked) this.flush();
      if (!this.batch.add(bytes, offset, length, to, tos, ttl)) {
        this.#queueDrops++;
        return;
      }
    }
    this.#queued++;
    this.#queuedBytes += length;
    if (bytes === this.#bytes) this.#hasReceived = true;
    if (this.#isDue || this.#isBlocked) return;
    this.#isDue = true;
    nextTick(this.#sendDue);
  }

  /** Sends what waits; what the socket does not take is tried again later. */
  flush(): void {
    if (this.batch.isEmpty) return;
    this.#isBlocked = this.batch.flush(this.fd) === Flushed.blocked;
    if (this.#isBlocked && this.#hasReceived) this.#pause();
    if (this.#isBlocked) {
      this.#retry ??= setTimeout(this.#sendAgain, RETRY_DELAY);
      return;
    }
    this.#queued = 0;
    this.#queuedBytes = 0;
    this.#hasReceived = false;
    if (this.#pausedAt === null) return;
    this.#pausedAt = null;
    this.#onResume();
  }

  /** Sends what the socket takes, and nothing any more. */
  close(): void {
    this.flush();
    this.#isClosed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
  }

  readonly #sendDue = (): void => {
    this.#isDue = false;
    if (!this.#isClosed) this.flush();
  };

  readonly #sendAgain = (): void => {
    this.#retry = null;
    this.flush();
  };

  /** Lets nothing be received in the place of what has yet to be sent; but not forever. */
  #pause(): void {
    this.#pausedAt ??= now();
    this.#onPause();
    if (now() - this.#pausedAt < MAX_PAUSE) return;
    this.#queueDrops += this.batch.discard();
    this.#isBlocked = false;
  }
}
