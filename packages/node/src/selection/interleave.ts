/**
 * Interleaves kinds of items, starting with the kind of the first, so that a kind that does not work does
 * not delay the others (RFC 8305 §4). Within a kind the order stays.
 */
export function interleave<T>(items: readonly T[], kindOf: (item: T) => unknown): T[] {
  const kinds = new Map<unknown, T[]>();
  for (const item of items) {
    const kind = kindOf(item);
    const queue = kinds.get(kind);
    if (queue === undefined) kinds.set(kind, [item]);
    else queue.push(item);
  }
  const queues = [...kinds.values()];
  const longest = Math.max(0, ...queues.map(({ length }) => length));
  return Array.from({ length: longest }, (_, round) =>
    queues.flatMap((queue) => queue.slice(round, round + 1)),
  ).flat();
}
