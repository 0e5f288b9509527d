/** What waits for a time. */
export interface Timed {
  /** Milliseconds; infinite for never. */
  readonly deadline: number;
  /** The place in the queue, which the queue keeps; −1 outside. */
  heapIndex: number;
}

/** What waits, the earliest first: a binary heap, in which each knows its place. */
export class DeadlineQueue<T extends Timed> {
  readonly #heap: T[] = [];
  /** The deadlines as they were when the places were found. */
  readonly #at: number[] = [];

  /** The earliest deadline; infinite without any. */
  get next(): number {
    return this.#at[0] ?? Number.POSITIVE_INFINITY;
  }

  /** Puts one in its place by its deadline, or takes it out when that is never. */
  update(timed: T): void {
    const { deadline } = timed;
    if (deadline === Number.POSITIVE_INFINITY) {
      this.remove(timed);
      return;
    }
    if (timed.heapIndex < 0) {
      timed.heapIndex = this.#heap.length;
      this.#heap.push(timed);
      this.#at.push(deadline);
      this.#up(timed.heapIndex);
      return;
    }
    const before = this.#at[timed.heapIndex]!;
    if (before === deadline) return;
    this.#at[timed.heapIndex] = deadline;
    if (deadline < before) this.#up(timed.heapIndex);
    else this.#down(timed.heapIndex);
  }

  remove(timed: T): void {
    const index = timed.heapIndex;
    if (index < 0) return;
    timed.heapIndex = -1;
    const last = this.#heap.pop()!;
    const at = this.#at.pop()!;
    if (last === timed) return;
    this.#put(index, last, at);
    this.#up(index);
    this.#down(last.heapIndex);
  }

  /** The one that waits for the earliest time, if that has come. */
  due(now: number): T | null {
    return this.next <= now ? this.#heap[0]! : null;
  }

  #put(index: number, timed: T, at: number): void {
    this.#heap[index] = timed;
    this.#at[index] = at;
    timed.heapIndex = index;
  }

  #up(start: number): void {
    const timed = this.#heap[start]!;
    const at = this.#at[start]!;
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#at[parent]! <= at) break;
      this.#put(index, this.#heap[parent]!, this.#at[parent]!);
      index = parent;
    }
    this.#put(index, timed, at);
  }

  #down(start: number): void {
    const timed = this.#heap[start]!;
    const at = this.#at[start]!;
    const { length } = this.#heap;
    let index = start;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#at[child + 1]! < this.#at[child]!) child++;
      if (this.#at[child]! >= at) break;
      this.#put(index, this.#heap[child]!, this.#at[child]!);
      index = child;
    }
    this.#put(index, timed, at);
  }
}
