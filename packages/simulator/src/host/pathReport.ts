import type { PathChanged } from '@6bed4/tunnel';

/** What a peer last reported about its path to a remote, and when. */
export interface PathReport extends Omit<PathChanged, 'type'> {
  /** Milliseconds of virtual time. */
  readonly at: number;
}
