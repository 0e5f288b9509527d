import binary from './segments.wat';
import type { SegmentWork, WholePacket } from './segmentWork.js';

/** The functions of `segments.wat`; all numbers are 32-bit integers. */
interface Exports {
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

/** {@link SegmentWork} in WebAssembly with SIMD, over the memory of an arena. */
export class SimdSegmentWork implements SegmentWork {
  readonly #exports: Exports;

  /** @throws an error where WebAssembly or its SIMD instructions are missing */
  constructor(memory: WebAssemblyMemory) {
    const module = new WebAssembly.Module(Buffer.from(binary, 'base64'));
    const { exports } = new WebAssembly.Instance(module, { arena: { memory } });
    this.#exports = exports as Exports;
  }

  sum(at: number, length: number, initial: number): number {
    return this.#exports.sum(at, length, initial);
  }

  isValid(packet: number, length: number): boolean {
    return this.#exports.isValid(packet, length) === 1;
  }

  cut(whole: Readonly<WholePacket>, from: number, to: number, limit: number): number {
    const { packet, upper, headers, size, protocol, end } = whole;
    return this.#exports.cut(packet, upper, headers, size, protocol, end, from, to, limit);
  }
}
