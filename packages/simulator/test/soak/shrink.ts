/** Runs that a search for a shorter list may take. */
const MOST_RUNS = 12;

/**
 * A shorter list that fails as well, found by leaving out one half, quarter and so on after the other.
 *
 * @param fails - whether a list fails; costly, so called a few times only
 * @param last - the index of the last one that matters
 */
export function shrink<T>(
  list: readonly T[],
  last: number,
  fails: (list: readonly T[]) => boolean,
): readonly T[] {
  let runs = 0;
  const failsStill = (candidate: readonly T[]): boolean => ++runs <= MOST_RUNS && fails(candidate);
  const alone = list.slice(last, last + 1);
  if (failsStill(alone)) return alone;
  let shortest = list;
  const upTo = list.slice(0, last + 1);
  if (upTo.length < list.length && failsStill(upTo)) shortest = upTo;
  for (let size = shortest.length >> 1; size > 0; size >>= 1) {
    for (let start = 0; start < shortest.length && runs < MOST_RUNS; ) {
      const rest = [...shortest.slice(0, start), ...shortest.slice(start + size)];
      if (rest.length > 0 && failsStill(rest)) shortest = rest;
      else start += size;
    }
  }
  return shortest;
}
