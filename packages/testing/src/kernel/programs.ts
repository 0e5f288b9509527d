import { fileURLToPath } from 'node:url';

/** Command line of one of the programs in `programs/`. */
export function program(name: string, ...args: readonly (string | number)[]): string[] {
  const path = fileURLToPath(new URL(`./programs/${name}.mjs`, import.meta.url));
  return [process.execPath, path, ...args.map(String)];
}
