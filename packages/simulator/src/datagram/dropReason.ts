/**
 * The reason why a datagram was dropped.
 *
 * - `loss`: the link lost it
 * - `mtu`: larger than the link's MTU, and the link loses fragments
 * - `ttl`: its IPv4 TTL was used up
 * - `no-route`: no node has this address, or the host left the network
 * - `no-socket`: the host has no UDP socket on this port
 * - `no-multicast`: a network without multicast, or a group that no other member joined
 * - `no-mapping`: a NAT has no mapping for this port
 * - `filter`: a NAT or firewall has a mapping or session, which does not let this remote in
 * - `hairpin`: the NAT does not turn packets to its own address back
 * - `ports`: the NAT has no port left
 * - `blocked`: a rule forbids UDP, or UDP between these two
 */
export type DropReason =
  | 'loss'
  | 'mtu'
  | 'ttl'
  | 'no-route'
  | 'no-socket'
  | 'no-multicast'
  | 'no-mapping'
  | 'filter'
  | 'hairpin'
  | 'ports'
  | 'blocked';
