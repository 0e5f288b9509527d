/**
 * Counting what a test run did. Nothing that went wrong may be missing from the count, whatever way
 * it went wrong: a test that failed, a file that could not be loaded, an error outside any test, a
 * run that died before it wrote its report.
 */

/** @typedef {{ label: string, passed: number, failed: number, skipped: number, milliseconds: number,
 *   failures: string[], skips: string[] }} Tally */

function emptyTally(label) {
  return { label, passed: 0, failed: 0, skipped: 0, milliseconds: 0, failures: [], skips: [] };
}

function firstLine(text) {
  return (text ?? '').trim().split('\n')[0];
}

/** The title, from the outermost group to the test, that says why it was skipped; else the first. */
function skippedGroup(titles) {
  return (titles.find((title) => title.includes('(skipped: ')) ?? titles[0]).replace(
    '(skipped: ',
    '(',
  );
}

/**
 * The tally of one test run.
 *
 * @param label - what the run is called
 * @param report - its report in the JSON format of vitest, or null if it left none
 * @returns {Tally}
 */
export function tallyReport(label, report) {
  const tally = emptyTally(label);
  if (report === null) {
    tally.failed = 1;
    tally.failures.push('the run left no report');
    return tally;
  }
  const skips = new Map();
  for (const file of report.testResults) {
    const before = tally.failed;
    for (const { status, fullName, title, ancestorTitles } of file.assertionResults) {
      if (status === 'passed') {
        tally.passed++;
      } else if (status === 'failed') {
        tally.failed++;
        tally.failures.push(fullName);
      } else {
        tally.skipped++;
        const group = skippedGroup([...ancestorTitles, title]);
        skips.set(group, (skips.get(group) ?? 0) + 1);
      }
    }
    if (file.status === 'failed' && tally.failed === before) {
      tally.failed++;
      tally.failures.push(`${file.name}: ${firstLine(file.message) || 'failed outside its tests'}`);
    }
    tally.milliseconds += Math.max(0, file.endTime - file.startTime);
  }
  if (tally.passed + tally.failed + tally.skipped === 0) {
    tally.failed = 1;
    tally.failures.push('the run holds no test');
  }
  if (!report.success && tally.failed === 0) {
    tally.failed = 1;
    tally.failures.push('an error outside any test');
  }
  tally.skips = [...skips].map(([group, count]) => `${count} × ${group}`);
  return tally;
}

/**
 * The tally of something that either holds or does not.
 *
 * @returns {Tally}
 */
export function tallyCheck(label, holds, failure = 'see above') {
  const tally = emptyTally(label);
  if (holds) {
    tally.passed = 1;
  } else {
    tally.failed = 1;
    tally.failures.push(failure);
  }
  return tally;
}

/**
 * What a process says about itself counts too: one that failed with nothing failing in its reports
 * is a failure of its own.
 *
 * @param {Tally[]} tallies - of the reports that the process wrote
 * @returns {Tally[]}
 */
export function withExitCode(label, tallies, exitCode) {
  if (exitCode === 0 || tallies.some(({ failed }) => failed > 0)) return tallies;
  const reason = exitCode === null ? 'did not finish' : `exit code ${exitCode}, and no test failed`;
  return [...tallies, tallyCheck(`${label} run`, false, reason)];
}

/** @param {Tally[]} tallies */
export function sum(tallies) {
  const total = emptyTally('all');
  for (const { passed, failed, skipped } of tallies) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** The line that people and machines look for at the very end. */
export function closingLine({ passed, failed }) {
  return `${passed} passed, ${failed} failed`;
}

/**
 * One row per tally, columns as wide as they need.
 *
 * @param {Tally[]} tallies
 */
export function table(tallies) {
  const rows = [
    ['', 'passed', 'failed', 'skipped', 'time'],
    ...tallies.map(({ label, passed, failed, skipped, milliseconds }) => [
      label,
      String(passed),
      String(failed),
      String(skipped),
      `${(milliseconds / 1000).toFixed(1)} s`,
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
      )
      .join('  '),
  );
}
