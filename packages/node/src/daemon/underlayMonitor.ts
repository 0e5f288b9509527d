import { type Endpoint, formatEndpoint } from '@6bed4/codec';
import type { Libc } from '../drivers/kernel/libc.js';
import { LinuxUnderlay } from '../drivers/udp/linuxUnderlay.js';
import { PolledUnderlay } from '../drivers/udp/polledUnderlay.js';
import type { Underlay, UnderlayListener, Ways } from '../drivers/udp/underlay.js';
import { StartError } from '../errors.js';
import { clearTimeout, now as realNow, setTimeout } from '../realTimers.js';

/** Time for which further events are awaited after one: configuring a network takes several. */
const SETTLING_TIME = 100;
/** Solicitations at once, and the time in which one more is allowed. */
const BURST = 3;
const INTERVAL = 5_000;

/** The peer that an {@link UnderlayMonitor} works for. */
export interface UnderlayUser {
  /** The routers that it wants to reach. */
  routers(): readonly Endpoint[];
  /** Its datagrams take another way than before, or one that was interrupted. */
  underlayChanged(): void;
  /** There is no way to any router any more, or not yet. */
  noRoute(error: StartError): void;
  /** Something happened, whatever it was. */
  somethingHappened(): void;
}

/**
 * Watches the IPv4 network of this computer: by the events of the kernel where it can be asked, or else by
 * looking every few seconds.
 *
 * @param from - the local address that is used; 0.0.0.0 leaves it to the system
 */
export function openUnderlay(libc: Libc | null, from: string, onEvent: UnderlayListener): Underlay {
  return (libc && LinuxUnderlay.open(libc, from, onEvent)) ?? new PolledUnderlay(from, onEvent);
}

/**
 * Notices that the computer moved to another network, without burdening anyone when networks come and go that
 * do not matter: only a change on the way to a router counts, and however many there are, they cause three
 * solicitations at once and then one every five seconds.
 */
export class UnderlayMonitor {
  readonly #user: UnderlayUser;
  readonly #underlay: Underlay;
  #ways: Ways = new Map();
  #hasRoute = true;
  /** Whether a present way was interrupted since the last look. */
  #isLoss = false;
  #isDue = false;
  #allowance = BURST;
  #countedAt = realNow();
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(open: (onEvent: UnderlayListener) => Underlay, user: UnderlayUser) {
    this.#user = user;
    this.#underlay = open((isLoss) => {
      this.#isLoss ||= isLoss;
      this.#schedule(SETTLING_TIME);
    });
  }

  /** Whether there is a way to any router. */
  get hasRoute(): boolean {
    return this.#hasRoute;
  }

  /** Looks for the first time, before there is anything to compare with. */
  async start(): Promise<void> {
    await this.#look();
  }

  /** The computer slept, so that nothing is certain. */
  resumed(): void {
    this.#isLoss = true;
    this.#schedule(0);
  }

  /** Looks again, because there are other routers. */
  lookSoon(): void {
    this.#schedule(SETTLING_TIME);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#underlay.close();
  }

  /** Looks after a time, unless that is to be earlier already. */
  #schedule(delay: number): void {
    if (this.#isClosed || (this.#timer !== null && delay > 0)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#tryLook();
    }, delay).unref();
  }

  async #tryLook(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      // The thread of the peer was too busy to answer, or has ended, which is reported elsewhere.
      if (!(error instanceof StartError)) throw error;
      this.#isDue = true;
      this.#schedule(INTERVAL);
    }
  }

  async #look(): Promise<void> {
    const isLoss = this.#isLoss;
    this.#isLoss = false;
    const ways = await this.#underlay.look(this.#user.routers());
    if (this.#isClosed) return;
    this.#user.somethingHappened();
    const before = this.#ways;
    this.#ways = ways;
    const isOther = [...ways].some(
      ([router, way]) => way !== null && before.has(router) && before.get(router) !== way,
    );
    if (isLoss || isOther) this.#isDue = true;
    this.#report();
    if (this.#isDue && this.#hasRoute) this.#tell();
  }

  #report(): void {
    const hadRoute = this.#hasRoute;
    const routers = [...this.#ways.keys()];
    this.#hasRoute = routers.length === 0 || routers.some((one) => this.#ways.get(one) !== null);
    if (!hadRoute || this.#hasRoute) return;
    this.#user.noRoute(noRouteTo(this.#user.routers()));
  }

  /** Tells the user when that is allowed again. */
  #tell(): void {
    const now = realNow();
    const earned = (now - this.#countedAt) / INTERVAL;
    this.#allowance = Math.min(BURST, this.#allowance + earned);
    this.#countedAt = now;
    if (this.#allowance < 1) {
      this.#schedule((1 - this.#allowance) * INTERVAL + 1);
      return;
    }
    this.#allowance--;
    this.#isDue = false;
    this.#user.underlayChanged();
  }
}

function noRouteTo(routers: readonly Endpoint[]): StartError {
  const names = routers.map(formatEndpoint).join(', ');
  return new StartError('ENETUNREACH', `no route to the router ${names} yet`);
}
