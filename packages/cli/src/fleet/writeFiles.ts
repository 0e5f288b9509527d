import { lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StartError } from '@6bed4/node';
import { UsageError } from '../options/usageError.js';
import type { FleetFile } from './fleetPlan.js';

/**
 * Writes files below a folder, which is made. A file that is there is replaced as such, even if it is a link to another.
 *
 * @param replaces - whether files that are there may be replaced
 * @throws UsageError when one is there and must not be; then none is written
 * @throws StartError when one cannot be written
 */
export function writeFiles(folder: string, files: readonly FleetFile[], replaces: boolean): void {
  const paths = files.map(({ path }) => join(folder, path));
  const taken = paths.find(isThere);
  if (taken !== undefined && !replaces) {
    throw new UsageError(`${taken} is there already: --force writes over it`);
  }
  for (const [index, { text }] of files.entries()) {
    const path = paths[index]!;
    attempt(path, () => {
      mkdirSync(dirname(path), { recursive: true });
      if (replaces) rmSync(path, { force: true });
      writeFileSync(path, text, { flag: 'wx' });
    });
  }
}

/** Whether there is anything of that name, even a link to nothing. */
function isThere(path: string): boolean {
  return attempt(path, () => lstatSync(path, { throwIfNoEntry: false })) !== undefined;
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    throw new StartError(code, `cannot write ${path}: ${code}`, { cause: error });
  }
}
