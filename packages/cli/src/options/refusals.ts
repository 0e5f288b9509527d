import { InvalidArgumentError } from '@6bed4/codec';
import type { Argument, Command, Option } from 'commander';
import { flagName } from './flagName.js';
import { UsageError } from './usageError.js';

/** Options of the libraries that have another name on the command line, by command. */
const FLAGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  router: { routes: '--route', publicEndpoint: '--public' },
  peer: { routers: '--router', 'peering.strategy': '--peering' },
  proxy: { routers: '--router', 'peering.strategy': '--peering' },
  serve: { routers: '--router', 'peering.strategy': '--peering' },
  check: { routers: '--router', address: '--listen' },
  fleet: { listen: '--service', address: '--service', routes: '--route' },
  encode: { endpoint: '--peer', port: '--peer' },
};

/**
 * The flag of an option of the libraries: most are called as there, in kebab case. The options of
 * `peering` have flags of their own; those of `keepalive` are one.
 */
export function flagOf(field: string, command: string): string {
  const [name] = field.replace(/^peering\./, '').split('.');
  return FLAGS[command]?.[field] ?? `--${flagName(name!)}`;
}

function refusal(name: string, { found, expected }: InvalidArgumentError): UsageError {
  return new UsageError(`${name}: found ${found}, expected ${expected}`);
}

/**
 * The refusal of an argument by a library, under the name that it has on the command line; any other
 * error as it is.
 *
 * @param command - the name of the command
 */
export function namedRefusal(error: unknown, command: string): unknown {
  if (!(error instanceof InvalidArgumentError)) return error;
  return refusal(flagOf(error.field, command), error);
}

/** Makes the options and arguments of a command and its subcommands name themselves in refusals. */
export function nameRefusals(command: Command): void {
  for (const option of command.options) nameRefusalsOf(option, option.long ?? option.flags);
  for (const argument of command.registeredArguments) nameRefusalsOf(argument, argument.name());
  for (const subcommand of command.commands) nameRefusals(subcommand);
}

function nameRefusalsOf(parameter: Option | Argument, name: string): void {
  const parse = parameter.parseArg;
  if (parse === undefined) return;
  const named = (text: string, previous: unknown): unknown => {
    try {
      return parse(text, previous);
    } catch (error) {
      throw error instanceof InvalidArgumentError ? refusal(name, error) : error;
    }
  };
  // What else is known of the parser stays known.
  parameter.argParser(Object.assign(named, parse));
}
