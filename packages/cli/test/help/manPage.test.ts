import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { loadCommands } from '../../src/commands/commands.js';
import { commandPage } from '../../src/help/commandPage.js';
import { manPages } from '../../src/help/manPage.js';
import { referencePage } from '../../src/help/referencePage.js';
import { buildProgram } from '../../src/program.js';
import { REFERENCE_COMMANDS } from '../../src/reference/commands.js';

const RELEASE = { version: '1.2.3', date: '2026-01-31' };

/** The source of the page of a program that this test defines. */
function pageOf(define: (program: Command) => void): string {
  const program = new Command('prog').description('Does something.');
  define(program);
  return manPages(commandPage(program), RELEASE)[0]!.text;
}

const program = await buildProgram({ version: '1.2.3', load: loadCommands });

describe('the man pages', () => {
  const pages = manPages(commandPage(program), RELEASE);

  test('put what needs an administrator into section 8, and the rest into section 1', () => {
    const names = pages.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['6bed4.1', '6bed4-peer.8', '6bed4-router.8', '6bed4-fleet.8']),
    );
    expect(names.filter((name) => name.endsWith('.8'))).toHaveLength(3);
  });

  test.each(program.commands.filter((command) => command.name() !== 'help'))(
    'tell all options of $_name',
    (command) => {
      const page = pages.find(({ name }) => name.startsWith(`6bed4-${command.name()}.`))!;
      const options = command.options.filter(({ hidden }) => !hidden);
      for (const { long } of options) {
        expect(page.text).toContain(`\\fB${long!.replaceAll('-', '\\-')}\\fR`);
      }
      expect(page.text).toContain(`.TH ${`6bed4-${command.name()}`.toUpperCase()} `);
    },
  );
});

describe('the man pages of the C commands', () => {
  test.each(REFERENCE_COMMANDS)('tell all options of $name', (command) => {
    const all = manPages(commandPage(program), RELEASE, [referencePage(command)]);
    const page = all.find(({ name }) => name === `${command.name}.8`)!;
    for (const { short, long, help } of command.options) {
      if (help === '') continue;
      expect(page.text).toContain(
        `\\fB\\-${short}\\fR, \\fB\\-\\-${long[0]!.replaceAll('-', '\\-')}\\fR`,
      );
    }
  });
});

describe('a man page', () => {
  test('shows quotes, hyphens and backslashes as they have to be typed', () => {
    const text = pageOf((program) => program.option('--a-b <X>', `say 'x' "y" \`z\` \\n ~ ^`));
    expect(text).toContain('.TP\n\\fB\\-\\-a\\-b\\fR <X>\n');
    expect(text).toContain('say \\(aqx\\(aq \\(dqy\\(dq \\(gaz\\(ga \\(rsn \\(ti \\(ha\n');
  });

  test('takes no text for a request of troff', () => {
    const text = pageOf((program) =>
      program.option('-x', '.so /etc/passwd').addHelpText('after', '\nExamples:\n  .so x\n'),
    );
    expect(text).not.toMatch(/^\.so/m);
    expect(text.match(/^\\&\.so/gm)).toHaveLength(2);
  });

  test('keeps the lines of examples, and fills other text', () => {
    const text = pageOf((program) =>
      program.addHelpText(
        'after',
        '\nExit codes: 0 yes,\n1 no.\n\nExamples:\n  prog -a\n  prog -b',
      ),
    );
    expect(text).toContain('.SH "EXIT CODES"\n0 yes, 1 no.\n');
    expect(text).toContain('.SH "EXAMPLES"\n.nf\nprog \\-a\nprog \\-b\n.fi\n');
  });

  test('has no line of text beyond 80 characters', () => {
    const text = pageOf((program) => program.option('-x', 'four words and more '.repeat(20)));
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  });
});
