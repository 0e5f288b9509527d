/** Arguments that the command cannot work with; the message is what it prints. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * The refusal of a command without an option that it needs.
 *
 * @param option - as on the command line, for instance `--router`
 * @param what - what to give
 */
export function missingOption(option: string, what: string, example: string): UsageError {
  return new UsageError(`missing ${option}: give ${what}, such as ${option} ${example}`);
}
