/*
 * npm run bench:fleet: what failures of routers of a fleet cost; see docs/guides/run-a-fleet.md. It prints the figures of
 * the run that is kept; Linux and root only with --measure.
 * --measure measures them anew, with --rounds N (default 3) and --calls N between each two hosts (default 3);
 * --write writes table and chart into the guide.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measure } from './fleet/measure.mjs';
import { BEGIN, CHART, END, fleetChart, fleetText } from './fleet/page.mjs';

const PAGE = new URL('../docs/guides/run-a-fleet.md', import.meta.url);
const IMAGE = new URL(`../docs/guides/${CHART}`, import.meta.url);
const MEASURED = new URL('fleet/measured.json', import.meta.url);

function write(place, content) {
  writeFileSync(place, content);
  console.log(`wrote ${place.pathname}`);
}

function count(name, text) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100) {
    throw new TypeError(
      `--${name}: found ${JSON.stringify(text)}, expected an integer from 1 to 100`,
    );
  }
  return value;
}

function main() {
  const { values } = parseArgs({
    options: {
      measure: { type: 'boolean' },
      write: { type: 'boolean' },
      rounds: { type: 'string', default: '3' },
      calls: { type: 'string', default: '3' },
    },
  });
  const [rounds, calls] = ['rounds', 'calls'].map((name) => count(name, values[name]));
  if (values.measure) write(MEASURED, `${JSON.stringify(measure(rounds, calls), null, 2)}\n`);
  const text = fleetText();
  if (values.write) {
    const page = readFileSync(PAGE, 'utf8');
    const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
    if (begin < 0 || end < begin) throw new Error(`${PAGE.pathname} has no generated part`);
    write(PAGE, `${page.slice(0, begin)}${text}${page.slice(end + END.length)}`);
    write(IMAGE, fleetChart());
  } else {
    console.log(text);
  }
}

try {
  main();
} catch (error) {
  console.error(`bench:fleet: ${error instanceof TypeError ? error.message : error.stack}`);
  process.exitCode = 1;
}
