import type { Random } from '../time/random.js';
import type { World } from '../world/world.js';
import type { WebPath } from './webPath.js';

/** The shortest time after which TCP sends a lost segment again: that of Linux. */
const SHORTEST_TIMEOUT = 200;
/** Times are multiples of 2^-10 ms: sums with a machine's own clock then stay exact. */
const STEPS_PER_MILLISECOND = 1024;
const MS_PER_SECOND = 1000;

/** One direction of a connection: what goes in comes out once and in order, or never. */
export class WebStream {
  readonly #world: World;
  readonly #path: WebPath;
  readonly #random: Random;
  /** When everything that was sent so far has left the sender. */
  #sentAt = 0;
  #lastArrival = 0;
  /** What has arrived while the path was down. */
  readonly #held: (() => void)[] = [];
  #isDead = false;

  constructor(world: World, path: WebPath, random: Random) {
    this.#world = world;
    this.#path = path;
    this.#random = random;
  }

  /** Bytes that have not left the sender. */
  get waiting(): number {
    const milliseconds = Math.max(0, this.#sentAt - this.#world.scheduler.now);
    return milliseconds === 0
      ? 0
      : Math.ceil((milliseconds * this.#path.options.rate) / MS_PER_SECOND);
  }

  /**
   * Sends so many bytes.
   *
   * @param arrive - called when they arrive
   * @param crossings - how often the path is crossed until then; a handshake goes there and back
   */
  send(bytes: number, arrive: () => void, crossings = 1): void {
    const { scheduler } = this.#world;
    const { delay, rate, loss } = this.#path.options;
    this.#sentAt = Math.max(scheduler.now, this.#sentAt) + (bytes / rate) * MS_PER_SECOND;
    let arrival = this.#sentAt + crossings * delay;
    while (this.#random.chance(loss)) arrival += Math.max(SHORTEST_TIMEOUT, 2 * delay);
    arrival = Math.max(
      Math.ceil(arrival * STEPS_PER_MILLISECOND) / STEPS_PER_MILLISECOND,
      this.#lastArrival,
    );
    this.#lastArrival = arrival;
    scheduler.at(arrival, { happen: () => this.#arrived(arrive) });
  }

  /** Hands over what has arrived while the path was down. */
  release(): void {
    while (this.#path.isUp && this.#held.length > 0) this.#handOver(this.#held.shift()!);
  }

  /** Nothing arrives any more. */
  kill(): void {
    this.#isDead = true;
    this.#held.length = 0;
  }

  #arrived(arrive: () => void): void {
    if (this.#isDead) return;
    if (this.#path.isUp && this.#held.length === 0) this.#handOver(arrive);
    else this.#held.push(arrive);
  }

  #handOver(arrive: () => void): void {
    this.#world.isTouched = true;
    arrive();
  }
}
