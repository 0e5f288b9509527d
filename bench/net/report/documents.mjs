import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chart } from './chart.mjs';
import { reportMarkdown } from './markdown.mjs';

const CHART = 'performance.svg';
const DOCUMENT = 'performance.md';

/** Writes the results into a folder of documents. */
export function writeDocuments(folder, report) {
  const { candidates, results } = report;
  const write = (name, content) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    console.log(`wrote ${path}`);
  };
  write(CHART, chart(candidates, results));
  write(DOCUMENT, reportMarkdown({ ...report, chart: CHART }));
}
