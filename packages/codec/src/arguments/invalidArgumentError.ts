/** A value that cannot be used, told so that its user can mend it. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
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
