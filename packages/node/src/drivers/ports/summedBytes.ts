import { sumView } from '@6bed4/nd';
import { SimdSegmentWork } from '../linux/offload/simdSegmentWork.js';

const WASM_PAGE = 65_536;

/** Bytes whose sum is fast to find: packets are built, or received, where that is. */
export interface SummedBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  /**
   * Adds bytes to a ones-complement sum (RFC 1071 §2).
   *
   * @param length - up to 131,072; an odd last byte counts as the high byte of a word
   * @param initial - sum so far, 0..2^31 − 1; of an even number of bytes
   * @returns a sum of 16 bits; 0 only if all is 0
   */
  sum(at: number, length: number, initial: number): number;
}

/** Memory whose bytes TypeScript sums. */
export class ScriptSummedBytes implements SummedBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  /** @param memory - its size in bytes, or existing memory */
  constructor(memory: number | Pick<SummedBytes, 'bytes' | 'view'>) {
    this.bytes = typeof memory === 'number' ? new Uint8Array(memory) : memory.bytes;
    this.view = typeof memory === 'number' ? new DataView(this.bytes.buffer) : memory.view;
  }

  sum(at: number, length: number, initial: number): number {
    return sumView(this.view, at, length, initial);
  }
}

/** Memory whose bytes WebAssembly sums, which takes a fifth of the time. */
export class SimdSummedBytes implements SummedBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #work: SimdSegmentWork;

  /**
   * @param size - bytes
   * @throws an error where WebAssembly, its SIMD instructions, or some GB of address space are missing
   */
  constructor(size: number) {
    const pages = Math.ceil(size / WASM_PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.#work = new SimdSegmentWork(memory);
    this.bytes = new Uint8Array(memory.buffer, 0, size);
    this.view = new DataView(memory.buffer, 0, size);
  }

  sum(at: number, length: number, initial: number): number {
    return this.#work.sum(at, length, initial);
  }
}

function allocate(size: number): SummedBytes {
  try {
    return new SimdSummedBytes(size);
  } catch {
    return new ScriptSummedBytes(size);
  }
}

let outbound: SummedBytes | null = null;
let inbound: SummedBytes | null = null;

/** One full packet that is being sent. One for all tunnels of a thread, as memory of WebAssembly is scarce. */
export function outboundBytes(): SummedBytes {
  outbound ??= allocate(WASM_PAGE);
  return outbound;
}

/** One datagram that is being received, as large as any; one for all tunnels of a thread. */
export function inboundBytes(): SummedBytes {
  inbound ??= allocate(WASM_PAGE);
  return inbound;
}
