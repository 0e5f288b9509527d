import type { Filter } from './filter.js';

/** An outside port of a NAT that stands for an inside endpoint. Addresses are int32. */
export interface Mapping {
  readonly insideAddress: number;
  readonly insidePort: number;
  readonly outsidePort: number;
  /** Null for a static port forwarding, which lets everybody in for ever. */
  readonly filter: Filter | null;
  /** Which remotes share it: a key of `remoteKey`. */
  readonly remotes: number;
}

/** Whether a mapping has ended. */
export function isExpired(mapping: Mapping, now: number): boolean {
  return mapping.filter?.isExpired(now) ?? false;
}
