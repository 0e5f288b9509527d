import { readFileSync } from 'node:fs';

/** The recorded frames in `fixtures/NAME`; their origin is in `fixtures/README.md`. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'));
}
