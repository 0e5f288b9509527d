import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { startRouter } from '@6bed4/node';
import { expect, test, vi } from 'vitest';
// @ts-expect-error the example is plain JavaScript
import { openSession } from '../session.mjs';
import { writeDocument } from './support/document.js';

/** The visible text after the last carriage return or line feed. */
function lastRow(screen: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are controlled by them
  const rows = screen.split(/[\r\n]|\u001b\[1G\u001b\[0J/);
  return stripVTControlCharacters(rows.at(-1)!);
}

test('on a terminal, the progress bar is in the prompt, before the typed text', async () => {
  const home = await mkdtemp(join(tmpdir(), '6bed4-chat-terminal-'));
  const router = await startRouter({ listen: '127.0.0.1', port: 0 });
  const enter = async (name: string, isTTY: boolean) => {
    let screen = '';
    const output = Object.assign(new PassThrough(), { isTTY, columns: 120 });
    output.on('data', (text) => {
      screen += text;
    });
    const input = new PassThrough();
    const files = { identity: join(home, `${name}.pem`), folder: join(home, name) };
    const settings = { router: router.endpoint, name, ...files, limit: 100 };
    const session = await openSession(input, output, settings);
    return { ...session, input, screen: () => screen };
  };
  const alice = await enter('alice', false);
  const bob = await enter('bob', true);
  bob.input.write(`/call ${alice.card}\r`);
  await vi.waitFor(() => expect(alice.screen()).toMatch(/bob.* is .*online/), 5_000);
  alice.input.write(`/call ${bob.card}\n`);
  bob.input.write('hello, ');
  await vi.waitFor(() => expect(lastRow(bob.screen())).toBe('> hello, '), 5_000);

  const document = join(home, 'report.pdf');
  await writeDocument(document, 16 << 20);
  alice.input.write(`/send ${document}\n`);
  const bar = /^report\.pdf \[[=-]{20}\] [1-9]\d? % of 16777216 bytes, \d+ s left > hello, $/;
  const seen = new Set<string>();
  await vi.waitFor(
    () => {
      seen.add(lastRow(bob.screen()));
      expect(bob.screen()).toContain('SHA-256 verified');
    },
    { timeout: 20_000, interval: 20 },
  );
  expect([...seen].some((row) => bar.test(row))).toBe(true);
  // It stays between two of its states.
  expect([...seen].filter((row) => !bar.test(row)).length).toBeLessThanOrEqual(4);
  await vi.waitFor(() => expect(lastRow(bob.screen())).toBe('> hello, '), 5_000);
  bob.input.write('Alice\r');
  await vi.waitFor(() => expect(alice.screen()).toContain('hello, Alice\n'), 5_000);

  for (const { lines } of [alice, bob]) lines.close();
  await router.close();
  await rm(home, { recursive: true });
}, 60_000);
