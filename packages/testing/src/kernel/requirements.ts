import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, test } from 'vitest';
import { isBuilt } from '../command.js';

/** Whether a missing requirement is a failure, and not a reason to skip. */
const REQUIRED = process.env['SIXBED4_REQUIRE_KERNEL'] === '1';

const TOOLS = ['ip', 'nft', 'ping', 'tcpdump', 'tshark', 'setpriv', 'unshare'];

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

/** The first requirement of a lab that is missing, as a reason to skip; `null` for none. */
export function missingRequirement(): string | null {
  if (process.platform !== 'linux') return `needs Linux, found ${process.platform}`;
  if (process.getuid?.() !== 0) return `needs root, found uid ${process.getuid?.()}`;
  for (const tool of TOOLS) {
    if (!isInstalled(tool)) return `needs the program ${tool}`;
  }
  return existsSync('/dev/net/tun') ? null : 'needs /dev/net/tun';
}

/**
 * Whether a test that needs nothing but a program runs: where it is installed, and with `SIXBED4_REQUIRE_KERNEL=1`
 * also where it is not, so that the test fails.
 */
export function runsWith(program: string): boolean {
  return REQUIRED || isInstalled(program);
}

/** As {@link missingRequirement}, for tests that run the built command, and perhaps other programs. */
function missingForCommand(programs: readonly string[]): string | null {
  const missing = missingRequirement();
  if (missing !== null) return missing;
  if (!isBuilt()) return 'needs the built command, dist/cli.js';
  const program = programs.find((name) => !isInstalled(name));
  return program === undefined ? null : `needs the program ${program}`;
}

/** Describes tests of the lab itself, which need no built command. */
export function describeLab(title: string, tests: () => void): void {
  describeUnless(missingRequirement(), title, tests);
}

/**
 * Describes tests that need Linux, root, its network tools and the built command. Without them they are
 * skipped under a title with the reason, or fail with `SIXBED4_REQUIRE_KERNEL=1`.
 *
 * @param programs - further programs that these tests need
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
      test('has its requirements', () => {
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

/** As {@link describeKernel}, for tests that need programs named by environment variables. */
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
