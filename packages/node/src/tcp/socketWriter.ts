import { Duplex } from 'node:stream';
import { nextTick } from '../realTimers.js';
import { endedByPeer } from './netErrors.js';
import type { Done, TcpHandle } from './tcpHandle.js';

/** Writes what a socket is given, and keeps what is written before there is a connection. */
export class SocketWriter {
  #bytesTaken = 0;
  #early: (() => void) | null = null;
  #earlyDone: Done | null = null;
  #earlyEnd: Done | null = null;

  /** Bytes that TCP has taken. */
  get bytesTaken(): number {
    return this.#bytesTaken;
  }

  /** The socket connects again. */
  clear(): void {
    this.#bytesTaken = 0;
  }

  /** Keeps a write until {@link connected}; streams have one at a time. */
  delay(write: () => void, done: Done): void {
    this.#early = write;
    this.#earlyDone = done;
  }

  /** Keeps the end of the data until {@link connected}. */
  delayEnd(done: Done): void {
    this.#earlyEnd = done;
  }

  /** There is a connection: writes and ends what was kept. */
  connected(end: (done: Done) => void): void {
    const [write, done] = [this.#early, this.#earlyEnd];
    this.drop();
    write?.();
    if (done !== null) end(done);
  }

  /** Keeps nothing any more; returns the callback of the write that was kept. */
  drop(): Done | null {
    const done = this.#earlyDone;
    this.#early = null;
    this.#earlyDone = null;
    this.#earlyEnd = null;
    return done;
  }

  /**
   * Writes one chunk, or several.
   *
   * @param rest - the chunks after the first in reverse order
   * @param size - bytes in all
   */
  write(
    handle: TcpHandle<unknown>,
    chunk: Uint8Array,
    rest: Uint8Array[] | null,
    { size, done }: { readonly size: number; readonly done: Done },
  ): void {
    handle.write(chunk, rest, (error) => {
      if (!error) this.#bytesTaken += size;
      done(error);
    });
  }
}

/** Listens to `end`, so that later writes fail as in `node:net`; one function for all sockets. */
export function refuseWrites(this: Duplex): void {
  if (!this.allowHalfOpen) this.write = writeAfterEnd;
}

/** Fails with EPIPE after the other side has ended. */
function writeAfterEnd(this: Duplex, ...args: unknown[]): boolean {
  if (!this.writableEnded) return Reflect.apply(Duplex.prototype.write, this, args);
  const error = endedByPeer();
  const done = args.find((argument) => typeof argument === 'function');
  if (done !== undefined) nextTick(done as Done, error);
  this.destroy(error);
  return false;
}
