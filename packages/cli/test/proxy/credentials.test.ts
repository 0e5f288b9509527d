import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CREDENTIALS_VARIABLE, Credentials, readCredentials } from '../../src/proxy/credentials.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), '6bed4-users-'));
});
afterEach(() => {
  delete process.env[CREDENTIALS_VARIABLE];
  rmSync(folder, { recursive: true });
});

test('users are admitted by name and password, which may have colons', () => {
  const users = new Credentials('# those who may\nalice:se:cret\r\n\nbob:über', 'test');
  expect(users.accepts('alice', 'se:cret')).toBe(true);
  expect(users.accepts('bob', 'über')).toBe(true);
  for (const [user, password] of [
    ['alice', 'über'],
    ['alice', ''],
    ['', ''],
    ['Alice', 'se:cret'],
    // The same text, but no user has a colon in the name.
    ['alice:se', 'cret'],
    ['# those who may', ''],
  ] as const) {
    expect(users.accepts(user, password)).toBe(false);
  }
});

test.each(['', '\n#\n', 'alice', 'alice:', ':secret', `a:${'x'.repeat(256)}`])(
  '%j names no users, and is not quoted in the error',
  (text) => {
    expect(() => new Credentials(text, 'users.txt')).toThrow(
      /^users\.txt: (?!.*(alice|secret|xx))/,
    );
  },
);

test('users come from a file, or else from the environment, where they do not stay', () => {
  expect(readCredentials(undefined)).toBeNull();
  process.env[CREDENTIALS_VARIABLE] = 'alice:one';
  const file = join(folder, 'users');
  writeFileSync(file, 'alice:two\n');
  expect(readCredentials(file)!.accepts('alice', 'two')).toBe(true);
  expect(readCredentials(undefined)!.accepts('alice', 'one')).toBe(true);
  expect(process.env[CREDENTIALS_VARIABLE]).toBeUndefined();
  // Nobody is let in without them later.
  expect(readCredentials(undefined)!.accepts('alice', 'one')).toBe(true);
  expect(() => readCredentials(join(folder, 'none'))).toThrow(/cannot be read: ENOENT$/);
});
