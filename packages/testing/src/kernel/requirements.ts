import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';

/** Set to 1 where the kernel tests have to run: then what is missing is a failure. */
const REQUIRED = process.env['SIXBED4_REQUIRE_KERNEL'] === '1';

const TOOLS = ['ip', 'nft', 'ping', 'tcpdump', 'tshark', 'setpriv', 'unshare'];

/** The command under test. */
export const COMMAND = fileURLToPath(new URL('../../../cli/bin/6bed4.js', import.meta.url));
const BUILT = fileURLToPath(new URL('../../../cli/dist/cli.js', import.meta.url));

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isInstalled(tool: string): boolean {
  const folders = `${process.env['PATH'] ?? ''}${delimiter}/sbin${delimiter}/usr/sbin`;
  return folders.split(delimiter).some((folder) => isExecutable(join(folder, tool)));
}

/** The first thing that a laboratory needs and that is not there; `null` when all is well. */
export function missingRequirement(): string | null {
  if (process.platform !== 'linux') return `needs Linux, found ${process.platform}`;
  if (process.getuid?.() !== 0) return `needs root, found uid ${process.getuid?.()}`;
  for (const tool of TOOLS) {
    if (!isInstalled(tool)) return `needs the program ${tool}`;
  }
  return existsSync('/dev/net/tun') ? null : 'needs /dev/net/tun';
}

/** As `missingRequirement`, for tests that run the command, and perhaps further programs. */
function missingForCommand(programs: readonly string[]): string | null {
  const missing = missingRequirement();
  if (missing !== null) return missing;
  if (!existsSync(BUILT)) return 'needs the built command, dist/cli.js';
  const program = programs.find((name) => !isInstalled(name));
  return program === undefined ? null : `needs the program ${program}`;
}

/** Tests of the laboratory itself. */
export function describeLab(title: string, tests: () => void): void {
  describeUnless(missingRequirement(), title, tests);
}

/**
 * A group of tests that needs kernel, root, tools and the built command. Without them it is skipped
 * under a title that says why, or fails where the environment says that they have to be there.
 *
 * @param programs - what these tests need besides
 */
export function describeKernel(
  title: string,
  tests: () => void,
  programs: readonly string[] = [],
): void {
  describeUnless(missingForCommand(programs), title, tests);
}

function describeUnless(missing: string | null, title: string, tests: () => void): void {
  if (missing === null) {
    describe(title, tests);
  } else if (REQUIRED) {
    describe(title, () => {
      it('finds what it needs', () => {
        throw new Error(missing);
      });
    });
  } else {
    skip(title, missing, tests);
  }
}

function skip(title: string, why: string, tests: () => void): void {
  console.warn(`${title}: skipped, ${why}`);
  describe.skip(`${title} (skipped: ${why})`, tests);
}

/** Like `describeKernel`, for tests that need programs named by environment variables. */
export function describeWithPrograms(
  title: string,
  variables: readonly string[],
  tests: () => void,
): void {
  const unset = variables.filter((name) => (process.env[name] ?? '') === '');
  if (unset.length > 0) {
    skip(title, `${unset.join(' and ')} not set`, tests);
  } else {
    describeKernel(title, tests);
  }
}
