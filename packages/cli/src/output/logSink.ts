import { constants, openSync, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import sonicBoom from 'sonic-boom';

/** File descriptors of standard output and standard error. */
export const STDOUT = 1;
export const STDERR = 2;
/** Upper bound of what waits to be written, in characters. */
const LONGEST_QUEUE = 256 << 10;
/** Milliseconds after which writing is tried again when it failed. */
const RETRY_AFTER = 1000;

/**
 * Writes lines to a file descriptor without ever waiting for it: lines queue up while it takes none, up
 * to a bound, and further ones are counted and dropped. No failure ends anything, be it a full disk or a
 * reader that is gone: writing is tried again, and what was lost is told when it works.
 */
export class LogSink {
  readonly #stream: InstanceType<typeof sonicBoom.SonicBoom>;
  #lost = 0;
  #told = 0;
  #failure: string | null = null;
  #retry: NodeJS.Timeout | undefined;

  /**
   * @param fd - a descriptor that does not block, or a file
   * @param onLost - is called when writing works again, with the number of lines that were lost, and the code of
   * the error; null when the lines only came faster than they could be written
   */
  constructor(fd: number, onLost: (lines: number, code: string | null) => void) {
    const stream = new sonicBoom.SonicBoom({ fd, maxLength: LONGEST_QUEUE });
    this.#stream = stream;
    stream.on('drop', () => {
      this.#lost++;
    });
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure = error.code ?? error.message;
      this.#retry ??= setTimeout(() => this.#tryAgain(), RETRY_AFTER).unref();
    });
    stream.on('drain', () => {
      const lines = this.#lost - this.#told;
      const failure = this.#failure;
      this.#told = this.#lost;
      this.#failure = null;
      if (lines > 0) onLost(lines, failure);
    });
  }

  /** Lines that were never written. */
  get lost(): number {
    return this.#lost;
  }

  /** Takes a line with its line feed. */
  write(line: string): void {
    this.#stream.write(line);
  }

  /** Ends; what waits is written, if that takes no longer than `within` milliseconds. */
  close(within: number): Promise<void> {
    clearTimeout(this.#retry);
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        clearTimeout(this.#retry);
        this.#stream.destroy();
        resolve();
      };
      const timer = setTimeout(end, within);
      this.#stream.flush(end);
    });
  }

  #tryAgain(): void {
    this.#retry = undefined;
    this.#stream.flush();
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
