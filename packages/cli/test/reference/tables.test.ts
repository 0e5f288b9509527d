import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { addPeerCommand } from '../../src/commands/peerCommand.js';
import { addRouterCommand } from '../../src/commands/routerCommand.js';
import { helpOf } from '../../src/reference/help.js';
import { peerCommand } from '../../src/reference/peerOptions.js';
import { routerCommand } from '../../src/reference/routerOptions.js';

const program = new Command();
addPeerCommand(program, '0');
addRouterCommand(program, '0');

describe.each([peerCommand, routerCommand])('the options of $name', (reference) => {
  const ours = program.commands.find((command) => command.name() === reference.command)!;
  const names = ours.options.map(({ long }) => long!.slice(2));
  const theirs = reference.options.flatMap(({ long }) => long);

  test('become options that the command of ours has', () => {
    for (const { ours: targets = [] } of reference.options) {
      for (const target of targets) expect(names).toContain(target.slice(2));
    }
  });

  test('are not shortened to a name of ours', () => {
    const ambiguous = names.filter(
      (name) => !theirs.includes(name) && theirs.some((long) => long.startsWith(name)),
    );
    expect(ambiguous).toEqual(reference.notShortened);
  });

  test('have one meaning for a letter, or values that tell the meanings apart', () => {
    for (const { short } of reference.options) {
      const same = reference.options.filter((option) => option.short === short);
      const undecided = same.filter(
        ({ takes, value }) => takes === undefined && value !== undefined,
      );
      const flags = same.filter(({ value }) => value === undefined);
      expect(same.length === 1 || (undecided.length === 0 && flags.length < 2)).toBe(true);
    }
  });

  test('are all in the help, in lines for a terminal', () => {
    const help = helpOf(reference);
    for (const { short, help: text } of reference.options) {
      expect(help).toMatch(
        new RegExp(`(?:^ {2}-${short},|also -${short}| -${short} without)`, 'm'),
      );
      expect(help).toContain(text);
    }
    const longest = Math.max(...help.split('\n').map(({ length }) => length));
    expect(longest).toBeLessThan(140);
  });
});
