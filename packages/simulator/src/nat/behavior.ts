/**
 * What the outside of a NAT depends on, or whom it lets in (RFC 4787 §4.1, §5): nothing but the inside
 * endpoint, also the remote's address, or also the remote's address and port.
 */
export type Dependence =
  | 'endpoint-independent'
  | 'address-dependent'
  | 'address-and-port-dependent';

/** How a NAT chooses the port of a new mapping (RFC 4787 §4.2). */
export type PortAllocation = 'preserving' | 'sequential' | 'random';

/**
 * What a NAT does with traffic from its inside to its own outside (RFC 4787 §6): lose it, or turn it
 * back with the source it had or with the source that the outside would see.
 */
export type Hairpinning = 'off' | 'internal-source' | 'external-source';

/** When sessions and mappings are lengthened (RFC 4787 §4.3). */
export type Refresh = 'outbound' | 'both';

/** Whom a NAT or firewall lets in, and for how long. */
export interface FilteringBehaviour {
  /** Who may send to the inside (RFC 4787 §5). Default `address-and-port-dependent`. */
  readonly filtering?: Dependence;
  /**
   * Milliseconds without refresh after which a remote that was sent to is let in no more; default: the
   * same as `mappingTimeout`.
   */
  readonly filterTimeout?: number;
  /**
   * Milliseconds without refresh after which a mapping or session ends; default 300000 (RFC 4787 §4.3,
   * REQ-5c).
   */
  readonly mappingTimeout?: number;
  /** What refreshes: outbound traffic only (the default), or inbound as well (RFC 4787 REQ-6). */
  readonly refresh?: Refresh;
  /** When given, UDP passes to and from these IPv4 addresses only, as in strict offices. */
  readonly permits?: readonly string[];
}

/** Everything that RFC 4787 distinguishes about NATs for UDP. */
export interface NatBehaviour extends FilteringBehaviour {
  /** When traffic from one inside endpoint shares an outside port. Default `endpoint-independent`. */
  readonly mapping?: Dependence;
  /** Default `preserving`: the inside port when it is free, else as `sequential`. */
  readonly allocation?: PortAllocation;
  /** Whether odd ports get odd ones and even ports even ones (RFC 4787 REQ-4); default false. */
  readonly parity?: boolean;
  /** Default `off`. */
  readonly hairpinning?: Hairpinning;
  /** The first port that `sequential` tries, 1024..65535; default 1024. */
  readonly firstPort?: number;
}

/** {@link NatBehaviour} with all defaults filled in. */
export type CompleteNatBehaviour = Required<NatBehaviour>;

const DEFAULT_TIMEOUT = 300_000;
const LOWEST_PORT = 1024;

/** Fills the defaults in. */
export function completeFiltering(given: FilteringBehaviour): Required<FilteringBehaviour> {
  const mappingTimeout = given.mappingTimeout ?? DEFAULT_TIMEOUT;
  return {
    filtering: given.filtering ?? 'address-and-port-dependent',
    mappingTimeout,
    filterTimeout: given.filterTimeout ?? mappingTimeout,
    refresh: given.refresh ?? 'outbound',
    permits: given.permits ?? [],
  };
}

/** Fills the defaults in. */
export function completeNat(given: NatBehaviour): CompleteNatBehaviour {
  return {
    ...completeFiltering(given),
    mapping: given.mapping ?? 'endpoint-independent',
    allocation: given.allocation ?? 'preserving',
    parity: given.parity ?? false,
    hairpinning: given.hairpinning ?? 'off',
    firstPort: given.firstPort ?? LOWEST_PORT,
  };
}

/** Well-known combinations, under the names of RFC 3489 §5 where it has one. */
export const natKinds = {
  /** Everybody may send to a mapping. */
  fullCone: { mapping: 'endpoint-independent', filtering: 'endpoint-independent' },
  /** Only addresses that were sent to may answer. */
  restrictedCone: { mapping: 'endpoint-independent', filtering: 'address-dependent' },
  /** Only endpoints that were sent to may answer; what most homes have. */
  portRestrictedCone: {
    mapping: 'endpoint-independent',
    filtering: 'address-and-port-dependent',
  },
  /** Another random port for each remote endpoint; mobile networks and strict offices. */
  symmetric: {
    mapping: 'address-and-port-dependent',
    filtering: 'address-and-port-dependent',
    allocation: 'random',
  },
  /** Everything that RFC 4787 requires or recommends (REQ-1 to REQ-9, choosing REQ-8a). */
  rfc4787: {
    mapping: 'endpoint-independent',
    filtering: 'endpoint-independent',
    allocation: 'preserving',
    parity: true,
    hairpinning: 'external-source',
    mappingTimeout: 300_000,
    refresh: 'outbound',
  },
} as const satisfies Record<string, NatBehaviour>;
