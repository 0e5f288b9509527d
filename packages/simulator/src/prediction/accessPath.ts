import type { FilteringBehavior, MappingBehavior } from '../nat/behavior.js';

/** The middleboxes between one peer and the public core, as far as direct paths depend on them. */
export interface AccessPath {
  /** Each NAT or firewall on the way, from the peer to the core. */
  readonly middleboxes: readonly {
    /** Of a firewall: `endpoint-independent`. */
    readonly mapping: MappingBehavior;
    readonly filtering: FilteringBehavior;
    /** Whether what comes unasked makes it map an answer to another port, as on an open Linux host. */
    readonly remembersUnasked?: boolean;
  }[];
  /** Whether UDP passes to and from routers only. */
  readonly routersOnly?: boolean;
}

/** Whether every remote sees the peer at the same endpoint as its router does. */
export function hasEndpointIndependentMapping(access: AccessPath): boolean {
  return access.middleboxes.every(({ mapping }) => mapping === 'endpoint-independent');
}

/** Whether every remote may send to an endpoint that the peer has sent from. */
export function hasEndpointIndependentFiltering(access: AccessPath): boolean {
  return access.middleboxes.every(({ filtering }) => filtering === 'endpoint-independent');
}

/** Whether what comes unasked changes the endpoint at which the remote sees the peer afterwards. */
export function remembersUnasked(access: AccessPath): boolean {
  return access.middleboxes.some((middlebox) => middlebox.remembersUnasked === true);
}
