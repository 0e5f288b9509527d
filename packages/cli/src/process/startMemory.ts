import { readFileSync } from 'node:fs';
import { loadKoffi } from './foreignFunctions.js';

/** Milliseconds after which a daemon has its start behind it: most often, and on a busy machine. */
const DELAYS = [1_500, 30_000];
// asm-generic/mman-common.h
const MADV_DONTNEED = 4;
const HEADER = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)$/;
const FIELD = /^(Anonymous|Swap): +(\d+) kB$/;

/** A range of addresses. */
export interface AddressRange {
  readonly address: number;
  readonly size: number;
}

interface Mapping extends AddressRange {
  readonly permissions: string;
  readonly path: string;
  /** Kilobytes that are no longer as in the file. */
  changed: number;
}

/**
 * Gives memory back to the system that only the start of a daemon needed: what the C library keeps for itself,
 * and pages of the program `node` and its libraries, whose most code and tables no idle daemon uses. These pages stay in
 * the cache of the system, which has other uses for them when memory runs short, and a program that needs one gets it
 * from there. Does nothing on other systems.
 */
export function releaseStartMemory(): void {
  if (process.platform !== 'linux') return;
  for (const delay of DELAYS) setTimeout(() => void release(), delay).unref();
}

async function release(): Promise<void> {
  try {
    const koffi = await loadKoffi();
    const library = koffi.load(null);
    const madvise = library.func('int madvise(uintptr_t address, size_t length, int advice)');
    // In one turn, so that this thread maps and unmaps nothing in between.
    const [smaps, maps] = ['smaps', 'maps'].map((name) =>
      readFileSync(`/proc/self/${name}`, 'latin1'),
    );
    for (const { address, size } of programPages(smaps!, maps!)) {
      madvise(address, size, MADV_DONTNEED);
    }
    // Of glibc alone.
    library.func('int malloc_trim(size_t keep)')(0);
  } catch {
    // It needs more memory then.
  }
}

/**
 * The mappings of program and libraries whose pages can be read from their files again, because they are as they are
 * there: not what the linker has relocated, be it swapped out, nor copies of code that were made elsewhere and may be
 * gone soon. Nothing at all where the two files disagree: an emulator such as qemu-user tells the addresses of the program
 * that it runs in `maps`, and its own in `smaps`.
 *
 * @param smaps - what `/proc/self/smaps` says (proc_pid_smaps(5))
 * @param maps - what `/proc/self/maps` says (proc_pid_maps(5))
 */
export function programPages(smaps: string, maps: string): AddressRange[] {
  const files = filesIn(smaps);
  const told = new Set(mappingsIn(maps).map(rangeText));
  if (!files.flat().every((mapping) => told.has(rangeText(mapping)))) return [];
  return files
    .filter((mappings) => mappings.some(({ permissions }) => permissions === 'rw-p'))
    .flatMap((mappings) =>
      mappings.filter(({ permissions, changed }) => /^r-[-x]p$/.test(permissions) && changed === 0),
    );
}

const rangeText = ({ address, size }: AddressRange): string => `${address} ${size}`;

/**
 * The mappings of each file, as far as nothing else is between them: a program or library has data among them. There may
 * be gaps.
 */
function filesIn(smaps: string): Mapping[][] {
  const files: Mapping[][] = [];
  let previous = '';
  for (const mapping of mappingsIn(smaps)) {
    if (mapping.path.startsWith('/')) {
      if (mapping.path === previous) files.at(-1)!.push(mapping);
      else files.push([mapping]);
    }
    previous = mapping.path;
  }
  return files;
}

function mappingsIn(smaps: string): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of smaps.split('\n')) {
    const [, from, to, permissions = '', path = ''] = HEADER.exec(line) ?? [];
    if (from !== undefined && to !== undefined) {
      const address = Number.parseInt(from, 16);
      const size = Number.parseInt(to, 16) - address;
      mappings.push({ address, size, permissions, path, changed: 0 });
      continue;
    }
    const last = mappings.at(-1);
    if (last !== undefined) last.changed += Number(FIELD.exec(line)?.[2] ?? 0);
  }
  return mappings;
}
