import runs from './runs.wat';
import segments from './segments.wat';
import type { SegmentWork, WholePacket } from './segmentWork.js';

/** The functions of `segments.wat`; all numbers are 32-bit integers. */
interface Segments {
  sum(at: number, length: number, initial: number): number;
  isValid(packet: number, length: number): number;
  cut(
    packet: number,
    upper: number,
    headers: number,
    size: number,
    protocol: number,
    end: number,
    from: number,
    to: number,
    limit: number,
  ): number;
}

/** The functions of `runs.wat`. */
interface Runs {
  alike(at: number, length: number, size: number): number;
  following(last: number, length: number, size: number): number;
}

/** {@link SegmentWork} in WebAssembly with SIMD, over the memory of an arena. */
export class SimdSegmentWork implements SegmentWork {
  readonly #segments: Segments;
  readonly #runs: Runs;

  /** @throws an error where WebAssembly or its SIMD instructions are missing */
  constructor(memory: WebAssemblyMemory) {
    const arena = { memory };
    const { exports } = new WebAssembly.Instance(compiled(segments), { arena });
    this.#segments = exports as Segments;
    const { isValid } = this.#segments;
    const imports = { arena, segments: { isValid } };
    this.#runs = new WebAssembly.Instance(compiled(runs), imports).exports as Runs;
  }

  sum(at: number, length: number, initial: number): number {
    return this.#segments.sum(at, length, initial);
  }

  isValid(packet: number, length: number): boolean {
    return this.#segments.isValid(packet, length) === 1;
  }

  alike(at: number, length: number, size: number): number {
    return this.#runs.alike(at, length, size);
  }

  following(last: number, length: number, size: number): number {
    return this.#runs.following(last, length, size);
  }

  cut(whole: Readonly<WholePacket>, from: number, to: number, limit: number): number {
    const { packet, upper, headers, size, protocol, end } = whole;
    return this.#segments.cut(packet, upper, headers, size, protocol, end, from, to, limit);
  }
}

function compiled(binary: string): WebAssemblyModule {
  return new WebAssembly.Module(Buffer.from(binary, 'base64'));
}
