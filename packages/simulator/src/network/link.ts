import type { Datagram, Receiver } from '../datagram/datagram.js';
import type { Random } from '../time/random.js';
import type { World } from '../world/world.js';

/** A datagram as {@link LinkOptions.loses} sees it; valid until the call returns. */
export interface LinkDatagram {
  /** IPv4 address, int32. */
  readonly destination: number;
  readonly destinationPort: number;
  /** UDP payload; may be longer than `length`. */
  readonly bytes: Uint8Array;
  /** Bytes of payload. */
  readonly length: number;
}

/** Options of one direction of a link. */
export interface LinkOptions {
  /** One-way delay in milliseconds; default 5. */
  readonly delay?: number;
  /** Up to this many milliseconds more, evenly spread; order is kept. Default 0. */
  readonly jitter?: number;
  /** Probability that a datagram (each fragment of it) is lost, 0..1; default 0. */
  readonly loss?: number;
  /** Probability that a second copy arrives as well, 0..1; default 0. */
  readonly duplication?: number;
  /**
   * Probability that a datagram is held back, for up to `delay + jitter` milliseconds more (at least
   * one), so that later ones overtake it, 0..1; default 0.
   */
  readonly reordering?: number;
  /** Largest IPv4 packet in bytes, headers included, 68 or more (RFC 791 §3.2); default 1500. */
  readonly mtu?: number;
  /**
   * Treatment of larger packets, which are fragmented since 6bed4 never sets DF (draft-01 §5.10, §6.15):
   * `carry` them, each fragment running the risk of `loss`; or `drop` them, as many middleboxes do.
   * Default `carry`.
   */
  readonly fragments?: 'carry' | 'drop';
  /** Decides for each datagram whether it is lost, besides those lost at random; default: none is. */
  readonly loses?: (datagram: LinkDatagram) => boolean;
}

/** A link: the same both ways, or one description for each way. */
export type LinkDescription =
  | LinkOptions
  | {
      /** From the node into the network. */
      readonly up: LinkOptions;
      /** From the network to the node. */
      readonly down: LinkOptions;
    };

const DEFAULTS: Required<LinkOptions> = {
  delay: 5,
  jitter: 0,
  loss: 0,
  duplication: 0,
  reordering: 0,
  mtu: 1500,
  fragments: 'carry',
  loses: () => false,
};
const IPV4_HEADER = 20;
const LEAST_MTU = 68;
/** Fragments start at multiples of this (RFC 791 §3.1). */
const FRAGMENT_UNIT = 8;
/** Times are multiples of 2^-10 ms: sums with a machine's own clock then stay exact. */
const STEPS_PER_MILLISECOND = 1024;

/** @returns the description of one direction, complete. @throws RangeError naming the field */
export function completeLink(
  description: LinkDescription,
  direction: 'up' | 'down',
): Required<LinkOptions> {
  const options = 'up' in description ? description[direction] : description;
  const link = { ...DEFAULTS, ...options };
  for (const field of ['delay', 'jitter'] as const) {
    if (!(link[field] >= 0 && link[field] < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`link ${field}: ${link[field]}, expected milliseconds, 0 or more`);
    }
  }
  for (const field of ['loss', 'duplication', 'reordering'] as const) {
    if (!(link[field] >= 0 && link[field] <= 1)) {
      throw new RangeError(`link ${field}: ${link[field]}, expected a probability from 0 to 1`);
    }
  }
  if (!(link.mtu >= LEAST_MTU)) {
    throw new RangeError(`link mtu: ${link.mtu}, expected ${LEAST_MTU} bytes or more`);
  }
  return link;
}

/** One direction of a link: first in, first out, unless it reorders. */
export class Link {
  readonly #world: World;
  readonly #random: Random;
  readonly #node: string;
  readonly #receiver: Receiver;
  #options: Required<LinkOptions>;
  #lastArrival = 0;

  /** @param node - name of its node, for the trace */
  constructor(
    world: World,
    random: Random,
    node: string,
    receiver: Receiver,
    options: Required<LinkOptions>,
  ) {
    this.#world = world;
    this.#random = random;
    this.#node = node;
    this.#receiver = receiver;
    this.#options = options;
  }

  /** Its options. */
  get options(): Required<LinkOptions> {
    return this.#options;
  }

  /** Changes its options, for datagrams to come. */
  set options(options: Required<LinkOptions>) {
    this.#options = options;
  }

  /** Takes the datagram over, and hands it to the receiver later or drops it. */
  carry(datagram: Datagram): void {
    const { loss, mtu, fragments, duplication, loses } = this.#options;
    if (loses(datagram)) {
      this.#world.drop(this.#node, datagram, 'loss');
      return;
    }
    const pieces = datagram.size <= mtu ? 1 : this.#pieces(datagram.size, mtu);
    if (pieces > 1 && fragments === 'drop') {
      this.#world.drop(this.#node, datagram, 'mtu');
      return;
    }
    if (loss > 0) {
      for (let piece = 0; piece < pieces; piece++) {
        if (this.#random.chance(loss)) {
          this.#world.drop(this.#node, datagram, 'loss');
          return;
        }
      }
    }
    if (duplication > 0 && this.#random.chance(duplication)) {
      const copy = this.#world.pool.take();
      copy.copyFrom(datagram);
      this.#transmit(copy);
    }
    this.#transmit(datagram);
  }

  #pieces(size: number, mtu: number): number {
    const perFragment = Math.floor((mtu - IPV4_HEADER) / FRAGMENT_UNIT) * FRAGMENT_UNIT;
    return Math.ceil((size - IPV4_HEADER) / perFragment);
  }

  #transmit(datagram: Datagram): void {
    const { delay, jitter, reordering } = this.#options;
    const { scheduler } = this.#world;
    datagram.receiver = this.#receiver;
    let arrival = scheduler.now + delay;
    if (jitter > 0) arrival += this.#random.next() * jitter;
    if (reordering > 0 && this.#random.chance(reordering)) {
      arrival += this.#random.next() * Math.max(1, delay + jitter);
      scheduler.at(this.#quantize(arrival), datagram);
      return;
    }
    arrival = Math.max(this.#quantize(arrival), this.#lastArrival);
    this.#lastArrival = arrival;
    scheduler.at(arrival, datagram);
  }

  #quantize(time: number): number {
    return Math.ceil(time * STEPS_PER_MILLISECOND) / STEPS_PER_MILLISECOND;
  }
}
