import { fileURLToPath } from 'node:url';

/** The words that start one of the helper programs. */
export function program(name: string, ...args: readonly (string | number)[]): string[] {
  const path = fileURLToPath(new URL(`./programs/${name}.mjs`, import.meta.url));
  return [process.execPath, path, ...args.map(String)];
}
