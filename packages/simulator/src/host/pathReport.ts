import type { PathChanged } from '@6bed4/tunnel';

/** The last report of a peer about its path to a remote, and its time. */
export interface PathReport extends Omit<PathChanged, 'type'> {
  /** Milliseconds of virtual time. */
  readonly at: number;
}
