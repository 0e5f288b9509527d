const NONE = -1;
const EARLIER = 0;
const LATER = 1;
const COLUMNS = 2;
const NOTHING = new Int32Array(0);

/** Places in the order in which what is there was sent last: a list with links in columns. */
export class SendingOrder {
  #links = NOTHING;
  #oldest = NONE;
  #newest = NONE;

  /** The place that was sent before all others, or −1. */
  get oldest(): number {
    return this.#oldest;
  }

  /** The place that was sent next, or −1. */
  after(place: number): number {
    return this.#links[place * COLUMNS + LATER]!;
  }

  /** Empties the order, for places below `capacity`. */
  reset(capacity: number): void {
    if (this.#links.length !== capacity * COLUMNS) this.#links = new Int32Array(capacity * COLUMNS);
    this.#oldest = NONE;
    this.#newest = NONE;
  }

  /** Puts a place at the end. */
  add(place: number): void {
    const links = this.#links;
    links[place * COLUMNS + EARLIER] = this.#newest;
    links[place * COLUMNS + LATER] = NONE;
    if (this.#newest === NONE) this.#oldest = place;
    else links[this.#newest * COLUMNS + LATER] = place;
    this.#newest = place;
  }

  remove(place: number): void {
    const links = this.#links;
    const earlier = links[place * COLUMNS + EARLIER]!;
    const later = links[place * COLUMNS + LATER]!;
    if (earlier === NONE) this.#oldest = later;
    else links[earlier * COLUMNS + LATER] = later;
    if (later === NONE) this.#newest = earlier;
    else links[later * COLUMNS + EARLIER] = earlier;
  }
}
