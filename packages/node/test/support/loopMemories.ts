import type { ArenaKind } from '../../src/drivers/kernel/arena.js';
import type { RawLibc } from '../../src/drivers/kernel/rawLibc.js';
import { allocateLoopMemory, type LoopMemory } from '../../src/drivers/linux/loopMemory.js';

/** Both kinds of memory, and so both forms of what works in it. */
export const memoryKinds = ['webassembly', 'plain'] as const;

const SIZE = 6 << 20;
const memories = new Map<string, LoopMemory>();

/**
 * The memory of this kind, with nothing reserved and any bytes in it: each of WebAssembly takes much address space.
 *
 * @param libc - of which no memory has been asked yet
 */
export function loopMemory(libc: RawLibc, kind: ArenaKind): LoopMemory {
  const name = `${kind}, ${libc.longSize}`;
  const known = memories.get(name);
  if (known === undefined) {
    const memory = allocateLoopMemory(libc, SIZE, kind);
    memories.set(name, memory);
    return memory;
  }
  known.arena.clear();
  libc.addressOf(known.arena.bytes.buffer as ArrayBuffer);
  return known;
}
