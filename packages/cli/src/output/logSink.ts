import { close, constants, openSync, type Stats, write } from 'node:fs';
import { stat } from 'node:fs/promises';

/** File descriptors of standard output and standard error. */
export const STDOUT = 1;
export const STDERR = 2;
/** Upper bound of what waits to be written, in characters. */
const LONGEST_QUEUE = 256 << 10;
/** Milliseconds after which writing is tried again when the reader was too slow. */
const RETRY_WHEN_FULL = 100;
/** Milliseconds after which writing is tried again when it failed. */
const RETRY_WHEN_FAILED = 1000;
/** What a descriptor that does not block says when it takes nothing. */
const FULL: readonly unknown[] = ['EAGAIN', 'EBUSY'];

/**
 * Writes lines to a file descriptor without ever waiting for it: lines queue up while it takes none, up
 * to a bound, and further ones are counted and dropped. No failure ends anything, be it a full disk or a
 * reader that is gone: writing is tried again, and what was lost is told when it works.
 */
export class LogSink {
  readonly #fd: number;
  readonly #onLost: (lines: number, code: string | null) => void;
  /** Lines that wait, and their length. */
  #lines: string[] = [];
  #length = 0;
  /** What is being written, as far as it is not. */
  #rest: Uint8Array | null = null;
  #isWriting = false;
  #lost = 0;
  #told = 0;
  #failure: string | null = null;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  #onEmpty = (): void => {};

  /**
   * @param fd - a descriptor that does not block, or a file
   * @param onLost - is called when writing works again, with the number of lines that were lost, and the code of
   * the error; null when the lines only came faster than they could be written
   */
  constructor(fd: number, onLost: (lines: number, code: string | null) => void) {
    this.#fd = fd;
    this.#onLost = onLost;
  }

  /** Lines that were never written. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes a line with its line feed. */
  write(line: string): void {
    if (this.#length + line.length > LONGEST_QUEUE) {
      this.#lost++;
      return;
    }
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#retry === undefined) this.#writeOn();
  }

  /** Ends; what waits is written, if that takes no longer than `within` milliseconds. */
  close(within: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#end();
        resolve();
      };
      const timer = setTimeout(end, within);
      this.#onEmpty = end;
      this.#tryAgain();
    });
  }

  #writeOn(): void {
    if (this.#isWriting || this.#closed) return;
    if (this.#rest === null) {
      if (this.#lines.length === 0) {
        this.#onEmpty();
        return;
      }
      this.#rest = Buffer.from(this.#lines.join(''));
      this.#lines = [];
    }
    this.#isWriting = true;
    write(this.#fd, this.#rest, (error, written) => {
      this.#isWriting = false;
      if (this.#closed) this.#closeFile();
      else if (error === null) this.#wrote(written);
      else this.#failed(error.code);
    });
  }

  #wrote(bytes: number): void {
    const rest = this.#rest!.subarray(bytes);
    this.#rest = rest.length > 0 ? rest : null;
    if (this.#rest === null) {
      this.#length = this.#lines.reduce((sum, line) => sum + line.length, 0);
      if (this.#lines.length === 0) this.#tellLosses();
    }
    this.#writeOn();
  }

  #failed(code: string | undefined): void {
    const isFull = FULL.includes(code);
    if (!isFull) this.#failure = code ?? 'EIO';
    const wait = isFull ? RETRY_WHEN_FULL : RETRY_WHEN_FAILED;
    this.#retry = setTimeout(() => this.#tryAgain(), wait).unref();
  }

  #tryAgain(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#writeOn();
  }

  #tellLosses(): void {
    const lines = this.#lost - this.#told;
    const failure = this.#failure;
    this.#told = this.#lost;
    this.#failure = null;
    if (lines > 0) this.#onLost(lines, failure);
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    if (!this.#isWriting) this.#closeFile();
  }

  /** Others may use the streams of the process. */
  #closeFile(): void {
    if (this.#fd > STDERR) close(this.#fd, () => {});
  }
}

/**
 * A descriptor for a standard stream to which writing never blocks. That of this process may be shared with others,
 * who expect it to block, so that it is opened anew where the system can do that.
 *
 * @param fd - `STDOUT` or `STDERR`
 */
export async function openStandardStream(fd: number): Promise<number> {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    if ((await statStandardStream(fd)).isFile()) return fd;
    return openSync(pathOf(fd), O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // A socket, somebody else's pipe, or no Linux: Node.js makes it non-blocking when it makes its stream.
    void (fd === STDERR ? process.stderr : process.stdout).writable;
    return fd;
  }
}

/** What a standard stream is. Not by fstatSync: after one of a socket, Node.js 20 resolves no symbolic links of modules. */
export function statStandardStream(fd: number): Promise<Stats> {
  return stat(pathOf(fd));
}

function pathOf(fd: number): string {
  return `/proc/self/fd/${fd}`;
}
