/**
 * Reasons for not forwarding a packet. Filters return one of these numbers, 0 meaning "go on", so that
 * the data path neither allocates nor compares strings.
 */
export const Drop = {
  none: 0,
  tooShort: 1,
  rohc: 2,
  notIPv6: 3,
  lengthMismatch: 4,
  tooBig: 5,
  sourceEndpointRefused: 6,
  sourceMismatch: 7,
  sourceNotAllowed: 8,
  destinationNotAllowed: 9,
  destinationNotEndpoint: 10,
  destinationEndpointRefused: 11,
  destinationNotOurs: 12,
  loop: 13,
  hopLimitExceeded: 14,
  ndInvalid: 15,
  ndUnexpected: 16,
  advertisementRefused: 17,
  noRoute: 18,
  noListener: 19,
  rateLimited: 20,
  stopped: 21,
  noDirectPath: 22,
} as const;

/** One of the numbers in {@link Drop}. */
export type DropCode = (typeof Drop)[keyof typeof Drop];

/**
 * The names under which drops are counted, at the index that is their code inside the machines.
 *
 * - `too-short`: fewer bytes than an IPv6 header (draft-03 §6).
 * - `rohc`: a compressed frame, which nobody here decompresses (draft-03 §9).
 * - `not-ipv6`: the first nibble is neither 6 nor RoHC's (draft-03 §6).
 * - `length-mismatch`: payload length and datagram length disagree (draft-03 §6).
 * - `too-big`: larger than 1280 bytes; answered with Packet Too Big (RFC 4443 §3.2).
 * - `source-endpoint-refused`: came from an IPv4 endpoint that nobody can be at, or private space on
 *   a public router, which answers with Destination Unreachable (RFC 4443 §3.1).
 * - `source-mismatch`: the IPv6 source does not encode the endpoint it came from (draft-03 §6).
 * - `source-not-allowed`: the IPv6 source may not be used on this side (draft-04 §5.1, §4.2).
 * - `destination-not-allowed`: multicast, link-local, loopback or unspecified.
 * - `destination-not-endpoint`: a lower half that encodes no endpoint (draft-04 §5.1).
 * - `destination-endpoint-refused`: encodes an endpoint that we never send to.
 * - `destination-not-ours`: not for an address of this peer, or not under this router's /64.
 * - `loop`: would come back to its sender or to ourselves.
 * - `hop-limit-exceeded`: answered with Time Exceeded (RFC 4443 §3.3).
 * - `nd-invalid`: Neighbor Discovery that fails the checks of RFC 4861 §6.1, §7.1 or §8.1.
 * - `nd-unexpected`: valid Neighbor Discovery that is not for us to answer, or any that is fragmented or
 *   behind extension headers (RFC 6980).
 * - `advertisement-refused`: a Router Advertisement against the acceptance rules (draft-03 §4).
 * - `no-route`: nowhere to go, or nowhere that peers may; answered with Destination Unreachable (RFC 4443 §3.1).
 * - `no-listener`: for the router's own address, where nothing listens.
 * - `rate-limited`: would have been answered, but its sender solicits too often, or has sent less than the
 *   answer has.
 * - `stopped`: the machine was stopped or not yet started.
 * - `no-direct-path`: its sender wants the direct path only, and there is none (draft-04 §7.6);
 *   answered with Destination Unreachable.
 */
export const dropReasons = [
  'none',
  'too-short',
  'rohc',
  'not-ipv6',
  'length-mismatch',
  'too-big',
  'source-endpoint-refused',
  'source-mismatch',
  'source-not-allowed',
  'destination-not-allowed',
  'destination-not-endpoint',
  'destination-endpoint-refused',
  'destination-not-ours',
  'loop',
  'hop-limit-exceeded',
  'nd-invalid',
  'nd-unexpected',
  'advertisement-refused',
  'no-route',
  'no-listener',
  'rate-limited',
  'stopped',
  'no-direct-path',
] as const;

/** A name under which drops are counted; one of {@link dropReasons}. */
export type DropReason = Exclude<(typeof dropReasons)[number], 'none'>;
