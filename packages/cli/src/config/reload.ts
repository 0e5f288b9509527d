import { isDeepStrictEqual } from 'node:util';
import { InvalidArgumentError } from '@6bed4/codec';
import { StartError } from '@6bed4/node';
import type { CommonFlags } from '../options/daemonOptions.js';
import { flagName } from '../options/flagName.js';
import { UsageError } from '../options/usageError.js';
import type { Logger } from '../output/logger.js';
import type { FlagSource } from './configurable.js';

/** What changes while a daemon runs, by flag; the others need a restart. */
export type Changes<F, T> = {
  readonly [K in keyof F]?: Change<F, T>;
};

type Change<F, T> = (daemon: T, flags: F) => void | Promise<void>;

/** How a daemon reads its configuration again. */
export interface Reload<F, T> {
  readonly source: FlagSource<F>;
  readonly changes: Changes<F, T>;
  /** Flags that name files, which may say something else though the flag is the same. */
  readonly files?: readonly (keyof F & string)[];
}

/**
 * Reads a configuration again for a running daemon, and changes what changed and can. A faulty file changes nothing, and
 * what cannot be done leaves that option as it was; both are logged. Reloads come one after the other.
 */
export class Reloader<F extends CommonFlags, T> {
  readonly #source: FlagSource<F>;
  readonly #changes: Readonly<Record<string, Change<F, T> | undefined>>;
  readonly #files: readonly (keyof F & string)[];
  readonly #log: Logger;
  /** What the daemon works with. */
  #flags: F;
  #last: Promise<void> = Promise.resolve();

  /** @param common - what changes whatever the daemon is */
  constructor(
    { source, changes, files = [] }: Reload<F, T>,
    common: Changes<CommonFlags, unknown>,
    flags: F,
    log: Logger,
  ) {
    this.#source = source;
    this.#changes = { ...common, ...changes };
    this.#files = files;
    this.#flags = flags;
    this.#log = log;
  }

  /** Resolves when it is done. */
  reload(daemon: T): Promise<void> {
    this.#last = this.#last.then(() => this.#now(daemon));
    return this.#last;
  }

  async #now(daemon: T): Promise<void> {
    let next: F;
    try {
      next = await this.#source.read();
    } catch (error) {
      this.#log.error(`the configuration stays as it was: ${reasonOf(error)}`);
      return;
    }
    const changed: string[] = [];
    const pending: string[] = [];
    const different = differing(this.#flags, next);
    const again = this.#files.filter((key) => next[key] !== undefined);
    for (const key of new Set([...different, ...again])) {
      const change = this.#changes[key];
      if (change === undefined) {
        pending.push(flagName(key));
        continue;
      }
      try {
        await change(daemon, next);
        this.#flags = { ...this.#flags, [key]: next[key] };
        if (different.includes(key)) changed.push(flagName(key));
      } catch (error) {
        this.#log.error(`${flagName(key)} stays as it was: ${reasonOf(error)}`);
      }
    }
    this.#log.info({ file: this.#source.path, changed }, 'configuration read again');
    if (pending.length > 0) this.#log.warn(`needs a restart: ${pending.join(', ')}`);
  }
}

function differing<F extends object>(before: F, after: F): (keyof F & string)[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof F & string>;
  return [...keys].filter((key) => !isDeepStrictEqual(before[key], after[key]));
}

/** @throws the error itself when it is a fault of the program */
function reasonOf(error: unknown): string {
  const isKnown = [UsageError, InvalidArgumentError, StartError].some(
    (one) => error instanceof one,
  );
  if (isKnown) return (error as Error).message;
  throw error;
}
