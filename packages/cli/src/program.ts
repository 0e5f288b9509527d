import { StartError } from '@6bed4/node';
import { Command, CommanderError } from 'commander';
import type { AddCommand, LoadCommands } from './commands/commands.js';
import { DAEMONS } from './commands/daemonCommands.js';
import { setCommandSource } from './config/configurable.js';
import { namedRefusal, nameRefusals } from './options/refusals.js';
import { UsageError } from './options/usageError.js';
import { write } from './output/print.js';
import { referenceCommand } from './reference/commands.js';
import { type Alias, runReference } from './reference/runReference.js';
import { withTyped } from './reference/translate.js';

const COMMAND = '6bed4';
const EXIT_OK = 0;
const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

const EXAMPLES = `
Examples:
  6bed4 router --listen 192.0.2.1
  6bed4 peer --router 192.0.2.1
  6bed4 proxy --router 192.0.2.1
  6bed4 serve --router 192.0.2.1 80=127.0.0.1:8080
  6bed4 status
  6bed4 monitor
  6bed4 capture - | tshark -r - -d udp.port==25790,ipv6
  6bed4 check --router 192.0.2.1
  6bed4 address decode fc64:bed:c633:6401:c433:6402:e49e:8001

Exit codes: 0 ended as asked, 1 could not start or go on, 2 wrong arguments.`;

/** What a program is made of. */
export interface ProgramParts {
  /** What `--version` prints. */
  readonly version: string;
  readonly load: LoadCommands;
}

/**
 * Runs the command `6bed4`, or one of the C implementation by it.
 *
 * @param args - the arguments after the command's name
 * @param name - the command's name
 * @returns the exit code
 */
export function run(
  parts: ProgramParts,
  args: readonly string[],
  name: string = COMMAND,
): Promise<number> {
  leaveRemovedFolder();
  const reference = referenceCommand(name);
  if (reference === undefined) return runProgram(parts, args);
  return runReference(reference, args, parts.version, (ours, alias) =>
    runProgram(parts, ours, alias),
  );
}

async function runProgram(
  parts: ProgramParts,
  args: readonly string[],
  alias?: Alias,
): Promise<number> {
  const program = await buildProgram(parts, args);
  const path = (): string => alias?.name ?? commandWords(program, args).join(' ');
  program.hook('preAction', () => {
    for (const notice of alias?.notices ?? []) console.error(`${path()}: ${notice}`);
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return EXIT_OK;
  } catch (error) {
    // Help that was asked for went to standard output; without a command, it went to standard error.
    if (error instanceof CommanderError && error.code === 'commander.help') {
      return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    }
    const failure = namedRefusal(error, commandWords(program, args).at(-1)!);
    if (failure instanceof CommanderError && failure.exitCode === 0) return EXIT_OK;
    const message = messageOf(failure, path());
    console.error(`${path()}: ${alias === undefined ? message : withTyped(message, alias.typed)}`);
    return failure instanceof StartError ? EXIT_FAILURE : EXIT_USAGE;
  }
}

/** Goes elsewhere when the working folder was removed: Node.js starts no thread there. */
function leaveRemovedFolder(): void {
  try {
    process.cwd();
  } catch {
    process.chdir('/');
  }
}

/**
 * The definition of the commands that arguments need; of all that there are by default.
 *
 * @param args - the arguments after `6bed4`
 */
export async function buildProgram(
  { version, load }: ProgramParts,
  args: readonly string[] = [],
): Promise<Command> {
  const program = new Command(COMMAND)
    .description('IPv6 for any application on any IPv4 network: the 6bed4 tunnel.')
    .usage('<command> [options]')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', EXAMPLES)
    .configureOutput({ outputError: () => {}, writeOut: write })
    .exitOverride();
  // Commands take these settings over when they are added.
  const addAll = (all: readonly AddCommand[]): void => {
    const before = program.commands.length;
    for (const add of all) add(program, version);
    for (const command of program.commands.slice(before)) nameRefusals(command);
  };
  addAll(await load(args));
  setCommandSource(program, {
    names: DAEMONS,
    add: async (name) => addAll(await load([name])),
  });
  return program;
}

/** The words of the arguments that name a command, from `6bed4` on. */
function commandWords(program: Command, args: readonly string[]): readonly string[] {
  const words = [program.name()];
  let commands: readonly Command[] = program.commands;
  for (const arg of args) {
    const command = commands.find((one) => one.name() === arg);
    if (command === undefined) break;
    words.push(arg);
    commands = command.commands;
  }
  return words;
}

/**
 * The error message of a failure.
 *
 * @param path - the words of the command
 * @throws the failure itself when it is a fault of the program
 */
function messageOf(failure: unknown, path: string): string {
  if (failure instanceof StartError || failure instanceof UsageError) return failure.message;
  if (!(failure instanceof CommanderError)) throw failure;
  const [what = '', suggestion] = failure.message.replace(/^error: /, '').split('\n');
  const advice = suggestion === undefined ? '' : `, ${suggestion.replace(/^\(D(.*)\)$/, 'd$1')}`;
  return `${what.replace(/\.$/, '')}${advice} (see ${path} --help)`;
}
