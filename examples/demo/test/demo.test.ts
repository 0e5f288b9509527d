import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../demo.mjs', import.meta.url));
const ESCAPE = '\u001b';

async function run(environment: Record<string, string>): Promise<string> {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...inherited } = process.env;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], {
    timeout: 20_000,
    env: { ...inherited, ...environment },
  });
  expect(stderr).toBe('');
  return stdout;
}

describe('the demonstration', () => {
  test('gives three peers addresses, lets them ping and exchange datagrams, and ends without error', async () => {
    const output = await run({ CI: 'true' });
    expect(output).not.toContain(ESCAPE);
    expect(output.match(/ is fc64:/g)).toHaveLength(3);
    expect(output.match(/ answered by /g)).toHaveLength(7);
    expect(output.match(/ heard “/g)).toHaveLength(3);
    expect(output).toContain('dropped 0;');
    for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  }, 30_000);

  test('prints colors where FORCE_COLOR asks for them', async () => {
    expect(await run({ FORCE_COLOR: '1' })).toContain(ESCAPE);
  }, 30_000);
});
