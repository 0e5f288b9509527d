import { Arena, type ArenaKind } from '../kernel/arena.js';
import type { RawLibc } from '../kernel/rawLibc.js';
import { ScriptSegmentWork } from './offload/scriptSegmentWork.js';
import type { SegmentWork } from './offload/segmentWork.js';
import { SimdSegmentWork } from './offload/simdSegmentWork.js';

/** The memory of a `PacketLoop`, and what works on the bytes of packets in it. */
export interface LoopMemory {
  readonly arena: Arena;
  readonly work: SegmentWork;
}

/**
 * Allocates the memory of a loop.
 *
 * @param size - bytes
 * @param kind - `plain` for TypeScript alone; `webassembly` for WebAssembly where it has SIMD
 */
export function allocateLoopMemory(
  libc: RawLibc,
  size: number,
  kind: ArenaKind = 'webassembly',
): LoopMemory {
  const arena = new Arena(libc, size, kind);
  return { arena, work: trySimd(arena) ?? new ScriptSegmentWork(arena) };
}

function trySimd({ memory }: Arena): SegmentWork | null {
  if (memory === null) return null;
  try {
    return new SimdSegmentWork(memory);
  } catch {
    // A processor without SIMD: x64 before SSE4.1, 32-bit arm without NEON.
    return null;
  }
}
