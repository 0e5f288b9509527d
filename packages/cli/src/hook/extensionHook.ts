import type { Logger } from '../output/logger.js';
import { type HookCall, TAKE_BACK } from './offers.js';
import { runHook } from './runHook.js';

/** A hook of the user. */
export interface HookOptions {
  /** A command of the shell. */
  readonly hook: string;
  /** Milliseconds that one call may take. */
  readonly timeout: number;
  readonly log: Logger;
}

/**
 * Calls an extension hook as the C peer does, with the number of this process: `PID del-offers`, and for each
 * offer `PID add-range-offer FIRST LAST` or `PID add-route-offer PREFIX LENGTH ROUTER`. Calls follow each other; what
 * changes while one runs is told afterwards, once, so that a slow hook gets no backlog.
 */
export class ExtensionHook {
  readonly #options: HookOptions;
  /** What was told; null before the first time, when a killed process may have left offers. */
  #told: string | null = null;
  #wanted: readonly HookCall[] = [];
  #isTelling = false;
  #done: Promise<void> = Promise.resolve();

  constructor(options: HookOptions) {
    this.#options = options;
  }

  /** Tells what is offered from now on, unless it is the same. */
  offer(offers: readonly HookCall[]): void {
    this.#wanted = offers;
    if (!this.#isTelling) this.#done = this.#tell();
  }

  /** Takes all offers back; done when the hook has heard that, or its time is over. */
  async end(): Promise<void> {
    this.offer([]);
    await this.#done;
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    while (!this.#isToldAll()) await this.#tellOnce(this.#wanted);
    this.#isTelling = false;
  }

  #isToldAll(): boolean {
    if (this.#told === null) return this.#wanted.length === 0;
    return JSON.stringify(this.#wanted) === this.#told;
  }

  async #tellOnce(calls: readonly HookCall[]): Promise<void> {
    this.#told = '';
    await this.#call(TAKE_BACK);
    for (const call of calls) {
      // Offers that are out of date already are not made.
      if (calls !== this.#wanted) return;
      await this.#call(call);
    }
    this.#told = JSON.stringify(calls);
  }

  async #call(call: HookCall): Promise<void> {
    const { hook, timeout, log } = this.#options;
    const [name] = call;
    const fields = { hook, call: call.join(' ') };
    log.debug(fields, 'hook called');
    const onLine = (line: string): void => log.info({ call: name }, `hook: ${line}`);
    const failure = await runHook(hook, [String(process.pid), ...call], { timeout, onLine });
    if (failure !== null) log.warn(fields, `hook failed: ${failure}`);
  }
}
