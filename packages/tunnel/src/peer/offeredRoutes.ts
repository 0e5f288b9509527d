import { formatPrefix, isIPv6LinkLocal, isIPv6Multicast, isIPv6Routable } from '@6bed4/codec';
import type { NdOption, RouterAdvertisement } from '@6bed4/nd';
import { MAX_ROUTES } from '../defaults.js';
import { INFINITE_LIFETIME } from '../specification.js';
import { DISTANT_FUTURE } from '../time.js';

const MILLISECONDS_PER_SECOND = 1000;
/** Shortest prefixes that are all multicast, all link-local, or all of ::/80. */
const MULTICAST_BITS = 8;
const LINK_LOCAL_BITS = 10;
const UNROUTABLE_BITS = 80;

/**
 * The routes that one advertisement offers, each until its lifetime has ended: prefixes that are neither
 * on-link nor autonomous (as deployed routers offer them) and Route Information (RFC 4191 §2.3, draft-04
 * §3.2). Of options about the same route, the last counts. At most 32.
 */
export class OfferedRoutes {
  /** Seconds by route as text; 0xffffffff for ever. */
  readonly #lifetimes = new Map<string, number>();
  readonly #routerLifetime: number;
  readonly #since: number;

  /** @param now - time at which the advertisement came, in milliseconds */
  constructor(advertisement: RouterAdvertisement, now: number) {
    this.#since = now;
    this.#routerLifetime = advertisement.routerLifetime;
    for (const option of advertisement.options) this.#read(option);
  }

  /** The same for the same offers, whenever they came. */
  get text(): string {
    return JSON.stringify([this.#routerLifetime, ...this.#lifetimes]);
  }

  /** The routes that are left at `now`, as `address/length`. */
  at(now: number): string[] {
    return [...this.#lifetimes.keys()].filter(
      (route) => this.#endOf(this.#lifetimes.get(route)!) > now,
    );
  }

  /** Whether the router still is a default router at `now` (RFC 4861 §6.3.4). */
  isDefaultRouter(now: number): boolean {
    return this.#endOf(this.#routerLifetime) > now;
  }

  /** The time after `now` at which the next lifetime ends, in milliseconds; `Infinity` for never. */
  nextEnd(now: number): number {
    const ends = [this.#routerLifetime, ...this.#lifetimes.values()].map((seconds) =>
      this.#endOf(seconds),
    );
    return Math.min(...ends.filter((end) => end > now));
  }

  #read(option: NdOption): void {
    let lifetime: number;
    if (option.type === 'prefix-information' && !option.onLink && !option.autonomous) {
      // A default router that is none offers no default route; Route Information says more than
      // the header (RFC 4191 §3.1).
      if (option.prefixLength === 0 && this.#routerLifetime === 0) return;
      lifetime = option.validLifetime;
    } else if (option.type === 'route-information') {
      lifetime = option.lifetime;
    } else return;
    const { prefix, prefixLength } = option;
    if (leadsNowhere(prefix, prefixLength)) return;
    // Bits beyond the length, which receivers must ignore (RFC 4861 §4.6.2), were cleared in parsing.
    const text = formatPrefix({ bytes: prefix, length: prefixLength });
    const lifetimes = this.#lifetimes;
    if (lifetime === 0) lifetimes.delete(text);
    else if (lifetimes.has(text) || lifetimes.size < MAX_ROUTES) lifetimes.set(text, lifetime);
  }

  #endOf(seconds: number): number {
    return seconds === INFINITE_LIFETIME
      ? DISTANT_FUTURE
      : this.#since + seconds * MILLISECONDS_PER_SECOND;
  }
}

/** Whether no router can lead to any address of a prefix (RFC 4861 §4.6.2, RFC 4291 §2.5, §2.7). */
function leadsNowhere(prefix: Uint8Array, length: number): boolean {
  return (
    (length >= MULTICAST_BITS && isIPv6Multicast(prefix)) ||
    (length >= LINK_LOCAL_BITS && isIPv6LinkLocal(prefix)) ||
    (length >= UNROUTABLE_BITS && !isIPv6Routable(prefix))
  );
}
