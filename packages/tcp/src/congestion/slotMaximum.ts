/** The maximum of the present and the last slot of time. */
export class SlotMaximum {
  #present = 0;
  #last = 0;

  get value(): number {
    return Math.max(this.#present, this.#last);
  }

  add(value: number): void {
    if (value > this.#present) this.#present = value;
  }

  /** A new slot begins. */
  advance(): void {
    this.#last = this.#present;
    this.#present = 0;
  }
}
