import type { Endpoint } from '@6bed4/codec';

/** How mappings, or filters, depend on the remote (RFC 4787 §4.1, §5). */
export type Dependence =
  | 'endpoint-independent'
  | 'address-dependent'
  | 'address-and-port-dependent';

/** Everything that a NAT may do; what is left when nothing is known. */
export const ALL_DEPENDENCES: readonly Dependence[] = [
  'endpoint-independent',
  'address-dependent',
  'address-and-port-dependent',
];

/** The endpoint at which a router has seen one and the same socket. */
export interface Observation {
  readonly router: Endpoint;
  readonly seenAt: Endpoint;
}

/** What happened to datagrams from a router to which the socket had sent nothing. */
export interface UnaskedDatagram {
  /** To this one it had sent. */
  readonly asked: Endpoint;
  readonly from: Endpoint;
  readonly arrived: boolean;
}

/**
 * The mappings that observations of two routers allow (RFC 4787 §4.1). Two ports of one address tell less than two
 * addresses; one observation tells nothing.
 */
export function possibleMappings(first: Observation, second: Observation): readonly Dependence[] {
  const isSame = isSameEndpoint(first.seenAt, second.seenAt);
  return possible(first.router, second.router, isSame);
}

/** The filters that the fate of datagrams that nobody asked for allows (RFC 4787 §5). */
export function possibleFilters({ asked, from, arrived }: UnaskedDatagram): readonly Dependence[] {
  return possible(asked, from, arrived);
}

/**
 * What is possible when a second remote is, or is not, treated as the first one. What depends on the address alone
 * treats two ports of one address alike.
 */
function possible(first: Endpoint, second: Endpoint, isAlike: boolean): readonly Dependence[] {
  if (isSameEndpoint(first, second)) return ALL_DEPENDENCES;
  const isSameAddress = first.address === second.address;
  return ALL_DEPENDENCES.filter((one) => {
    const treatsAlike =
      one === 'endpoint-independent' || (one === 'address-dependent' && isSameAddress);
    return treatsAlike === isAlike;
  });
}

/** Whether two endpoints are the same. */
export function isSameEndpoint(one: Endpoint, other: Endpoint): boolean {
  return one.address === other.address && one.port === other.port;
}
