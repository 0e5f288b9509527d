import { execFileSync } from 'node:child_process';
import { expect, inject, test } from 'vitest';

const { name, version, file, required, install } = inject('engine');

test.runIf(file !== null || required)(
  `runs tests on ${name} ${version}${file === null ? ` (missing: ${install})` : ''}`,
  () => {
    expect(file, `${name} is required, and missing: ${install}`).not.toBeNull();
    expect(process.version).toBe(`v${version}`);
    const started = execFileSync(process.execPath, ['--version'], { encoding: 'utf8' });
    expect(started).toBe(`v${version}\n`);
  },
);
