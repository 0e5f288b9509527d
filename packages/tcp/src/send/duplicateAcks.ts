/** Duplicate acknowledgments that show loss (RFC 5681 §3.2). */
const THRESHOLD = 3;

/**
 * Loss without selective acknowledgments: three duplicates show the first one (RFC 5681 §3.2), and each
 * acknowledgment of a part of the data in recovery the next one (RFC 6582 §3.2). Each duplicate stands for a
 * segment that has left the path.
 */
export class DuplicateAcks {
  /** Bytes that the duplicates stand for. */
  arrived = 0;
  #count = 0;

  /** Whether the first segment is lost, as far as duplicates show. */
  get showsLoss(): boolean {
    return this.#count === THRESHOLD;
  }

  /** An acknowledgment that says nothing new came; `outstanding` bytes are not acknowledged. */
  add(segmentSize: number, outstanding: number): number {
    this.#count++;
    const before = this.arrived;
    this.arrived = Math.min(before + segmentSize, Math.max(0, outstanding - segmentSize));
    return this.arrived - before;
  }

  /**
   * Bytes were acknowledged in order.
   *
   * @returns those of them that no duplicate stood for
   */
  advance(acknowledged: number, segmentSize: number): number {
    this.#count = 0;
    // The one that closed the gap had not arrived before.
    const known = Math.min(this.arrived, Math.max(0, acknowledged - segmentSize));
    this.arrived -= known;
    return acknowledged - known;
  }

  clear(): void {
    this.#count = 0;
    this.arrived = 0;
  }
}
