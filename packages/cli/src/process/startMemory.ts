import { readFileSync } from 'node:fs';

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
    const { default: koffi } = await import('koffi');
    const library = koffi.load(null);
    const madvise = library.func('int madvise(uintptr_t address, size_t length, int advice)');
    // In one turn, so that this thread maps and unmaps nothing in between.
    for (const { address, size } of programPages(readFileSync('/proc/self/smaps', 'latin1'))) {
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
 * gone soon.
 *
 * @param smaps - what `/proc/self/smaps` says (proc_pid_smaps(5))
 */
export function programPages(smaps: string): AddressRange[] {
  return filesIn(smaps)
    .filter((mappings) => mappings.some(({ permissions }) => permissions === 'rw-p'))
    .flatMap((mappings) =>
      mappings.filter(({ permissions, changed }) => /^r-[-x]p$/.test(permissions) && changed === 0),
    );
}

/** The mappings of each file, as far as they are neighbors: a program or library has data among them. */
function filesIn(smaps: string): Mapping[][] {
  const files: Mapping[][] = [];
  for (const mapping of mappingsIn(smaps)) {
    if (!mapping.path.startsWith('/')) continue;
    const last = files.at(-1)?.at(-1);
    const isNext = last?.path === mapping.path && last.address + last.size === mapping.address;
    if (isNext) files.at(-1)!.push(mapping);
    else files.push([mapping]);
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
