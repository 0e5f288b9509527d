import { InvalidArgumentError } from '@6bed4/codec';
import type { Command } from 'commander';
import { IneffectiveOption } from '../options/ineffective.js';
import { flagOf } from '../options/refusals.js';
import { UsageError } from '../options/usageError.js';
import { ConfigError, type ConfigTable, readConfigFile } from './configFile.js';
import { type ConfiguredValues, configuredValues } from './configOptions.js';

/** A command that runs until it is ended, as configuration files need it. */
export interface Configurable<F> {
  /**
   * Refuses options that cannot be used together, without doing anything.
   *
   * @throws InvalidArgumentError, UsageError
   */
  check(flags: F): void;
  /** Runs it. `source` reads the options again; null without configuration file. */
  run(flags: F, source: FlagSource<F> | null): Promise<void>;
}

/** The configuration file of a running command. */
export interface FlagSource<F> {
  readonly path: string;
  /** The options with what the file says now. @throws ConfigError, InvalidArgumentError, UsageError */
  read(): Promise<F>;
}

// biome-ignore lint/suspicious/noExplicitAny: each command has flags of its own
const configurables = new WeakMap<Command, Configurable<any>>();

/** Where a program gets commands that it has not loaded. */
export interface CommandSource {
  /** Those that may have tables in configuration files. */
  readonly names: readonly string[];
  /** Adds one of them to the program, unless it has no such in this build. */
  add(name: string): Promise<void>;
}

const sources = new WeakMap<Command, CommandSource>();

/** Lets configuration files have tables for commands that a program has not loaded. */
export function setCommandSource(program: Command, source: CommandSource): void {
  sources.set(program, source);
}

/** Gives a command the option `--config`, and what it does. Arguments become flags of their name in lower case. */
export function addConfigurable<F>(command: Command, configurable: Configurable<F>): Command {
  configurables.set(command, configurable);
  return command
    .option(
      '--config <FILE>',
      'TOML file with these options in the table of the command; the command line wins; SIGHUP reads it again',
    )
    .action(() => run(command, configurable));
}

async function run<F>(command: Command, configurable: Configurable<F>): Promise<void> {
  const { config: path } = command.opts<{ config?: string }>();
  const given = flagsGiven(command);
  if (path === undefined) {
    const flags = { ...defaultsOf(command), ...given } as F;
    configurable.check(flags);
    await configurable.run(flags, null);
    return;
  }
  const read = async (): Promise<[F, ConfiguredValues]> => {
    const { tables, flags } = await readFlags<F>(command, path, given);
    // What the command line gives has no line.
    const values = new Map([...tables.get(command)!].filter(([name]) => !(name in given)));
    locating(path, values, command, () => configurable.check(flags));
    return [flags, values];
  };
  const [flags, values] = await read();
  const source: FlagSource<F> = { path, read: async () => (await read())[0] };
  try {
    await configurable.run(flags, source);
  } catch (error) {
    throw located(error, path, values, command);
  }
}

/**
 * Checks a configuration file for all commands that it is for.
 *
 * @returns the names of the commands
 * @throws ConfigError
 */
export async function checkConfig(program: Command, path: string): Promise<string[]> {
  const all = await readTables(program, path);
  for (const [command, values] of all) {
    const flags = { ...defaultsOf(command), ...plain(values) };
    locating(path, values, command, () => configurables.get(command)!.check(flags));
  }
  return [...all.keys()].map((command) => command.name());
}

async function readFlags<F>(
  command: Command,
  path: string,
  given: object,
): Promise<{ tables: ReadonlyMap<Command, ConfiguredValues>; flags: F }> {
  const tables = await readTables(command.parent!, path);
  const values = tables.get(command);
  if (values === undefined) {
    throw new ConfigError(path, 0, `found no table [${command.name()}]`);
  }
  return {
    tables,
    flags: { ...defaultsOf(command), ...withoutOverruled(plain(values), given), ...given } as F,
  };
}

/** Options, by attribute, of which one says what the other is about. */
const SAME_SUBJECT = [
  ['verbose', 'logLevel'],
  ['json', 'logFormat'],
] as const;

/** What a file says, but what the command line says otherwise by another option. */
function withoutOverruled(values: Record<string, unknown>, given: object): Record<string, unknown> {
  const overruled = SAME_SUBJECT.flatMap(([one, other]) => [
    ...(one in given ? [other] : []),
    ...(other in given ? [one] : []),
  ]);
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => !overruled.some((each) => each === name)),
  );
}

/** Reads a file for all commands: a fault in the table of another is a fault, too. */
async function readTables(
  program: Command,
  path: string,
): Promise<ReadonlyMap<Command, ConfiguredValues>> {
  const tables = await readConfigFile(path);
  if (tables.length === 0) {
    throw new ConfigError(
      path,
      0,
      `found nothing, expected a table such as [${namesIn(program)[0]}]`,
    );
  }
  const all = new Map<Command, ConfiguredValues>();
  for (const table of tables) {
    const command = await commandOf(program, path, table);
    if (command !== null) all.set(command, configuredValues(command, path, table));
  }
  return all;
}

/** @returns null for one that this build does not have */
async function commandOf(
  program: Command,
  path: string,
  { name, line }: ConfigTable,
): Promise<Command | null> {
  const find = (): Command | undefined =>
    program.commands.find((one) => configurables.has(one) && one.name() === name);
  const source = sources.get(program);
  const isElsewhere = find() === undefined && source?.names.includes(name) === true;
  if (isElsewhere) await source.add(name);
  const command = find();
  if (command !== undefined) return command;
  if (isElsewhere) return null;
  const names = namesIn(program).map((one) => `[${one}]`);
  throw new ConfigError(path, line, `found [${name}], expected one of ${names.join(', ')}`);
}

function namesIn(program: Command): readonly string[] {
  const source = sources.get(program);
  if (source !== undefined) return source.names;
  return program.commands.filter((one) => configurables.has(one)).map((one) => one.name());
}

/** What the command line gives, the arguments among it. */
function flagsGiven(command: Command): Record<string, unknown> {
  const given = Object.entries(command.opts()).filter(
    ([name]) => command.getOptionValueSource(name) !== 'default',
  );
  const args = command.registeredArguments.flatMap((argument, index) => {
    const value: unknown = command.processedArgs[index];
    return Array.isArray(value) && value.length > 0
      ? [[argument.name().toLowerCase(), value] as const]
      : [];
  });
  return Object.fromEntries([...given, ...args]);
}

function defaultsOf(command: Command): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(command.opts()).filter(
      ([name]) => command.getOptionValueSource(name) === 'default',
    ),
  );
}

/** The values without their lines; what is undefined is as in no file. */
function plain(values: ConfiguredValues): Record<string, unknown> {
  return Object.fromEntries(
    [...values].flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value]])),
  );
}

function locating(
  path: string,
  values: ConfiguredValues,
  command: Command,
  action: () => void,
): void {
  try {
    action();
  } catch (error) {
    throw located(error, path, values, command);
  }
}

/** A refusal with file and line, where the file says what was refused. */
function located(
  error: unknown,
  path: string,
  values: ConfiguredValues,
  command: Command,
): unknown {
  if (error instanceof ConfigError) return error;
  if (error instanceof IneffectiveOption) {
    const line = lineOf(error.flag, values, command) ?? 0;
    return new ConfigError(path, line, line === 0 ? error.message : error.message.slice(2));
  }
  if (error instanceof UsageError) return new ConfigError(path, 0, error.message);
  if (!(error instanceof InvalidArgumentError)) return error;
  const flag = flagOf(error.field, command.name());
  const line = lineOf(flag, values, command) ?? values.get(error.field)?.line;
  if (line === undefined) return error;
  const { found, expected } = error;
  return new ConfigError(path, line, `${flag.slice(2)}: found ${found}, expected ${expected}`);
}

/** The line of an option in a file; undefined where it says nothing about it. */
function lineOf(flag: string, values: ConfiguredValues, command: Command): number | undefined {
  const option = command.options.find(({ long }) => long === flag);
  return option && values.get(option.attributeName())?.line;
}
