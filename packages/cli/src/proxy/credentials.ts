import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { StartError } from '@6bed4/node';
import { UsageError } from '../options/usageError.js';

/** Environment variable with `user:password`, one a line. */
export const CREDENTIALS_VARIABLE = 'SIXBED4_PROXY_AUTH';

/** Bytes of a user name or password at most (RFC 1929 §2). */
const LONGEST = 255;

/** The users that may use a proxy, with their passwords. */
export class Credentials {
  /** Digests, so that comparing them takes the same time whatever they are. */
  readonly #users: readonly Buffer[];

  /**
   * @param text - `user:password`, one a line; empty lines and those that start with `#` are none
   * @param source - where the text is from, for errors
   * @throws UsageError without quoting the text
   */
  constructor(text: string, source: string) {
    const lines = text
      .split('\n')
      .map((line) => line.replace(/\r$/, ''))
      .filter((line) => line !== '' && !line.startsWith('#'));
    if (lines.length === 0) throw new UsageError(`${source}: found no user:password`);
    for (const [index, line] of lines.entries()) {
      const colon = line.indexOf(':');
      const parts = [line.slice(0, Math.max(0, colon)), line.slice(colon + 1)];
      if (parts.every((part) => part !== '' && Buffer.byteLength(part) <= LONGEST)) continue;
      const expected = `user:password with 1 to ${LONGEST} bytes each`;
      throw new UsageError(`${source}: expected ${expected} in entry ${index + 1}`);
    }
    this.#users = lines.map(digest);
  }

  /** Whether these are the name and password of a user. */
  accepts(user: string, password: string): boolean {
    const found = digest(`${user}:${password}`);
    // All are compared, so that the time does not tell which user there is. No user has a colon in the name.
    const matches = this.#users.filter((one) => timingSafeEqual(one, found)).length;
    return matches > 0 && !user.includes(':');
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Those that the environment had; options are checked and used at different times. */
let fromEnvironment: Credentials | null = null;

/**
 * Reads the users of a proxy from a file, or else from the environment, from which they are removed; null for
 * neither. They are no option, since all users of a computer see the arguments of processes.
 *
 * @throws StartError when the file cannot be read; UsageError for its text
 */
export function readCredentials(file: string | undefined): Credentials | null {
  if (file !== undefined) return new Credentials(textOf(file), file);
  const text = process.env[CREDENTIALS_VARIABLE];
  delete process.env[CREDENTIALS_VARIABLE];
  if (text !== undefined) fromEnvironment = new Credentials(text, CREDENTIALS_VARIABLE);
  return fromEnvironment;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new StartError(code, `the users in ${file} cannot be read: ${code}`);
  }
}
