/** What inputs are fed to by `npm run fuzz`: a module in `test/fuzz` exports one as `target`. */
export interface FuzzTarget {
  /** Length in bytes beyond which inputs are cut. */
  readonly longest: number;
  /** Inputs to begin with, besides those of the corpus. */
  readonly seeds?: readonly Uint8Array[];
  /** Byte strings that matter, for changes of inputs. */
  readonly words?: readonly Uint8Array[];
  /**
   * Reads one input, which it may change. Must do the same for the same input each time.
   *
   * @throws when what it tests is at fault
   */
  run(input: Uint8Array): void;
}

/** Numbers and bytes that an input stands for, in order; zeros when it is over. */
export class InputReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether there is nothing left. */
  get isOver(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** An integer, 0..255. */
  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  /** An integer, 0..65535. */
  word(): number {
    return this.byte() * 256 + this.byte();
  }

  /** One of a list. */
  pick<T>(list: readonly T[]): T {
    return list[this.byte() % list.length]!;
  }

  /** So many bytes, or as many as there are. */
  take(count: number): Uint8Array {
    const taken = this.#bytes.slice(this.#at, this.#at + count);
    this.#at += count;
    return taken;
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.take(this.#bytes.length);
  }
}

/** Throws when a condition does not hold; `text` says what was expected. */
export function demand(condition: boolean, text: string): void {
  if (!condition) throw new Error(text);
}

/** Bytes of text. */
export function textBytes(...texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => Uint8Array.from(text, (character) => character.charCodeAt(0)));
}

/** The text that bytes stand for, a character each. */
export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
