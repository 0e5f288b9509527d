import type { EventEmitter } from 'node:events';
import type { Argument, Command, Option } from 'commander';
import { choicesOf } from '../options/choices.js';

/** An option or argument of a command, as `--help` shows it. */
export interface PageEntry {
  /** As in `--help`, such as `--router <HOST[:port]>`. */
  readonly term: string;
  readonly description: string;
  /** The forms of an option that may be typed, such as `-h` and `--help`; none for an argument. */
  readonly flags: readonly string[];
  /** Whether a value must or may follow. */
  readonly value: 'required' | 'optional' | 'none';
  /** The words among which a value is; none if it is free. */
  readonly choices: readonly string[];
  /** Whether a value is the path of a file or folder. */
  readonly isPath: boolean;
}

/** A part of the text after the options: its title and lines. */
export interface PageSection {
  readonly title: string;
  readonly lines: readonly string[];
}

/** A command as man pages and completions need it, read from its definition for `--help`. */
export interface CommandPage {
  /** The words that name it, from `6bed4` on. */
  readonly words: readonly string[];
  /** In a few words, without a full stop. */
  readonly summary: string;
  readonly description: string;
  /** What follows its name in `--help`. */
  readonly usage: string;
  readonly arguments: readonly PageEntry[];
  readonly options: readonly PageEntry[];
  readonly sections: readonly PageSection[];
  readonly commands: readonly CommandPage[];
}

/** Names of values that are paths. */
const PATH = /^(?:FILE|DIR|PATH|SCRIPT)\b/;
const HELP = 'help';

/** Reads the definition of a command and of its subcommands. */
export function commandPage(command: Command, before: readonly string[] = []): CommandPage {
  const words = [...before, command.name()];
  const help = command.createHelp();
  return {
    words,
    summary: (command.summary() || command.description()).replace(/\.$/, ''),
    description: command.description(),
    usage: command.usage(),
    arguments: command.registeredArguments.map(argumentEntry),
    options: help.visibleOptions(command).map(optionEntry),
    sections: sectionsOf(command),
    commands: help
      .visibleCommands(command)
      .filter((one) => one.name() !== HELP)
      .map((one) => commandPage(one, words)),
  };
}

function optionEntry(option: Option): PageEntry {
  const { flags, description, short, long, required, optional, parseArg } = option;
  return {
    ...describeValue(flags.replace(/^[^<[]*[<[]?/, ''), parseArg),
    term: flags,
    description,
    flags: [short, long].filter((flag) => flag !== undefined && flag !== null),
    value: required ? 'required' : optional ? 'optional' : 'none',
  };
}

function argumentEntry(argument: Argument): PageEntry {
  const { description, required, parseArg, variadic } = argument;
  const name = `${argument.name()}${variadic ? '...' : ''}`;
  return {
    ...describeValue(name, parseArg),
    term: required ? `<${name}>` : `[${name}]`,
    description,
    flags: [],
    value: required ? 'required' : 'optional',
  };
}

function describeValue(name: string, parse: Option['parseArg']) {
  return { choices: choicesOf(parse), isPath: PATH.test(name) };
}

/**
 * The paragraphs after the options. Each begins with its title and a colon, which text or indented lines
 * follow.
 */
function sectionsOf(command: Command): PageSection[] {
  let text = '';
  const write = (more: string): void => {
    text += more;
  };
  // The event to which `addHelpText` listens; commander declares only how to listen to it.
  const events = command as unknown as EventEmitter;
  events.emit('afterHelp', { command, error: false, write });
  return text
    .trim()
    .split(/\n\s*\n/)
    .filter((paragraph) => paragraph !== '')
    .map((paragraph) => {
      const [, title = '', rest = ''] = /^([A-Z][\w ]*):[ \t]*\n?([\s\S]*)$/.exec(paragraph) ?? [];
      return { title, lines: (title === '' ? paragraph : rest).split('\n') };
    });
}
