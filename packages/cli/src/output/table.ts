import Table from 'cli-table3';
import { colors } from './color.js';

/** Writes a table as indented lines: columns under dim heads, without rules. */
export function table(head: readonly string[], rows: readonly string[][]): string[] {
  const borders = [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
  ];
  const rules = ['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
  const columns = new Table({
    chars: {
      ...Object.fromEntries([...borders, ...rules].map((name) => [name, ''])),
      middle: '  ',
    },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  columns.push(
    head.map((name) => colors.dim(name)),
    ...rows,
  );
  return columns
    .toString()
    .split('\n')
    .map((text) => `  ${text.trimEnd()}`);
}
