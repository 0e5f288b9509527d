import { readFileSync } from 'node:fs';
import { isToken } from '@6bed4/gateway';
import { StartError } from '@6bed4/node';
import { UsageError } from './usageError.js';

/** Environment variable with the token that a peer shows to a gateway. */
export const TOKEN_VARIABLE = 'SIXBED4_GATEWAY_TOKEN';

/**
 * Reads tokens from a file, one a line; empty lines and those that start with `#` are none. They are no option, since all
 * users of a computer see the arguments of processes.
 *
 * @throws StartError when it cannot be read; UsageError, which does not quote it, for what is no token, or none
 */
export function readTokens(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new StartError(code, `the tokens in ${file} cannot be read: ${code}`);
  }
  const lines = text.split('\n').map((line) => line.trim());
  const tokens = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (tokens.length === 0) throw new UsageError(`${file}: found no token`);
  const wrong = tokens.findIndex((token) => !isToken(token));
  if (wrong < 0) return tokens;
  const expected = '1 to 256 letters, digits and _.~+-';
  throw new UsageError(`${file}: expected ${expected} in entry ${wrong + 1}`);
}

/** The token of a peer: the first one of a file, or what the environment has; undefined for neither. */
export function ownToken(file: string | undefined): string | undefined {
  return file === undefined ? process.env[TOKEN_VARIABLE] : readTokens(file)[0];
}
