import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isNews, stateFolder } from '../../src/process/stateFile.js';

describe('the folder of the state', () => {
  test('is what a service manager gives, the first of several', () => {
    const env = { STATE_DIRECTORY: '/var/lib/6bed4/6bed4-peer:/other', XDG_STATE_HOME: '/state' };
    expect(stateFolder(env, true)).toBe('/var/lib/6bed4/6bed4-peer');
    expect(stateFolder(env, false)).toBe('/var/lib/6bed4/6bed4-peer');
  });

  test('is that of the system for root, and of the user for others', () => {
    expect(stateFolder({ XDG_STATE_HOME: '/state' }, true)).toBe(join('/var/lib', '6bed4'));
    expect(stateFolder({ XDG_STATE_HOME: '/state' }, false)).toBe(join('/state', '6bed4'));
    const usual = join(homedir(), '.local', 'state', '6bed4');
    expect(stateFolder({}, false)).toBe(usual);
  });

  test('is none that a relative path names', () => {
    const env = { STATE_DIRECTORY: 'state', XDG_STATE_HOME: '../state' };
    expect(stateFolder(env, true)).toBe(join('/var/lib', '6bed4'));
    expect(stateFolder(env, false)).toBe(join(homedir(), '.local', 'state', '6bed4'));
  });
});

describe('a text', () => {
  let parent: string;
  let folder: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), '6bed4-state-'));
    folder = join(parent, 'a', 'b');
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  test('is news the first time, and when it has changed', () => {
    const told = ['tcp 22', 'tcp 22', 'tcp 22, 80', 'tcp 22', 'tcp 22', '', ''];
    const news = told.map((text) => isNews('reachable-6bed4', text, folder));
    expect(news).toEqual([true, false, true, true, false, true, false]);
  });

  test('is remembered under its name', () => {
    expect(isNews('reachable-6bed4', 'tcp 22', folder)).toBe(true);
    expect(isNews('reachable-other', 'tcp 22', folder)).toBe(true);
    expect(isNews('reachable-6bed4', 'tcp 22', folder)).toBe(false);
  });

  test('is news every time where nothing can be remembered', () => {
    mkdirSync(join(parent, 'a'));
    writeFileSync(folder, 'a file where the folder should be');
    expect(isNews('reachable-6bed4', 'tcp 22', folder)).toBe(true);
    expect(isNews('reachable-6bed4', 'tcp 22', folder)).toBe(true);
  });
});
