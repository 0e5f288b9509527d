/**
 * Thrown for an invalid argument: names the field, what was found and what is accepted. Reads
 * `port: found 65536, expected an integer from 0 to 65535`. Never thrown for bytes from the network.
 */
export class InvalidArgumentError extends Error {
  override readonly name = 'InvalidArgumentError';
  /** The field or option that holds the value. */
  readonly field: string;
  /** What was found. */
  readonly found: string;
  /** What would have been accepted. */
  readonly expected: string;

  constructor(field: string, found: string, expected: string) {
    super(`${field}: found ${found}, expected ${expected}`);
    this.field = field;
    this.found = found;
    this.expected = expected;
  }
}
