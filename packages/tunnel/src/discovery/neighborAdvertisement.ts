import { type AddressLayout, isIPv6Multicast, type UdpEndpoint } from '@6bed4/codec';
import {
  buildNd,
  findOption,
  type NdOption,
  type NeighborSolicitation,
  type RouterSolicitation,
} from '@6bed4/nd';

const LINK_LAYER_LENGTH = 6;

/**
 * The options of a solicitation that its advertisement repeats: nonce and timestamp (draft-03 §10.1,
 * §10.2; RFC 3971 §5.3), in their order.
 */
export function echoedOptions(solicitation: NeighborSolicitation | RouterSolicitation): NdOption[] {
  return solicitation.options.filter(
    (option) => option.type === 'nonce' || option.type === 'timestamp',
  );
}

/** The sender of a Neighbor Advertisement, as it describes itself there. */
export interface AdvertisedNeighbor {
  readonly layout: AddressLayout;
  /** The sender's own endpoint, for the target link-layer option. */
  readonly endpoint: Readonly<UdpEndpoint>;
  /** The R flag (RFC 4861 §4.4). */
  readonly router: boolean;
  /** The O flag (RFC 4861 §4.4), which takes a link-layer address to override with (§7.2.4). */
  readonly override: boolean;
  /**
   * Never send more bytes than the solicitation has, so that nobody can have us send more than they
   * spent: leave the link-layer address out where the solicitation went to one node and named none
   * either, which RFC 4861 §7.2.4 allows.
   */
  readonly brief: boolean;
}

function isBrief(solicitation: NeighborSolicitation, sender: AdvertisedNeighbor): boolean {
  return (
    sender.brief &&
    !isIPv6Multicast(solicitation.destination) &&
    findOption(solicitation.options, 'source-link-layer') === undefined
  );
}

/**
 * Builds the Neighbor Advertisement that answers a solicitation (RFC 4861 §7.2.4): its target,
 * solicited, with the sender's link-layer address and the {@link echoedOptions}.
 *
 * @param source - 16 bytes; the IPv6 source of the advertisement
 */
export function buildSolicitedAdvertisement(
  solicitation: NeighborSolicitation,
  source: Uint8Array,
  sender: AdvertisedNeighbor,
): Uint8Array {
  const echoed = echoedOptions(solicitation);
  const brief = isBrief(solicitation, sender);
  const linkLayer = new Uint8Array(LINK_LAYER_LENGTH);
  const { address, port } = sender.endpoint;
  sender.layout.writeLinkLayer(linkLayer, 0, address, port);
  return buildNd({
    type: 'neighbor-advertisement',
    source,
    destination: solicitation.source,
    router: sender.router,
    solicited: true,
    override: sender.override && !brief,
    target: solicitation.target,
    options: brief ? echoed : [{ type: 'target-link-layer', address: linkLayer }, ...echoed],
  });
}
