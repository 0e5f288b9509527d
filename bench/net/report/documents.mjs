import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chart } from './chart.mjs';
import { reportMarkdown } from './markdown.mjs';

const CHART = 'performance.svg';
const DOCUMENT = 'performance.md';
/** Ends the generated part; what is written by hand behind it stays. */
const END = '<!-- End of the generated part. -->';

function partByHand(path) {
  if (!existsSync(path)) return '';
  const text = readFileSync(path, 'utf8');
  const end = text.indexOf(END);
  return end < 0 ? '' : `\n${text.slice(end)}`;
}

/** Writes the results into a folder of documents. */
export function writeDocuments(folder, report) {
  const { candidates, results } = report;
  const write = (name, content) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    console.log(`wrote ${path}`);
  };
  const generated = reportMarkdown({ ...report, chart: CHART });
  write(CHART, chart(candidates, results));
  write(DOCUMENT, generated + partByHand(join(folder, DOCUMENT)));
}
