import { MAX_READS } from './tunInput.js';

const Pace = { lone: 0, maybeMore: 1, burst: 2 } as const;

/**
 * The decision how many packets of the interface one turn of a loop reads. That there is no more is found out by a
 * `read` that fails, for which a lone packet would have to wait: so it is sent after one `read`, and only when the
 * very next turn brings another packet is everything read that is there. After a turn with more than one, all turns
 * do so, until one finds a single packet.
 */
export class ReadAhead {
  #pace: (typeof Pace)[keyof typeof Pace] = Pace.lone;

  /** Upper bound of packets that the turn reads. */
  get most(): number {
    return this.#pace === Pace.lone ? 1 : MAX_READS;
  }

  /** Notes the number of packets that a turn has read. */
  read(count: number): void {
    if (count > 1) this.#pace = Pace.burst;
    else this.#pace = this.#pace === Pace.lone ? Pace.maybeMore : Pace.lone;
  }

  /** Notes a turn without packets of the interface. */
  pass(): void {
    if (this.#pace === Pace.maybeMore) this.#pace = Pace.lone;
  }
}
