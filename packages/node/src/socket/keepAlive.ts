/** Keeps the process alive while it has holders. */
export class KeepAlive {
  readonly #hold: () => void;
  readonly #release: () => void;
  #holders = 0;

  /** @param hold - keeps the process alive; in effect initially */
  constructor(hold: () => void, release: () => void) {
    this.#hold = hold;
    this.#release = release;
    release();
  }

  add(): void {
    if (this.#holders++ === 0) this.#hold();
  }

  remove(): void {
    if (--this.#holders === 0) this.#release();
  }
}
