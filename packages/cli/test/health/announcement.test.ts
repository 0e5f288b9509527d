import { describe, expect, test } from 'vitest';
import { runCommandLine } from '../../src/health/announcement.js';

describe.runIf(process.platform !== 'win32')('a command line of --up and --down', () => {
  test('is run by the shell, and says how it failed', async () => {
    expect(await runCommandLine('true && true')).toBeNull();
    expect(await runCommandLine('exit 3')).toBe('exit code 3');
    expect(await runCommandLine('kill -9 $$')).toBe('ended by SIGKILL');
    expect(await runCommandLine('no-such-program 2>&-')).toBe('exit code 127');
  });

  test('is ended with all that it started when it takes too long', async () => {
    const start = performance.now();
    expect(await runCommandLine('sleep 60 & sleep 60', 0.2)).toBe('took more than 0.2 s');
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
