/** An option of the C commands, and what it is for ours. */
export interface ReferenceOption {
  /** Its letter. Two options have the same where the manual pages of 2012 and 2020 differ. */
  readonly short: string;
  /** Its long names, the first of which is shown. */
  readonly long: readonly string[];
  /** What its value is called; absent for an option without one. */
  readonly value?: string;
  readonly help: string;
  /** Whether a value is for this option; where another one has the same letter. */
  readonly takes?: (value: string) => boolean;
  /** May be given more than once. */
  readonly isRepeatable?: boolean;
  /** Options of ours that it becomes: errors about these are about this one. */
  readonly ours?: readonly string[];
  /** The same for our command; absent where the whole command line decides, see {@link ReferenceCommand}. */
  readonly translate?: (value: string) => readonly string[];
}

/** An option that was given: its first long name, and its value, empty for none. */
export type GivenOption = readonly [name: string, value: string];

/** A command of the C implementation. */
export interface ReferenceCommand {
  readonly name: string;
  /** The command of ours that it runs. */
  readonly command: 'peer' | 'router';
  readonly summary: string;
  /** Lines. */
  readonly usage: readonly string[];
  readonly options: readonly ReferenceOption[];
  /** Long names of ours that a shortened one of the C command could be taken for. */
  readonly notShortened: readonly string[];
  /** Long names that the manual page has with one hyphen, too. */
  readonly oneHyphen: readonly string[];
  /**
   * What comes before the translated options, so that they win over it.
   *
   * @param given - in their order
   * @param rest - arguments of ours
   */
  readonly defaults: (given: readonly GivenOption[], rest: readonly string[]) => readonly string[];
  /** Lines for standard error before the start. */
  readonly notices: (given: readonly GivenOption[]) => readonly string[];
}

/** The first value of an option by its first long name; undefined where it was not given. */
export function givenValue(given: readonly GivenOption[], name: string): string | undefined {
  return given.find(([each]) => each === name)?.[1];
}

/** Whether an option of ours, such as `--router`, is among arguments that were not translated. */
export function isAmong(rest: readonly string[], option: string): boolean {
  return rest.some((arg) => arg === option || arg.startsWith(`${option}=`));
}

/** The value of an option of ours among arguments that were not translated: the last one counts. */
export function valueAmong(rest: readonly string[], option: string): string | undefined {
  const index = rest.map((arg) => arg.split('=')[0]).lastIndexOf(option);
  if (index < 0) return undefined;
  return rest[index] === option ? rest[index + 1] : rest[index]!.slice(option.length + 1);
}
