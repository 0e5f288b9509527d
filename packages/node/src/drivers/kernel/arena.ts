import { LITTLE_ENDIAN } from './native.js';
import type { RawLibc } from './rawLibc.js';

const ALIGNMENT = 64;
const HIGH = 0x1_0000_0000;
const ATTEMPTS = 64;
/** Bytes of a page of WebAssembly. */
const WASM_PAGE = 65_536;

/** The kind of memory of an {@link Arena}. */
export type ArenaKind = 'plain' | 'webassembly';

/**
 * A buffer at a fixed address that is shared with the kernel: packets, and the structures that describe
 * to the kernel where they are. Offsets into it take the place of pointers.
 *
 * It never crosses a multiple of 4 GB, so that the upper half of all pointers into it is the same and
 * the data path computes with integers only.
 */
export class Arena {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The same memory as words in the byte order of this computer. */
  readonly words: Int32Array;
  /** The address of offset 0. */
  readonly address: number;
  /**
   * The same memory for a module of WebAssembly to import; null for plain memory. It must not grow: all views
   * of it would lose it, and the kernel might write where it was.
   */
  readonly memory: WebAssemblyMemory | null;
  readonly longSize: 4 | 8;
  readonly #low: number;
  readonly #high: number;
  #used = 0;

  /**
   * @param size - bytes
   * @param kind - WebAssembly's memory takes some GB of address space; where that is not to be had, the memory is
   * plain all the same
   */
  constructor(libc: RawLibc, size: number, kind: ArenaKind = 'plain') {
    const allocation =
      (kind === 'webassembly' ? allocateShareable(libc, size) : null) ?? allocate(libc, size);
    const { buffer, address } = allocation;
    this.memory = allocation.memory;
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.words = new Int32Array(buffer);
    this.address = address;
    this.longSize = libc.longSize;
    this.#low = (address % HIGH) | 0;
    this.#high = Math.floor(address / HIGH);
  }

  /** Gives back all that was reserved; its bytes stay as they are. */
  clear(): void {
    this.#used = 0;
  }

  /** Sets memory aside and returns its offset. */
  reserve(size: number, alignment: number = ALIGNMENT): number {
    const at = Math.ceil(this.#used / alignment) * alignment;
    if (at + size > this.bytes.length) {
      throw new RangeError(`arena: found ${at + size} bytes wanted, expected ${this.bytes.length}`);
    }
    this.#used = at + size;
    return at;
  }

  /** Stores at `at`, a multiple of the size of a pointer, a pointer to the offset `to`. */
  setPointer(at: number, to: number): void {
    const low = (this.#low + to) | 0;
    const word = at >> 2;
    if (this.longSize === 4) {
      this.words[word] = low;
    } else if (LITTLE_ENDIAN) {
      this.words[word] = low;
      this.words[word + 1] = this.#high;
    } else {
      this.words[word] = this.#high;
      this.words[word + 1] = low;
    }
  }

  /** Stores a `size_t` below 2^31. */
  setSize(at: number, size: number): void {
    const word = at >> 2;
    if (this.longSize === 4) {
      this.words[word] = size;
    } else if (LITTLE_ENDIAN) {
      this.words[word] = size;
      this.words[word + 1] = 0;
    } else {
      this.words[word] = 0;
      this.words[word + 1] = size;
    }
  }

  /** Reads a `size_t` below 2^31. */
  getSize(at: number): number {
    const word = at >> 2;
    return this.words[this.longSize === 8 && !LITTLE_ENDIAN ? word + 1 : word]!;
  }
}

interface Allocation {
  readonly memory: WebAssemblyMemory | null;
  readonly buffer: ArrayBuffer;
  readonly address: number;
}

function allocate(libc: RawLibc, size: number): Allocation {
  return withinFourGB(libc, size, () => ({ memory: null, buffer: new ArrayBuffer(size) }));
}

/** Memory of WebAssembly; null where there is none. */
function allocateShareable(libc: RawLibc, size: number): Allocation | null {
  const pages = Math.ceil(size / WASM_PAGE);
  try {
    return withinFourGB(libc, size, () => {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
      return { memory, buffer: memory.buffer };
    });
  } catch {
    // No WebAssembly (--jitless), or a limit on address space.
    return null;
  }
}

function withinFourGB(
  libc: RawLibc,
  size: number,
  make: () => Pick<Allocation, 'memory' | 'buffer'>,
): Allocation {
  // References are kept until one fits, so that each allocation has another address.
  const refused: ArrayBuffer[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { memory, buffer } = make();
    const address = libc.addressOf(buffer);
    if ((address % HIGH) + size <= HIGH) return { memory, buffer, address };
    refused.push(buffer);
  }
  throw new RangeError(`arena: no ${size} bytes within 4 GB in ${refused.length} attempts`);
}
