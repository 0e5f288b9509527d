/** Numbers of failed system calls, by the name of the error. */
export class ErrorCounts {
  readonly #counts = new Map<string, number>();

  count(code: string, times = 1): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + times);
  }

  snapshot(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
