import { InvalidArgumentError } from '@6bed4/codec';
import { UsageError } from '../options/usageError.js';
import type { GivenOption, ReferenceCommand, ReferenceOption } from './optionTable.js';

/** The command line of ours that means the same as one of the C commands. */
export interface Translation {
  /** Arguments of `6bed4`. */
  readonly args: readonly string[];
  /** Asked for instead of anything else. */
  readonly asked: 'help' | 'version' | null;
  /** Options of ours in error messages, and what the user typed for them. */
  readonly typed: ReadonlyMap<string, string>;
  readonly notices: readonly string[];
}

/** Options that all commands have. The word alone is the same as `--help`. */
export const COMMON_OPTIONS: readonly ReferenceOption[] = [
  { short: 'v', long: ['version'], help: 'print the version' },
  { short: 'h', long: ['help'], help: 'show this help' },
];
const HELP = 'help';
const VERSION = 'version';

/**
 * Translates the arguments of a C command as getopt_long(3) reads them: letters together, values attached or
 * apart, long names shortened as far as they are unique. Where a letter means something else in the manual page
 * of 2012 than in that of 2020, what follows decides: devices begin with a slash, hops are numbers. All
 * other arguments are those of ours, and stay as they are.
 *
 * @throws UsageError naming the option as it was typed
 */
export function translate(command: ReferenceCommand, argv: readonly string[]): Translation {
  return new Translator(command, argv).run();
}

class Translator {
  readonly #command: ReferenceCommand;
  readonly #waiting: string[];
  readonly #given: GivenOption[] = [];
  readonly #names = new Set<string>();
  readonly #typed = new Map<string, string>();
  readonly #translated: string[] = [];
  /** What is ours. */
  readonly #rest: string[] = [];
  #asked: Translation['asked'] = null;

  constructor(command: ReferenceCommand, argv: readonly string[]) {
    this.#command = command;
    this.#waiting = [...argv];
  }

  run(): Translation {
    if (this.#waiting[0] === HELP) {
      this.#asked = HELP;
      this.#waiting.shift();
    }
    for (let arg = this.#waiting.shift(); arg !== undefined; arg = this.#waiting.shift()) {
      if (arg === '--') for (const each of [arg, ...this.#waiting.splice(0)]) this.#pass(each);
      else if (arg.startsWith('--')) this.#long(arg);
      else if (this.#command.oneHyphen.some((name) => arg === `-${name}`)) this.#long(`-${arg}`);
      else if (arg.length > 1 && arg.startsWith('-')) this.#letters(arg.slice(1));
      else this.#pass(arg);
    }
    const { command, defaults, notices } = this.#command;
    const before = this.#asked === null ? defaults(this.#given, this.#rest) : [];
    return {
      args: [command, ...before, ...this.#translated],
      asked: this.#asked,
      typed: this.#typed,
      notices: notices(this.#given),
    };
  }

  #pass(arg: string): void {
    this.#rest.push(arg);
    this.#translated.push(arg);
  }

  #long(arg: string): void {
    const [name, ...values] = arg.slice(2).split('=');
    const attached = values.length === 0 ? null : values.join('=');
    const option = this.#named(name!);
    if (option === null) {
      this.#pass(arg);
      return;
    }
    if (option.value === undefined && attached !== null) {
      throw new UsageError(`--${name}: takes no value, found ${JSON.stringify(attached)}`);
    }
    const value = option.value === undefined ? '' : (attached ?? this.#next(`--${name}`, option));
    this.#take(option, `--${name}`, value);
  }

  /** The option of a whole or shortened long name; null for one of ours. */
  #named(name: string): ReferenceOption | null {
    const options = [...this.#command.options, ...COMMON_OPTIONS];
    const exact = options.find(({ long }) => long.includes(name));
    if (exact !== undefined) return exact;
    if (name === '' || this.#command.notShortened.includes(name)) return null;
    const found = new Map<string, ReferenceOption>();
    for (const option of options) {
      if (option.long.some((each) => each.startsWith(name)) && !found.has(option.long[0]!)) {
        found.set(option.long[0]!, option);
      }
    }
    if (found.size < 2) return [...found.values()][0] ?? null;
    const names = [...found.keys()].map((each) => `--${each}`);
    throw new UsageError(`--${name}: means one of ${names.join(', ')}`);
  }

  /** Letters that stand together; the last may have a value. */
  #letters(letters: string): void {
    for (let index = 0; index < letters.length; index++) {
      const letter = letters[index]!;
      const attached = letters.slice(index + 1);
      const option = this.#lettered(letter, attached);
      if (option.value === undefined) {
        this.#take(option, `-${letter}`, '');
        continue;
      }
      this.#take(
        option,
        `-${letter}`,
        attached === '' ? this.#next(`-${letter}`, option) : attached,
      );
      return;
    }
  }

  /** The option of a letter: of several, the one that what follows is for. */
  #lettered(letter: string, attached: string): ReferenceOption {
    const all = [...this.#command.options, ...COMMON_OPTIONS];
    const options = all.filter(({ short }) => short === letter);
    const [first, ...others] = options;
    if (first === undefined) {
      throw new UsageError(`unknown option '-${letter}' (see ${this.#command.name} --help)`);
    }
    if (others.length === 0) return first;
    const value = attached === '' ? this.#waiting[0] : attached;
    const fitting = options.find(({ takes }) => value !== undefined && takes?.(value) === true);
    return fitting ?? options.find((option) => option.value === undefined) ?? first;
  }

  #next(typed: string, { value }: ReferenceOption): string {
    const next = this.#waiting.shift();
    if (next === undefined) throw new UsageError(`${typed}: needs a value: ${value}`);
    return next;
  }

  #take(option: ReferenceOption, typed: string, value: string): void {
    const name = option.long[0]!;
    if (name === HELP || name === VERSION) {
      this.#asked ??= name;
      return;
    }
    if (this.#names.has(name) && option.isRepeatable !== true) {
      throw new UsageError(`${typed}: is given twice`);
    }
    this.#names.add(name);
    this.#given.push([name, value]);
    for (const ours of option.ours ?? []) this.#typed.set(ours, typed);
    this.#translated.push(...renamed(option, typed, value));
  }
}

/** Translates an option; an error is about what was typed. */
function renamed(option: ReferenceOption, typed: string, value: string): readonly string[] {
  try {
    return option.translate?.(value) ?? [];
  } catch (error) {
    if (error instanceof InvalidArgumentError) {
      throw new UsageError(`${typed}: found ${error.found}, expected ${error.expected}`);
    }
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(withTyped(error.message, new Map([[`--${option.long[0]}`, typed]])));
  }
}

/** An error message about an option of ours, as one about what was typed for it. */
export function withTyped(message: string, typed: ReadonlyMap<string, string>): string {
  return message.replace(/--[a-z0-9-]+/, (option) => typed.get(option) ?? option);
}
