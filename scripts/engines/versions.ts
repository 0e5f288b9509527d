import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A version of Node.js that tests run on. */
export interface Version {
  /** The name of its project and of its folder, such as `node-24`. */
  readonly name: string;
  readonly version: string;
  /** Its program: named by a variable such as `SIXBED4_NODE_24`, or installed; null without either. */
  readonly file: string | null;
}

const numbers: Record<string, string> = JSON.parse(
  readFileSync(new URL('versions.json', import.meta.url), 'utf8'),
);

/**
 * Versions besides the one that runs vitest: the oldest that the packages admit, and the newest of
 * each line after it. `npm run engines` installs them.
 */
export const versions: readonly Version[] = Object.entries(numbers).map(([name, version]) => {
  const variable = `SIXBED4_${name.toUpperCase().replace('-', '_')}`;
  const installed = new URL(`../../.engines/node_modules/${name}/bin/node`, import.meta.url);
  const file = process.env[variable] ?? fileURLToPath(installed);
  return { name, version, file: existsSync(file) ? file : null };
});
