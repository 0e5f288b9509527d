import { formatMasqueradeRule, parseMasqueradeRule } from '@6bed4/tunnel';

/** Parses a rule of masquerading, and returns it in its shortest form. */
export function masqueradeRule(text: string): string {
  return formatMasqueradeRule(parseMasqueradeRule(text));
}
