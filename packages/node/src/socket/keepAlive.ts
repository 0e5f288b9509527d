/** Keeps the process alive while it has holders. */
export class KeepAlive {
  readonly #keep: () => void;
  readonly #release: () => void;
  #holders = 0;

  /** @param keep - keeps the process alive; in effect initially */
  constructor(keep: () => void, release: () => void) {
    this.#keep = keep;
    this.#release = release;
    release();
  }

  /** Makes a holder, which does not hold initially. */
  newHolder(): KeepAliveHolder {
    let isHolding = false;
    return {
      set: (holds) => {
        if (holds === isHolding) return;
        isHolding = holds;
        if (holds && this.#holders++ === 0) this.#keep();
        if (!holds && --this.#holders === 0) this.#release();
      },
    };
  }
}

/** One of those that may keep the process alive. */
export interface KeepAliveHolder {
  set(holds: boolean): void;
}
