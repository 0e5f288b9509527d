import type { AddressLayout, UdpEndpoint } from '@6bed4/codec';
import {
  buildNd,
  findOption,
  type NdOption,
  type NeighborSolicitation,
  type RouterSolicitation,
} from '@6bed4/nd';

const LINK_LAYER_LENGTH = 6;

/**
 * The options of a solicitation that its answer repeats: nonce and timestamp (draft-03 §10.1, §10.2;
 * RFC 3971 §5.3), in their order.
 */
export function echoedOptions(solicitation: NeighborSolicitation | RouterSolicitation): NdOption[] {
  return solicitation.options.filter(
    (option) => option.type === 'nonce' || option.type === 'timestamp',
  );
}

/** What a Neighbor Advertisement says about its sender. */
export interface Answerer {
  readonly layout: AddressLayout;
  /** The sender's own endpoint, for the target link-layer option. */
  readonly endpoint: Readonly<UdpEndpoint>;
  /** The R flag (RFC 4861 §4.4). */
  readonly router: boolean;
  /** The O flag (RFC 4861 §4.4). */
  readonly override: boolean;
  /**
   * Never answer with more bytes than the question has, so that nobody can have us send more than they
   * spent: leave the link-layer address out where the question went to one node and named none either,
   * which RFC 4861 §7.2.4 allows.
   */
  readonly brief: boolean;
}

function isBrief(solicitation: NeighborSolicitation, answerer: Answerer): boolean {
  return (
    answerer.brief &&
    solicitation.destination[0] !== 0xff &&
    findOption(solicitation.options, 'source-link-layer') === undefined
  );
}

/**
 * Builds the answer to a Neighbor Solicitation (RFC 4861 §7.2.4): its target, solicited, with the
 * sender's link-layer address, and with what {@link echoedOptions} asks for. *
 * @param source - 16 bytes; the IPv6 source of the answer
 */
export function buildNeighborAnswer(
  solicitation: NeighborSolicitation,
  source: Uint8Array,
  answerer: Answerer,
): Uint8Array {
  const echoed = echoedOptions(solicitation);
  const linkLayer = new Uint8Array(LINK_LAYER_LENGTH);
  const { address, port } = answerer.endpoint;
  answerer.layout.writeLinkLayer(linkLayer, 0, address, port);
  return buildNd({
    type: 'neighbor-advertisement',
    source,
    destination: solicitation.source,
    router: answerer.router,
    solicited: true,
    override: answerer.override,
    target: solicitation.target,
    options: isBrief(solicitation, answerer)
      ? echoed
      : [{ type: 'target-link-layer', address: linkLayer }, ...echoed],
  });
}
