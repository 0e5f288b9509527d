import { type Endpoint, formatEndpoint } from '@6bed4/codec';
import { clearInterval, setInterval } from '../../realTimers.js';
import { localSubnets } from './localSubnets.js';
import { sourceTowards } from './reachability.js';
import type { Underlay, UnderlayListener, Ways } from './underlay.js';

/** Milliseconds between two looks. */
const POLL_INTERVAL = 3_000;

/** The IPv4 network of any system, of which nothing reports changes: asks for a look every few seconds. */
export class PolledUnderlay implements Underlay {
  readonly #from: string;
  readonly #timer: NodeJS.Timeout;

  constructor(from: string, onEvent: UnderlayListener) {
    this.#from = from;
    this.#timer = setInterval(() => onEvent(false), POLL_INTERVAL).unref();
  }

  async look(routers: readonly Endpoint[]): Promise<Ways> {
    const subnets = localSubnets(null);
    const ways = routers.map(async (router) => {
      const source = await sourceTowards(router, this.#from).catch(() => null);
      // The same address in another subnet is another network.
      const subnet = subnets.find((one) => one.startsWith(`${source}/`)) ?? source;
      return [formatEndpoint(router), subnet] as const;
    });
    return new Map(await Promise.all(ways));
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
