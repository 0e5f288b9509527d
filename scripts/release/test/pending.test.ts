import { expect, test } from 'vitest';
import { isMissing } from '../pending.mjs';

test('a version that the registry names is there', () => {
  expect(isMissing('"1.2.3"\n', '1.2.3')).toBe(false);
});

test('a version that the registry does not find is missing', () => {
  expect(isMissing('{ "error": { "code": "E404", "summary": "Not Found" } }', '1.2.3')).toBe(true);
});

test.each(['', '"1.2.2"', '{ "error": { "code": "ECONNREFUSED" } }'])(
  'the answer %j is no reason to publish',
  (stdout) => {
    expect(() => isMissing(stdout, '1.2.3')).toThrow('npm view');
  },
);
