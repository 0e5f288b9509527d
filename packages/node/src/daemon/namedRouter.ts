import type { Endpoint } from '@6bed4/codec';
import type { Timer, Timers } from '../environment/timers.js';

/** Milliseconds that an address has to answer before the next one is tried: two solicitations. */
const FIRST_TRIAL = 4_000;
const LONGEST_TRIAL = 30_000;

/** The result of looking a router up. */
export interface RouterLookup {
  readonly name: string;
  /** Its IPv4 addresses, in the order of preference; those of before where it cannot be looked up now. */
  readonly addresses: readonly string[];
  /** The one that is asked; null while there is none. */
  readonly router: Endpoint | null;
  /** Why it could not be looked up, such as ENOTFOUND; null if it could, or was not yet. */
  readonly error: string | null;
}

/** What a {@link NamedRouter} needs, and whom it tells. */
interface NamedRouterUser {
  readonly timers: Timers;
  /** Rejects with a `code`; may find nothing. */
  readonly resolve: () => Promise<readonly string[]>;
  /** Its endpoint is another one. */
  changed(): void;
  lookedUp(result: RouterLookup): void;
}

/**
 * A router with a host name: one of the IPv4 addresses of that. Each has some time to answer, then the next one is
 * tried; after the last one, the name is looked up again, and each has twice as long. One that has answered stays
 * until it is silent.
 */
export class NamedRouter {
  readonly #name: string;
  readonly #port: number;
  readonly #user: NamedRouterUser;
  #addresses: readonly string[] = [];
  #address: string | null = null;
  #error: string | null = null;
  /** Addresses that had their time since the last look-up. */
  #tried = new Set<string>();
  #trial = FIRST_TRIAL;
  #timer: Timer | null = null;
  #state: 'new' | 'trying' | 'answered' | 'closed' = 'new';
  #isLookingUp = false;

  constructor(name: string, port: number, user: NamedRouterUser) {
    this.#name = name;
    this.#port = port;
    this.#user = user;
  }

  /** The endpoint to ask; null while the name has no address. */
  get endpoint(): Endpoint | null {
    return this.#address === null ? null : { address: this.#address, port: this.#port };
  }

  get last(): RouterLookup {
    const [name, error] = [this.#name, this.#error];
    return { name, addresses: this.#addresses, router: this.endpoint, error };
  }

  isFor({ name, port }: { readonly name: string; readonly port: number }): boolean {
    return this.#name === name && this.#port === port;
  }

  /** Looks the name up for the first time. */
  start(): void {
    if (this.#state === 'new') this.#search();
  }

  /** It has answered, and stays what it is. */
  answered(): void {
    if (this.#state === 'closed') return;
    this.#endTrial();
    this.#state = 'answered';
    this.#trial = FIRST_TRIAL;
  }

  /** It is silent after it has answered: looks the name up again, and tries another address, if there is one. */
  silent(): void {
    if (this.#state === 'answered') this.#search();
  }

  close(): void {
    this.#state = 'closed';
    this.#endTrial();
  }

  #search(): void {
    this.#state = 'trying';
    this.#tried = new Set(this.#address === null ? [] : [this.#address]);
    void this.#lookUp();
  }

  async #lookUp(): Promise<void> {
    if (this.#isLookingUp) return;
    this.#isLookingUp = true;
    let [addresses, error]: [readonly string[], string | null] = [this.#addresses, null];
    try {
      addresses = await this.#user.resolve();
      if (addresses.length === 0) error = 'ENODATA';
    } catch (failure) {
      error = (failure as NodeJS.ErrnoException).code ?? 'EAI_FAIL';
    }
    this.#isLookingUp = false;
    if (this.#state === 'closed') return;
    const isNews = error !== this.#error || addresses.join() !== this.#addresses.join();
    this.#error = error;
    // What was found before is better than nothing.
    if (error === null) this.#addresses = addresses;
    if (this.#state === 'trying') this.#tryNext();
    if (isNews) this.#user.lookedUp(this.last);
  }

  /** Asks the first address that was not tried yet, or else the one that is asked already, if it is still one. */
  #tryNext(): void {
    const untried = this.#addresses.find((address) => !this.#tried.has(address));
    const stays = this.#address !== null && this.#addresses.includes(this.#address);
    const next = untried ?? (stays ? this.#address : (this.#addresses[0] ?? null));
    if (next !== null) this.#tried.add(next);
    this.#timer = this.#user.timers.setTimeout(() => this.#trialEnded(), this.#trial);
    this.#timer.unref();
    if (next === this.#address) return;
    this.#address = next;
    this.#user.changed();
  }

  #endTrial(): void {
    if (this.#timer !== null) this.#user.timers.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #trialEnded(): void {
    if (this.#error === null && this.#addresses.some((address) => !this.#tried.has(address))) {
      this.#tryNext();
      return;
    }
    this.#trial = Math.min(2 * this.#trial, LONGEST_TRIAL);
    // The one that is asked is not asked anew, unless it is the only one.
    this.#search();
  }
}
