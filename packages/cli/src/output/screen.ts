import type { ReadStream, WriteStream } from 'node:tty';

/*
 * Control sequences of xterm, which all terminals know today: the alternate screen (DECSET 1049), the cursor
 * (25) and the wrapping of lines (7); ED and EL clear to the end of screen and line (ECMA-48 §8.3.39, §8.3.41).
 */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_REST = '\x1b[J';

const CTRL_C = '\x03';
const CTRL_Z = '\x1a';
const ENDINGS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** The terminal of a {@link Screen}. */
export interface Terminal {
  readonly input: Pick<
    ReadStream,
    'isTTY' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'
  > | null;
  readonly output: Pick<WriteStream, 'write' | 'columns' | 'rows' | 'on' | 'off'>;
}

/**
 * A whole terminal, taken until {@link close}: what was on it before is there again then, also after Ctrl-Z, and
 * when the process ends without it.
 */
export class Screen {
  readonly #terminal: Terminal;
  readonly #onEnd: () => void;
  readonly #onResize: () => void;
  #isOpen = false;

  /**
   * @param onEnd - Ctrl-C, q, or a signal to end
   * @param onResize - the size is another one, or the screen was away
   */
  constructor(terminal: Terminal, onEnd: () => void, onResize: () => void) {
    this.#terminal = terminal;
    this.#onEnd = onEnd;
    this.#onResize = onResize;
  }

  /** Takes the terminal. */
  open(): void {
    const { input, output } = this.#terminal;
    for (const signal of ENDINGS) process.on(signal, this.#onEnd);
    process.on('SIGCONT', this.#continued);
    process.on('exit', this.#leave);
    output.on('resize', this.#onResize);
    if (input?.isTTY === true) {
      input.on('data', this.#onKeys);
      input.resume();
    }
    this.#enter();
  }

  /** Draws lines from the top, over what was there. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const text = lines.map((line) => line + CLEAR_LINE).join('\r\n');
    this.#terminal.output.write(HOME + text + CLEAR_REST);
  }

  /** Characters that fit. */
  get size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = this.#terminal.output;
    // Serial lines do not tell.
    return { columns: columns || 80, rows: rows || 24 };
  }

  /** Gives the terminal back. */
  close(): void {
    const { input, output } = this.#terminal;
    this.#leave();
    for (const signal of ENDINGS) process.off(signal, this.#onEnd);
    process.off('SIGCONT', this.#continued);
    process.off('exit', this.#leave);
    output.off('resize', this.#onResize);
    if (input?.isTTY === true) {
      input.off('data', this.#onKeys);
      input.pause();
    }
  }

  #enter(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    // What is typed would appear on the screen otherwise.
    this.#setRaw(true);
    this.#terminal.output.write(ENTER);
  }

  readonly #leave = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#setRaw(false);
    this.#terminal.output.write(LEAVE);
  };

  #setRaw(isRaw: boolean): void {
    const { input } = this.#terminal;
    if (input?.isTTY === true) input.setRawMode(isRaw);
  }

  readonly #onKeys = (keys: Buffer): void => {
    const text = keys.toString('latin1');
    if (text.includes('q') || text.includes(CTRL_C)) this.#onEnd();
    else if (text.includes(CTRL_Z)) this.#suspend();
  };

  #suspend(): void {
    this.#leave();
    process.kill(process.pid, 'SIGSTOP');
  }

  readonly #continued = (): void => {
    this.#enter();
    this.#onResize();
  };
}
