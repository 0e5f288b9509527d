/*
 * npm run bench:capacity: what routers carry and peers cost, computed from measured figures; see docs/capacity.md.
 * --measure measures those that no other bench does, --write writes the tables into the page.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BEGIN, capacityTables, END } from './capacity/page.mjs';

const PAGE = new URL('../docs/capacity.md', import.meta.url);
const MEASURED = new URL('capacity/measured.json', import.meta.url);

const { values } = parseArgs({
  options: { measure: { type: 'boolean' }, write: { type: 'boolean' } },
});
if (values.measure) {
  const { measure } = await import('./capacity/measure.mjs');
  const found = await measure((round) => console.error(JSON.stringify(round)));
  writeFileSync(MEASURED, `${JSON.stringify(found, null, 2)}\n`);
  console.log(`wrote ${MEASURED.pathname}`);
}
const tables = capacityTables();
if (values.write) {
  const text = readFileSync(PAGE, 'utf8');
  const [before, after] = [
    text.slice(0, text.indexOf(BEGIN)),
    text.slice(text.indexOf(END) + END.length),
  ];
  writeFileSync(PAGE, `${before}${tables}${after}`);
  console.log(`wrote ${PAGE.pathname}`);
} else {
  console.log(tables);
}
