import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chart } from './chart.mjs';
import { reportMarkdown } from './markdown.mjs';

const FOLDER = new URL('../../../docs/', import.meta.url);
const CHART = 'performance.svg';
const DOCUMENT = 'performance.md';

/** Writes what was measured into the documentation. */
export function writeDocuments(report) {
  const { candidates, results } = report;
  const write = (name, content) => {
    const path = fileURLToPath(new URL(name, FOLDER));
    writeFileSync(path, content);
    console.log(`wrote ${path}`);
  };
  write(CHART, chart(candidates, results));
  write(DOCUMENT, reportMarkdown({ ...report, chart: CHART }));
}
