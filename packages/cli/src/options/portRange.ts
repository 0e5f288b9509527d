import { HIGHEST_PORT } from '@6bed4/codec';
import { refuse } from './refuse.js';

const RANGE = /^([1-9][0-9]{0,4})-([1-9][0-9]{0,4})$/;
const FIRST_UNPRIVILEGED = 1024;

/** Parses `FIRST-LAST`, UDP ports that need no privilege. */
export function portRange(text: string): { readonly first: number; readonly last: number } {
  const [, first, last] = (RANGE.exec(text) ?? []).map(Number);
  const isRange = first !== undefined && last !== undefined && first <= last;
  if (isRange && first >= FIRST_UNPRIVILEGED && last <= HIGHEST_PORT) return { first, last };
  return refuse(text, `FIRST-LAST, ports from ${FIRST_UNPRIVILEGED} to ${HIGHEST_PORT}`);
}
