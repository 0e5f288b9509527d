import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closingLine, sum, tallyCheck, tallyReport, withExitCode } from '../lib/report.mjs';

const assertion = (status, title) => ({
  status,
  title,
  fullName: `group ${title}`,
  ancestorTitles: ['group'],
});
const file = (status, assertionResults, message = '') => ({
  name: 'a.test.ts',
  status,
  message,
  assertionResults,
  startTime: 1_000,
  endTime: 3_500,
});
const count = ({ passed, failed, skipped }) => [passed, failed, skipped];

test('tests are counted by their status, and what was skipped is named', () => {
  const tally = tallyReport('nd', {
    success: false,
    testResults: [
      file('passed', [assertion('passed', 'a'), assertion('skipped', 'b'), assertion('todo', 'c')]),
      file('failed', [assertion('failed', 'd'), assertion('pending', 'e')]),
    ],
  });
  assert.deepEqual(count(tally), [1, 1, 3]);
  assert.deepEqual(tally.failures, ['group d']);
  assert.deepEqual(tally.skips, ['3 × group']);
  assert.equal(tally.milliseconds, 5_000);
});

test('a title that says why its tests are skipped is the one that is shown', () => {
  const tally = tallyReport('nd', {
    success: true,
    testResults: [
      file('passed', [assertion('skipped', 'a'), assertion('skipped', 'b (skipped: c)')]),
    ],
  });
  assert.deepEqual(tally.skips, ['1 × group', '1 × b (c)']);
});

test('a file that cannot be loaded is a failure', () => {
  const tally = tallyReport('nd', {
    success: false,
    testResults: [file('passed', [assertion('passed', 'a')]), file('failed', [], 'no module\nat')],
  });
  assert.deepEqual(count(tally), [1, 1, 0]);
  assert.deepEqual(tally.failures, ['a.test.ts: no module']);
});

test('an error outside any test is a failure', () => {
  const report = { success: false, testResults: [file('passed', [assertion('passed', 'a')])] };
  assert.deepEqual(count(tallyReport('nd', report)), [1, 1, 0]);
});

test('a run without report or without tests is a failure', () => {
  assert.deepEqual(count(tallyReport('nd', null)), [0, 1, 0]);
  assert.deepEqual(count(tallyReport('nd', { success: true, testResults: [] })), [0, 1, 0]);
});

test('a bad exit code is a failure unless the reports contain one', () => {
  const good = tallyCheck('nd', true);
  const bad = tallyCheck('nd', false);
  assert.deepEqual(count(sum(withExitCode('nd', [good], 0))), [1, 0, 0]);
  assert.deepEqual(count(sum(withExitCode('nd', [good], 1))), [1, 1, 0]);
  assert.deepEqual(count(sum(withExitCode('nd', [good], null))), [1, 1, 0]);
  assert.deepEqual(count(sum(withExitCode('nd', [good, bad], 1))), [1, 1, 0]);
});

test('the closing line says what passed and what failed', () => {
  assert.equal(closingLine({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed');
  assert.equal(closingLine({ passed: 3, failed: 1, skipped: 2 }), '3 passed, 1 failed');
});
