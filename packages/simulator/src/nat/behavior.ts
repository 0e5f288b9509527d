/**
 * The remotes for which a NAT uses one mapping of an internal endpoint (RFC 4787 §4.1): all, those with
 * the same address, or those with the same address and port.
 */
export type MappingBehavior =
  | 'endpoint-independent'
  | 'address-dependent'
  | 'address-and-port-dependent';

/**
 * The remotes that may send to an internal endpoint with a mapping (RFC 4787 §5): all, those with an
 * address that it has sent to, or those with an address and port that it has sent to.
 */
export type FilteringBehavior =
  | 'endpoint-independent'
  | 'address-dependent'
  | 'address-and-port-dependent';

/**
 * The external port of a new mapping (RFC 4787 §4.2): the internal port when that is free, the next free
 * one, or any free one. Port overloading and port contiguity are not simulated.
 */
export type PortAssignment = 'preservation' | 'sequential' | 'random';

/**
 * The treatment of packets from an internal endpoint to the external address of its own NAT (RFC 4787
 * §6): they are dropped, or turned back with the internal or the external source address and port.
 */
export type HairpinningBehavior = 'off' | 'internal-source' | 'external-source';

/** The packets that refresh mappings and sessions (RFC 4787 §4.3). */
export type RefreshDirection = 'outbound' | 'both';

/** Options that a NAT and a firewall share: which remotes may send in, and for how long. */
export interface FilteringOptions {
  /** Default `address-and-port-dependent`. */
  readonly filtering?: FilteringBehavior;
  /**
   * Milliseconds without refresh after which a remote that was sent to may send in no more; default: the
   * same as `mappingTimeout`.
   */
  readonly filterTimeout?: number;
  /**
   * Milliseconds without refresh after which a mapping or session ends; default 300000 (RFC 4787 §4.3,
   * REQ-5c).
   */
  readonly mappingTimeout?: number;
  /** Default `outbound` (RFC 4787 REQ-6). */
  readonly refreshDirection?: RefreshDirection;
  /** The only IPv4 addresses that UDP passes to and from, as in strict offices; default: all. */
  readonly permits?: readonly string[];
}

/** Options of a NAT for UDP: everything that RFC 4787 distinguishes. */
export interface NatOptions extends FilteringOptions {
  /** Default `endpoint-independent`. */
  readonly mapping?: MappingBehavior;
  /** Default `preservation`; when the internal port is taken, as `sequential`. */
  readonly portAssignment?: PortAssignment;
  /** Whether odd ports get odd ones and even ports even ones (RFC 4787 §4.2.2, REQ-4); default false. */
  readonly portParity?: boolean;
  /**
   * Whether an ICMP error about a packet closes the filter that the packet opened, against RFC 4787 REQ-10;
   * here, a packet with a TTL below 8 causes one. Default false.
   */
  readonly closesOnErrors?: boolean;
  /** Default `off`. */
  readonly hairpinning?: HairpinningBehavior;
  /** The first port that `sequential` tries, 1024..65535; default 1024. */
  readonly firstPort?: number;
}

/** {@link NatOptions} with all defaults filled in. */
export type CompleteNatOptions = Required<NatOptions>;

const DEFAULT_TIMEOUT = 300_000;
const LOWEST_PORT = 1024;

/** Fills the defaults in. */
export function completeFilteringOptions(options: FilteringOptions): Required<FilteringOptions> {
  const mappingTimeout = options.mappingTimeout ?? DEFAULT_TIMEOUT;
  return {
    filtering: options.filtering ?? 'address-and-port-dependent',
    mappingTimeout,
    filterTimeout: options.filterTimeout ?? mappingTimeout,
    refreshDirection: options.refreshDirection ?? 'outbound',
    permits: options.permits ?? [],
  };
}

/** Fills the defaults in. */
export function completeNatOptions(options: NatOptions): CompleteNatOptions {
  return {
    ...completeFilteringOptions(options),
    mapping: options.mapping ?? 'endpoint-independent',
    portAssignment: options.portAssignment ?? 'preservation',
    portParity: options.portParity ?? false,
    closesOnErrors: options.closesOnErrors ?? false,
    hairpinning: options.hairpinning ?? 'off',
    firstPort: options.firstPort ?? LOWEST_PORT,
  };
}
