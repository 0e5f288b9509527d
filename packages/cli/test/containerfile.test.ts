import { readFileSync } from 'node:fs';
import dockerfile from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const TEXT = read('../Containerfile');
const WORKFLOW = read('../../../.github/workflows/ci.yml');
const DEBIAN = read('../../../scripts/debian/main.mjs');

const faultsOf = (text: string): string[] =>
  dockerfile.validate(text).map(({ message, range }) => `${range.start.line + 1}: ${message}`);

/** The arguments of the last instruction of a name. */
function last(instruction: string): string | undefined {
  const lines = TEXT.replaceAll('\\\n', '').split('\n');
  const found = lines.filter((line) => line.startsWith(`${instruction} `)).at(-1);
  return found?.slice(instruction.length + 1);
}

describe('the Containerfile', () => {
  test('has no fault, and one would be found', () => {
    expect(faultsOf(TEXT)).toEqual([]);
    expect(faultsOf(TEXT.replace('ENTRYPOINT', 'ENTRYPIONT'))).toHaveLength(1);
    expect(faultsOf(TEXT.replace('STOPSIGNAL SIGTERM', 'STOPSIGNAL'))).toHaveLength(1);
  });

  test('takes the package that the script for Debian writes, and starts its command', () => {
    expect(last('COPY')).toBe('6bed4_*.deb /tmp/');
    expect(DEBIAN).toMatch(/`6bed4_\$\{version\}_\$\{architecture\}\.deb`/);
    expect(last('ENTRYPOINT')).toBe('["/usr/bin/6bed4"]');
    expect(JSON.parse(read('../package.json')).bin).toHaveProperty('6bed4');
  });

  test('runs by a user without privileges, and is ended by the signal that daemons listen to', () => {
    expect(last('USER')).toBe('nobody');
    expect(last('STOPSIGNAL')).toBe('SIGTERM');
  });

  test('is built and run where there are containers', () => {
    expect(WORKFLOW).toContain('docker build --file packages/cli/Containerfile');
    expect(WORKFLOW).toContain('args: packages/cli/Containerfile');
  });
});
