import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { holdTime } from './eventLoop.js';

/** Simulations that run; they may overlap. */
let users = 0;
let original: typeof promises.readFile | null = null;

/**
 * Lets virtual time stand still while `readFile` of `node:fs/promises` reads: Node.js 26 does not name its requests among
 * the active resources.
 *
 * @returns a function that reverts it, to be called once
 */
export function holdFileReads(): () => void {
  if (users++ === 0) {
    const { readFile } = promises;
    original = readFile;
    setReadFile(((...args: Parameters<typeof readFile>) =>
      holdTime(Reflect.apply(readFile, promises, args))) as typeof readFile);
  }
  return () => {
    if (--users > 0) return;
    setReadFile(original!);
    original = null;
  };
}

function setReadFile(readFile: typeof promises.readFile): void {
  promises.readFile = readFile;
  syncBuiltinESMExports();
}
