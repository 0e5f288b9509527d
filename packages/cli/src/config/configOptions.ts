import type { Argument, Command, Option } from 'commander';
import { UsageError } from '../options/usageError.js';
import { type ConfigEntry, ConfigError, type ConfigTable } from './configFile.js';

/** The option by which a configuration file is given, which none can contain. */
const CONFIG = 'config';

/** What one entry of a configuration file says: the value of an option as the command line would have it. */
export interface ConfiguredValue {
  readonly value: unknown;
  readonly line: number;
}

/** The values of options, by their names as properties. */
export type ConfiguredValues = ReadonlyMap<string, ConfiguredValue>;

/**
 * The values that a table of a configuration file gives to the options and arguments of its command: keys are the
 * long options without their hyphens, and the names of arguments in lower case.
 *
 * @throws ConfigError for an entry that is no option, or has a value that the option does not take
 */
export function configuredValues(
  command: Command,
  path: string,
  { entries }: ConfigTable,
): ConfiguredValues {
  const values = new Map<string, ConfiguredValue>();
  for (const entry of entries) {
    const [name, value] = readEntry(command, path, entry);
    if (values.has(name)) {
      const before = values.get(name)!.line;
      throw new ConfigError(path, entry.line, `${entry.key}: said already in line ${before}`);
    }
    values.set(name, { value, line: entry.line });
  }
  return values;
}

function readEntry(command: Command, path: string, entry: ConfigEntry): [string, unknown] {
  const { key, line } = entry;
  const argument = command.registeredArguments.find((one) => one.name().toLowerCase() === key);
  if (argument !== undefined) return [key, parsed(path, entry, argument)];
  const [option, opposite] = [key, `no-${key}`].map((name) =>
    command.options.find(({ long }) => long === `--${name}` && name !== CONFIG),
  );
  const [first, ...more] = entry.values;
  if (option === undefined && opposite === undefined) {
    const expected = `one of ${keysOf(command).join(', ')}`;
    throw new ConfigError(path, line, `found ${key}, expected ${expected}`);
  }
  const name = (option ?? opposite)!.attributeName();
  if (typeof first?.value === 'boolean' && more.length === 0) {
    return [name, switched(path, entry, { option, opposite }, first.value)];
  }
  if (option === undefined || !(option.required || option.optional)) {
    throw refusal(path, entry, 'true or false');
  }
  return [name, parsed(path, entry, option)];
}

/** The value of an option that is on or off. */
function switched(
  path: string,
  entry: ConfigEntry,
  options: { readonly option: Option | undefined; readonly opposite: Option | undefined },
  isOn: boolean,
): unknown {
  const { option, opposite } = options;
  if (option?.negate) return isOn ? false : undefined;
  if (!isOn && opposite !== undefined) return false;
  if (option?.required || (option?.optional && !isOn)) throw refusal(path, entry, 'its value');
  // A switch that is off is as one that was not given.
  return isOn ? true : undefined;
}

/** The value of an option or argument that takes text. */
function parsed(path: string, entry: ConfigEntry, parameter: Option | Argument): unknown {
  const { key, values } = entry;
  if (values.length === 0) throw refusal(path, entry, 'at least one value');
  let result: unknown;
  for (const [index, { value, line }] of values.entries()) {
    if (typeof value === 'boolean') throw refusal(path, entry, 'text in quotes');
    // Options that may be repeated collect their values.
    if (index > 0 && !Array.isArray(result)) throw refusal(path, entry, 'one value');
    try {
      result =
        parameter.parseArg === undefined ? value : parameter.parseArg(value, result as never);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new ConfigError(path, line, named(key, error.message));
    }
  }
  return result;
}

/** The message of a refusal, which begins with the name of the option or argument, with that of the key. */
function named(key: string, message: string): string {
  return `${key}${message.slice(message.indexOf(':'))}`;
}

function refusal(path: string, { key, line, values }: ConfigEntry, expected: string): ConfigError {
  const texts = values.map(({ value }) => JSON.stringify(value));
  const found = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new ConfigError(path, line, `${key}: found ${found}, expected ${expected}`);
}

/** The keys that the table of a command may have. */
function keysOf({ options, registeredArguments }: Command): string[] {
  const names = options.map(({ long }) => long?.slice(2) ?? '');
  return [
    ...registeredArguments.map((argument) => argument.name().toLowerCase()),
    ...names.filter((name) => name !== CONFIG),
  ];
}
