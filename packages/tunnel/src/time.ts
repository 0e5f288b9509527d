/** A time that never comes, in milliseconds: the deadline of what does not run. */
export const DISTANT_FUTURE = Number.POSITIVE_INFINITY;

/** A time before all others, in milliseconds: of what has not happened yet, or holds no more. */
export const DISTANT_PAST = Number.NEGATIVE_INFINITY;
