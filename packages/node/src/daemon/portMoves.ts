/** Every second port is one that draft01 can express, unless a NAT is stubborn. */
const MOST_MOVES = 16;

/** Moves to other UDP ports (draft-01 §4.1), a limited number of times. */
export class PortMoves {
  readonly #isAllowed: boolean;
  #moves = 0;
  #isMoving = false;

  /** @param isAllowed - whether the port is not one that the user chose */
  constructor(isAllowed: boolean) {
    this.#isAllowed = isAllowed;
  }

  /** A port was accepted. */
  accepted(): void {
    this.#moves = 0;
  }

  /**
   * The port was refused.
   *
   * @param rebind - moves to another port
   * @returns whether it moved; null for nothing new: it moves already, or has given up
   * @throws what `rebind` throws
   */
  async refused(rebind: () => Promise<void>): Promise<boolean | null> {
    // All routers refuse the same port; one move is enough for them.
    if (this.#isMoving || this.#moves > MOST_MOVES) return null;
    this.#moves++;
    if (!this.#isAllowed || this.#moves > MOST_MOVES) {
      this.#moves = MOST_MOVES + 1;
      return false;
    }
    this.#isMoving = true;
    try {
      await rebind();
    } finally {
      this.#isMoving = false;
    }
    return true;
  }
}
