/** The clients of each source, an IPv4 address or the /64 of an IPv6 address, and how many there may be. */
export class ClientSources<T> {
  readonly #members = new Map<string, Set<T>>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether a source has as many as it may. */
  isFull(source: string): boolean {
    return this.of(source).size >= this.#most;
  }

  /** Those of a source, the one that was added first coming first. */
  of(source: string): ReadonlySet<T> {
    return this.#members.get(source) ?? new Set();
  }

  add(source: string, member: T): void {
    const members = this.#members.get(source);
    if (members === undefined) this.#members.set(source, new Set([member]));
    else members.add(member);
  }

  delete(source: string, member: T): void {
    const members = this.#members.get(source);
    members?.delete(member);
    if (members?.size === 0) this.#members.delete(source);
  }
}
