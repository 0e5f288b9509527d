import type { Dependence } from '../nat/behavior.js';

/** What stands between one peer and the public core, as far as direct paths are concerned. */
export interface Side {
  /** What each NAT or firewall on the way does, from the peer outwards; a firewall maps nothing. */
  readonly boxes: readonly {
    /** A firewall counts as `endpoint-independent`. */
    readonly mapping: Dependence;
    readonly filtering: Dependence;
  }[];
  /** Whether UDP passes to and from routers only. */
  readonly routersOnly?: boolean;
}

/** Whether the peer is seen at one and the same endpoint by everybody, so also by its router. */
export function isStable(side: Side): boolean {
  return side.boxes.every(({ mapping }) => mapping === 'endpoint-independent');
}

/** Whether everybody may send to an endpoint that the peer has spoken from. */
export function isOpen(side: Side): boolean {
  return side.boxes.every(({ filtering }) => filtering === 'endpoint-independent');
}
