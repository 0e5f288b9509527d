import { InvalidArgumentError, StartError } from '@6bed4/node';
import { Command, CommanderError } from 'commander';
import { addAddressCommand } from './addressCommand.js';
import { commandNeeded } from './commandNeeded.js';
import { addPeerCommand } from './peerCommand.js';
import { addRouterCommand } from './routerCommand.js';
import { addStatusCommand } from './statusCommand.js';

const EXIT_OK = 0;
const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

const EXAMPLES = `
Examples:
  6bed4 router --listen 192.0.2.1
  6bed4 peer --router 192.0.2.1
  6bed4 status
  6bed4 address decode fc64:bed:c633:6401:c433:6402:e49e:8001

Exit codes: 0 ended as asked, 1 could not start or go on, 2 wrong arguments.`;

/**
 * Runs the command `6bed4`.
 *
 * @param args - the arguments after the command's name
 * @param version - what `--version` prints
 * @returns the exit code
 */
export async function main(args: readonly string[], version: string): Promise<number> {
  const program = buildProgram(version);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return EXIT_OK;
  } catch (error) {
    const path = pathOf(program, args);
    if (error instanceof StartError) {
      console.error(`${path}: ${error.message}`);
      return EXIT_FAILURE;
    }
    const complaint = complaintOf(error, path);
    if (complaint === null) return EXIT_OK;
    console.error(`${path}: ${complaint}`);
    return EXIT_USAGE;
  }
}

function buildProgram(version: string): Command {
  const program = new Command('6bed4')
    .description('IPv6 for any application on any IPv4 network: the 6bed4 tunnel.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'explain the command')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  // Commands take these settings over when they are added.
  addRouterCommand(program, version);
  addPeerCommand(program, version);
  addStatusCommand(program);
  addAddressCommand(program);
  return commandNeeded(program);
}

/** The words of the arguments that name a command, for messages. */
function pathOf(program: Command, args: readonly string[]): string {
  const words = [program.name()];
  let commands: readonly Command[] = program.commands;
  for (const arg of args) {
    const command = commands.find((one) => one.name() === arg);
    if (command === undefined) break;
    words.push(arg);
    commands = command.commands;
  }
  return words.join(' ');
}

/**
 * What is wrong with the arguments, in a line; null when nothing is, as after `--help`.
 *
 * @throws the error itself when it is not about the arguments
 */
function complaintOf(error: unknown, path: string): string | null {
  if (error instanceof InvalidArgumentError) {
    return `${flagOf(error.field)}: found ${error.found}, expected ${error.expected}`;
  }
  if (!(error instanceof CommanderError)) throw error;
  if (error.exitCode === 0) return null;
  return `${error.message.replace(/^error: /, '')} (see ${path} --help)`;
}

/** Options of the library by the names that they have on the command line. */
const FLAGS: Readonly<Record<string, string>> = {
  routers: '--router',
  routes: '--route',
  command: 'command',
  ADDR: 'ADDR',
};

function flagOf(option: string): string {
  return FLAGS[option] ?? `--${option}`;
}
