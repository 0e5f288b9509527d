import type { Endpoint } from '@6bed4/codec';
import { tryLoadLibc } from '../drivers/kernel/libc.js';
import { localSubnets } from '../drivers/udp/localSubnets.js';
import type { StartError } from '../errors.js';
import { clearInterval, setInterval } from '../realTimers.js';
import { ResumeWatch, systemUptime } from './resumeWatch.js';
import { openUnderlay, UnderlayMonitor } from './underlayMonitor.js';

/** Milliseconds between two looks at the interfaces of this computer. */
const SUBNETS_INTERVAL = 10_000;

/** The peer that a {@link HostWatch} works for. */
export interface HostWatchUser {
  /** The routers that it wants to reach. */
  routers(): readonly Endpoint[];
  /** The computer moved, or slept: solicit all routers. */
  moved(): void;
  /** There is no route to any router any more, or not yet. */
  noRoute(error: StartError): void;
  /** The computer is on these local networks; null where nobody wants to know. */
  readonly subnetsChanged: ((subnets: readonly string[]) => void) | null;
}

/** Options of a {@link HostWatch}. */
export interface HostWatchOptions {
  /** The local IPv4 address that is used; 0.0.0.0 for all. */
  readonly from: string;
  /** Name of the tunnel's own interface, which is no network that the computer is on; null for none. */
  readonly tun: string | null;
  /** The clock of the tunnel, in milliseconds. */
  readonly clock: () => number;
}

/** Notices what happens to the computer that a peer is on: it moves to another network, or sleeps. */
export class HostWatch {
  readonly #user: HostWatchUser;
  readonly #tun: string | null;
  readonly #underlay: UnderlayMonitor;
  readonly #resume: ResumeWatch;
  readonly #timer: NodeJS.Timeout | undefined;
  #subnets: readonly string[] = [];

  private constructor(
    user: HostWatchUser,
    tun: string | null,
    underlay: UnderlayMonitor,
    resume: ResumeWatch,
  ) {
    this.#user = user;
    this.#tun = tun;
    this.#underlay = underlay;
    this.#resume = resume;
    if (user.subnetsChanged === null) return;
    this.tellSubnets();
    this.#timer = setInterval(() => this.tellSubnets(), SUBNETS_INTERVAL).unref();
  }

  /** Begins to watch. */
  static async open(
    { from, tun, clock }: HostWatchOptions,
    user: HostWatchUser,
  ): Promise<HostWatch> {
    let watch: HostWatch | null = null;
    // Bun ends when a native module waits for a descriptor.
    const libc = process.versions['bun'] === undefined ? await tryLoadLibc() : null;
    const underlay = new UnderlayMonitor((onEvent) => openUnderlay(libc, from, onEvent), {
      routers: () => user.routers(),
      underlayChanged: () => user.moved(),
      noRoute: (error) => user.noRoute(error),
      somethingHappened: () => watch?.tellSubnets(),
    });
    const clocks = { monotonic: clock, elapsed: systemUptime };
    const resume = new ResumeWatch(clocks, () => underlay.resumed());
    await underlay.start();
    watch = new HostWatch(user, tun, underlay, resume);
    return watch;
  }

  /** Whether there is a route to any router. */
  get hasRoute(): boolean {
    return this.#underlay.hasRoute;
  }

  /** Tells on which local networks this computer is, when they are others than before. */
  tellSubnets(): void {
    if (this.#user.subnetsChanged === null) return;
    const subnets = localSubnets(this.#tun);
    if (subnets.join() === this.#subnets.join()) return;
    this.#subnets = subnets;
    this.#user.subnetsChanged(subnets);
  }

  /** The peer has other routers than before. */
  routersChanged(): void {
    this.#underlay.lookSoon();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#underlay.close();
    this.#resume.close();
  }
}
