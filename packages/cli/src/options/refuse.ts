import { InvalidArgumentError } from '@6bed4/codec';

/** Refuses the text of an option or argument, which gets its name where it is parsed. */
export function refuse(text: string, expected: string): never {
  throw new InvalidArgumentError('text', JSON.stringify(text), expected);
}
