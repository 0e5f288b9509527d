import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { programPages, releaseStartMemory } from '../../src/process/startMemory.js';

const PROGRAM = '/usr/bin/node';

interface Sample {
  readonly at: string;
  readonly permissions: string;
  readonly path?: string;
  readonly anonymous?: number;
  readonly swap?: number;
}

/** A mapping as the kernel writes it. */
function mapping({ at, permissions, path = '', anonymous = 0, swap = 0 }: Sample): string {
  return `${at} ${permissions} 00001000 fe:00 1234                       ${path}
Size:               1024 kB
Rss:                 512 kB
Anonymous:        ${anonymous} kB
Swap:             ${swap} kB
VmFlags: rd ex mr mw me`;
}

const LOADED: readonly Sample[] = [
  { at: '00400000-00500000', permissions: 'r--p', path: PROGRAM },
  { at: '00600000-00900000', permissions: 'r-xp', path: PROGRAM },
  { at: '00900000-00910000', permissions: 'r--p', path: PROGRAM, anonymous: 8 },
  { at: '00910000-00920000', permissions: 'r--p', path: PROGRAM, swap: 4 },
  { at: '00920000-00930000', permissions: 'rw-p', path: PROGRAM },
];
const LIBRARY: readonly Sample[] = [
  { at: '7f0000100000-7f0000200000', permissions: 'r-xp', path: '/usr/lib/libc.so.6' },
  { at: '7f0000200000-7f0000210000', permissions: 'rw-p', path: '/usr/lib/libc.so.6' },
];
const OTHERS: readonly Sample[] = [
  { at: '00930000-00a00000', permissions: 'rw-p', path: '[heap]', anonymous: 400 },
  { at: '20000000-20040000', permissions: 'rw-p', anonymous: 256 },
  { at: '7e0000000000-7e0000100000', permissions: 'r--p', path: '/usr/share/locale' },
];

/** The lines of smaps that maps has, too. */
const mapsOf = (smaps: string): string =>
  smaps
    .split('\n')
    .filter((line) => /^[0-9a-f]+-/.test(line))
    .join('\n');

const pagesOf = (smaps: string) => programPages(smaps, mapsOf(smaps));

const addressesIn = (samples: readonly Sample[]): number[] =>
  pagesOf(`${samples.map(mapping).join('\n')}\n`).map(({ address }) => address);

describe('what can be read from program and libraries again', () => {
  test('is code and tables, without what is relocated, swapped out, or can be written', () => {
    const smaps = [...LOADED, ...OTHERS, ...LIBRARY].map(mapping).join('\n');
    expect(pagesOf(smaps)).toMatchObject([
      { address: 0x40_0000, size: 0x10_0000 },
      { address: 0x60_0000, size: 0x30_0000 },
      { address: 0x7f00_0010_0000, size: 0x10_0000 },
    ]);
  });

  test('has no copy of code that was made elsewhere, below it or above', () => {
    const copy = { at: '00200000-00210000', permissions: 'r-xp', path: PROGRAM };
    const between = { at: '00210000-00220000', permissions: 'rw-p' };
    const far = { at: '7d0000000000-7d0000010000', permissions: 'r-xp', path: PROGRAM };
    const found = [0x40_0000, 0x60_0000];
    expect(addressesIn([copy, between, ...LOADED, ...OTHERS, far])).toEqual(found);
  });

  test('is nothing where maps tells other addresses, as under an emulator', () => {
    const smaps = [...LOADED, ...OTHERS, ...LIBRARY].map(mapping).join('\n');
    const shifted = mapsOf(smaps).replace(/^00600000-00900000/m, '005ff000-008ff000');
    expect(shifted).not.toBe(mapsOf(smaps));
    expect(programPages(smaps, shifted)).toEqual([]);
    expect(programPages(smaps, '')).toEqual([]);
    // Numbers matter, and not how they are written.
    const short = mapsOf(smaps).replace(/^0+/gm, '').replace(/-0+/g, '-');
    expect(programPages(smaps, short)).toHaveLength(3);
  });

  test('is nothing where nothing is known', () => {
    expect(pagesOf('')).toEqual([]);
    expect(pagesOf('Anonymous: 4 kB\nno mapping at all')).toEqual([]);
    expect(addressesIn(OTHERS)).toEqual([]);
  });
});

/** Kilobytes of files in the memory of this process. */
function filePages(): number {
  const rollup = readFileSync('/proc/self/smaps_rollup', 'latin1');
  const field = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(rollup)?.[1]);
  return field('Rss') - field('Anonymous');
}

test.runIf(process.platform === 'linux')(
  'the start of a daemon gives back at least 16 MB, and all goes on',
  async () => {
    const before = filePages();
    releaseStartMemory();
    await vi.waitFor(() => expect(filePages()).toBeLessThan(before - 16_000), {
      timeout: 20_000,
      interval: 100,
    });
    expect(new Function('one', 'return one + 1')(1)).toBe(2);
  },
);
