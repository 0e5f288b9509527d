import Table from 'cli-table3';
import { cellText, rowsOf, tables } from './metrics.mjs';

const styled = { head: [], border: [] };

/** All results, for a terminal. */
export function reportText(candidates, results) {
  const parts = [];
  for (const description of tables) {
    const rows = rowsOf(description, candidates, results);
    if (rows.length === 0) continue;
    const table = new Table({
      head: ['', ...description.columns.map(({ title, unit }) => `${title}\n${unit.name}`)],
      colAligns: ['left', ...description.columns.map(() => 'right')],
      style: styled,
    });
    for (const { title, cells } of rows) {
      table.push([
        title,
        ...cells.map((cell, index) => cellText(cell, description.columns[index])),
      ]);
    }
    parts.push(`${description.title}\n${table}`);
  }
  return parts.join('\n\n');
}

/** The targets and whether they were reached, a line each. */
export function verdictText(verdicts) {
  const table = new Table({
    head: ['target', 'wanted', 'found', ''],
    colAligns: ['left', 'right', 'right', 'left'],
    style: styled,
  });
  for (const { name, bound, value, verdict } of verdicts) {
    table.push([name, bound, Number.isNaN(value) ? '' : value.toFixed(2), verdict]);
  }
  return table.toString();
}
