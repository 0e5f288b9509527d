import Table from 'cli-table3';
import { idAt } from '../candidates/ours.mjs';
import { cellText, format, rowsOf, tables } from './metrics.mjs';

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
        ...cells.map((cell, index) => {
          return cellText(cell, description.columns[index]).replace('\\*', '*');
        }),
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

/** Each figure of this clone beside that of another revision, and the median of the ratios within a round. */
export function comparisonText(candidates, results, revision) {
  const table = new Table({
    head: ['', 'this', revision.name, 'ratio'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: styled,
  });
  const units = new Map(
    tables.flatMap(({ measurement, columns }) =>
      columns.map(({ metric, unit }) => [`${measurement} ${metric}`, unit]),
    ),
  );
  for (const { id, title } of candidates) {
    const other = idAt(id, revision);
    for (const [measurement, metric] of results.metricsOf(id)) {
      const unit = units.get(`${measurement} ${metric}`);
      const ratio = results.ratio(measurement, [id, metric], [other, metric]);
      if (unit === undefined || Number.isNaN(ratio)) continue;
      const figure = (candidate) => {
        return format(results.median(measurement, candidate, metric), unit);
      };
      const name = `${title}: ${metric}, ${unit.name}`;
      table.push([name, figure(id), figure(other), ratio.toFixed(2)]);
    }
  }
  return table.toString();
}
