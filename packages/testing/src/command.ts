import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Outcome, RunningProgram } from './runningProgram.js';
import type { Runtime } from './runtimes.js';

export type { Outcome, RunningProgram } from './runningProgram.js';

/** The commands of the package. */
export type CommandName = '6bed4' | '6bed4peer' | '6bed4router';

/** The path of a built command. */
export function pathOf(name: CommandName): string {
  return fileURLToPath(new URL(`../../cli/bin/${name}.js`, import.meta.url));
}

/** The built command `6bed4`. */
export const COMMAND: string = pathOf('6bed4');
const BUILT = fileURLToPath(new URL('../../cli/dist/cli.js', import.meta.url));

/** Whether the command, and with it all packages below it, is built. */
export function isBuilt(): boolean {
  return existsSync(BUILT);
}

/** Throws unless the packages are built; for `beforeAll` of tests that run built files. */
export function requireBuild(): void {
  if (!isBuilt()) throw new Error(`${BUILT} is missing: run "npm run build" first`);
}

/** Starts the built command `6bed4`. */
export function start(...args: readonly string[]): RunningProgram {
  return startIn({}, ...args);
}

/** Starts the built command `6bed4` with additions to the environment. */
export function startIn(env: NodeJS.ProcessEnv, ...args: readonly string[]): RunningProgram {
  return startNode([COMMAND, ...args], `6bed4 ${args.join(' ')}`, env);
}

/** Starts the built command `6bed4` on another runtime than the one of the tests. */
export function startOn({ file, args }: Runtime, ...words: readonly string[]): RunningProgram {
  const env = { ...process.env, NO_COLOR: '1' };
  return new RunningProgram(file, [...args, COMMAND, ...words], `6bed4 ${words.join(' ')}`, env);
}

/** Starts one of the built commands. */
export function startCommand(name: CommandName, ...args: readonly string[]): RunningProgram {
  return startNode([pathOf(name), ...args], `${name} ${args.join(' ')}`);
}

/** Runs the built command `6bed4` to its end. */
export function run(...args: readonly string[]): Promise<Outcome> {
  return runIn({}, ...args);
}

/** Runs the built command `6bed4` to its end, with additions to the environment. */
export function runIn(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Outcome> {
  return startIn(env, ...args).outcome();
}

/** Runs an ES module that can import what the package under test can, as built, to its end. */
export function runModule(code: string, ...flags: readonly string[]): Promise<Outcome> {
  return startNode([...flags, '--input-type=module', '--eval', code], 'module').outcome();
}

function startNode(
  args: readonly string[],
  title: string,
  env: NodeJS.ProcessEnv = {},
): RunningProgram {
  const whole = { ...process.env, NO_COLOR: '1', ...env };
  return new RunningProgram(process.execPath, args, title, whole);
}
