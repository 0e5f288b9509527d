import { readFileSync } from 'node:fs';

/** The recorded frames in `fixtures/NAME`; `fixtures/README.md` tells where they come from. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'));
}
