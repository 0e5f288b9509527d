import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MOST_OUTPUT = 64 * 1024 * 1024;

/** The result of one test of a program. */
export interface Outcome {
  readonly name: string;
  /** What is wrong; null for nothing. */
  readonly fault: string | null;
}

/**
 * Runs a program to its end, in a folder, with another folder for temporary files. What it wrote to standard error
 * is part of the error.
 */
export async function output(
  file: string,
  args: readonly string[],
  { cwd, temporary }: { cwd?: string; temporary?: string } = {},
): Promise<string> {
  const env = temporary === undefined ? process.env : { ...process.env, TMPDIR: temporary };
  try {
    const { stdout } = await run(file, [...args], { cwd, env, maxBuffer: MOST_OUTPUT });
    return stdout;
  } catch (error) {
    const { message, stdout, stderr } = error as Error & { stdout: string; stderr: string };
    throw new Error(`${message}\n${stdout}${stderr}`);
  }
}

/** The lines of JSON that a program printed. */
export function outcomes(text: string): Outcome[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Outcome);
}
