import type { Filter } from './filter.js';

/** An external port of a NAT that stands for an internal endpoint. Addresses are int32. */
export interface Mapping {
  readonly internalAddress: number;
  readonly internalPort: number;
  readonly externalPort: number;
  /** Null for a static port forwarding, which is open to every remote and does not end. */
  readonly filter: Filter | null;
  /** The key, made by `remoteKey`, of the remotes that share it. */
  readonly remoteKey: number;
}

/** Whether a mapping has ended. */
export function isExpired(mapping: Mapping, now: number): boolean {
  return mapping.filter?.isExpired(now) ?? false;
}
