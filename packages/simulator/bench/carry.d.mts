/** The result of {@link carry}. */
export interface Carried {
  /** Datagrams that reached a socket. */
  readonly delivered: number;
  readonly perSecond: number;
}

/**
 * Carries datagrams back and forth between pairs of hosts, each behind a NAT of its own: four links and
 * two translations each.
 */
export function carry(count: number): Carried;
