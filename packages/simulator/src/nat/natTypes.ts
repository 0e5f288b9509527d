import type { NatOptions } from './behavior.js';

/** Options of well-known types of NAT, under the names of RFC 3489 §5 where it has one. */
export const natTypes = {
  /** Every remote may send to a mapping. */
  fullCone: { mapping: 'endpoint-independent', filtering: 'endpoint-independent' },
  /** Only addresses that were sent to may send back. */
  restrictedCone: { mapping: 'endpoint-independent', filtering: 'address-dependent' },
  /** Only addresses and ports that were sent to may send back; the type of most homes. */
  portRestrictedCone: {
    mapping: 'endpoint-independent',
    filtering: 'address-and-port-dependent',
  },
  /** Another random port for each remote endpoint; mobile networks and strict offices. */
  symmetric: {
    mapping: 'address-and-port-dependent',
    filtering: 'address-and-port-dependent',
    portAssignment: 'random',
  },
  /** Everything that RFC 4787 requires or recommends (REQ-1 to REQ-9, choosing REQ-8a). */
  rfc4787: {
    mapping: 'endpoint-independent',
    filtering: 'endpoint-independent',
    portAssignment: 'preservation',
    portParity: true,
    hairpinning: 'external-source',
    mappingTimeout: 300_000,
    refreshDirection: 'outbound',
  },
} as const satisfies Record<string, NatOptions>;
