import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runCommands } from './support/commands.js';
import { isAsPromised } from './support/output.js';
import { type Plan, planPage } from './support/plan.js';
import { runProgram } from './support/program.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const fenced = (language: string, ...lines: string[]): string =>
  ['```'.concat(language), ...lines, '```', ''].join('\n');
const hidden = (verb: string, ...lines: string[]): string =>
  [`<!-- test: ${verb}`, ...lines, '-->', ''].join('\n');

function planned<K extends Plan['kind']>(kind: K, page: string): Extract<Plan, { kind: K }> {
  const plan = planPage(page).at(-1);
  expect(plan?.kind).toBe(kind);
  return plan as Extract<Plan, { kind: K }>;
}

const outcomeOf = (page: string): Promise<string | null> =>
  runProgram('mechanism', planned('program', page));

describe('a program in a page', () => {
  test('passes when it prints the text below', async () => {
    expect(await outcomeOf(fenced('js', "console.log('a')") + fenced('text', 'a'))).toBeNull();
  });

  test('fails when it prints something else, less or more', async () => {
    for (const said of ["console.log('b')", '', "console.log('a\\nb')"]) {
      const outcome = await outcomeOf(fenced('js', said) + fenced('text', 'a'));
      expect(outcome).toContain('promised:\na');
    }
  });

  test('fails when it throws, with the line of the page, and when a promise is left rejected', async () => {
    expect(await outcomeOf(`# Page\n\n${fenced('js', '', "throw new Error('no')")}`)).toMatch(
      /Error: no\n.*:5:7/,
    );
    expect(await outcomeOf(fenced('js', "Promise.reject(new Error('late'))"))).toContain('late');
  });

  test('fails when a comment promises another value or another line', async () => {
    expect(await outcomeOf(fenced('js', '1 + 1; // → 2'))).toBeNull();
    expect(await outcomeOf(fenced('js', '1 + 1; // → 3'))).toContain('AssertionError');
    expect(await outcomeOf(fenced('js', "console.log('x');", '// prints: x'))).toBeNull();
    expect(await outcomeOf(fenced('js', "console.log('y');", '// prints: x'))).toContain('x');
  });

  test('is stopped when it has printed the promised output', async () => {
    const code = "setInterval(() => {}, 1000); setTimeout(() => console.log('now'), 50);";
    expect(await outcomeOf(fenced('js', code) + fenced('text', 'now'))).toBeNull();
  });

  test('may have hidden lines before and after, and continue the block before', async () => {
    const page = [
      hidden('setup', 'const hidden = 1;'),
      fenced('js', 'const seen = hidden + 1;'),
      '<!-- test: continues -->\n',
      fenced('js', 'const more = seen + 1;'),
      fenced('text', '3'),
      hidden('finish', 'console.log(more);'),
    ].join('\n');
    expect(await outcomeOf(page)).toBeNull();
  });

  test('may run beside the program before it', async () => {
    const page = [
      fenced('js', 'const name = 1; globalThis.shared = name;'),
      '<!-- test: beside -->\n',
      fenced('js', 'const name = 2; console.log(globalThis.shared + name);'),
      fenced('text', '3'),
    ].join('\n');
    expect(await outcomeOf(page)).toBeNull();
  });

  test('finds a router at addresses for documentation', async () => {
    const code = [
      "import { startPeer } from '@6bed4/node';",
      "const peer = await startPeer({ routers: '192.0.2.1' });",
      'console.log((await peer.ready).address);',
    ];
    const text = fenced('text', 'fc64:bed:c000:201:…:c001');
    expect(await outcomeOf(fenced('js', ...code) + text)).toBeNull();
  });

  test('may be TypeScript, and fails when its types are wrong', async () => {
    const code = 'const list: readonly number[] = [1]; console.log(list.length as number);';
    expect(await outcomeOf(fenced('ts', code) + fenced('text', '1'))).toBeNull();
    const wrong =
      "import { parseIPv6 } from '@6bed4/codec'; console.log(parseIPv6('::1').nothing);";
    expect(await outcomeOf(fenced('ts', wrong))).toContain("Property 'nothing' does not exist");
  });
});

describe('a page', () => {
  test('fails for code in an unknown language, unless it has a reason not to be run', () => {
    expect(planned('fault', fenced('kotlin', 'x')).fault).toContain('kotlin');
    expect(planned('fault', `<!-- test: not-run -->\n${fenced('js', 'x')}`).fault).toContain(
      'reason',
    );
    expect(
      planned('not-run', `<!-- test: not-run: a phone -->\n${fenced('kotlin', 'x')}`),
    ).toMatchObject({ reason: 'a phone' });
  });

  test('fails for instructions that are unknown or belong to no block', () => {
    expect(planned('fault', hidden('set-up', 'x')).fault).toContain('set-up');
    expect(planned('fault', hidden('setup', 'x')).fault).toContain('no block');
    expect(planned('fault', hidden('setup', 'x') + fenced('text', 'x')).fault).toContain('no code');
    expect(planned('fault', `<!-- test: continues -->\n${fenced('js', 'x')}`).fault).toContain(
      'before',
    );
  });
});

describe('a command in a page', () => {
  const outcome = (...lines: string[]): Promise<string | null> =>
    runCommands(ROOT, planned('commands', fenced('sh', ...lines)));

  test('fails when it does not work or names what does not exist', async () => {
    expect(await outcome('6bed4 address decode nonsense')).toContain('exit code 2');
    expect(await outcome('6bed4 peer --router 192.0.2.1 --unknown')).toContain(
      'did not become ready',
    );
    expect(await outcome('npm install @6bed4/testing')).toContain('not published');
    expect(await outcome('npm install left-pad')).toContain('left-pad');
    expect(await outcome('npm run nonsense')).toContain('nonsense');
    expect(await outcome('npx nonsense')).toContain('nonsense');
    expect(await outcome('cd nowhere')).toContain('no such folder');
    expect(await outcome('make install')).toContain('make');
  });

  test('has to print the text below', async () => {
    const page = fenced('sh', '6bed4 address decode fc64:bed:c633:6401:c433:6402:e49e:8001 # why');
    const check = (text: string): Promise<string | null> => {
      const plan = planPage(page + fenced('text', text))[0];
      return runCommands(ROOT, plan as Extract<Plan, { kind: 'commands' }>);
    };
    expect(await check('…')).toBeNull();
    expect(await check('nothing')).toContain('but printed');
  });
});

describe('the ellipsis in promised output', () => {
  test('stands for some text, or on its own line for any lines', () => {
    expect(isAsPromised('took 12 ms\n', 'took … ms')).toBe(true);
    expect(isAsPromised('took  ms\n', 'took … ms!')).toBe(false);
    expect(isAsPromised('a\nb\nc\nd\n', 'a\n…\nd')).toBe(true);
    expect(isAsPromised('a\nd\n', 'a\n…\nd')).toBe(true);
    expect(isAsPromised('a\nd\ne\n', 'a\n…\nd')).toBe(false);
    expect(isAsPromised('a.c\n', 'abc')).toBe(false);
    expect(isAsPromised('abc\n', 'a.c')).toBe(false);
  });
});
