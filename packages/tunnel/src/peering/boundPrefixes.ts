import { IPV6_ADDRESS_BYTES, sameSubnetPrefix, UdpEndpoint } from '@6bed4/codec';
import { buildNd, grown, SOURCE_OFFSET } from '@6bed4/nd';
import { ALL_ROUTERS } from '../address/wellKnownAddresses.js';
import { ANSWER_WINDOW, BINDING_INTERVAL } from '../defaults.js';
import type { Offer } from '../discovery/discovery.js';
import { adaptSource } from '../packet/adaptiveSource.js';
import { Drop, type DropCode } from '../report/drop.js';
import { OUTER_HEADERS, PADDING_OPTION } from '../specification.js';
import { DISTANT_PAST } from '../time.js';
import { Nonces } from './nonce.js';
import type { OwnAddress, PeeringHost } from './peering.js';
import type { Remotes } from './remotes.js';
import { flagOf } from './trafficClassPolicy.js';

/** Bytes of an advertisement with one prefix and a nonce, so that our solicitation is worth the answer. */
const SOLICITATION_LENGTH = 96;
/** Less IPv6 header, message, nonce and the header of the option. */
const PADDING_LENGTH = SOLICITATION_LENGTH - 40 - 8 - 8 - 2;

/**
 * Local prefixes bound to a remote (draft-04 §7.7). Behind a NAT with an address-dependent mapping, a
 * remote sees us at another endpoint than our routers do, and refuses direct packets whose source
 * encodes that. It sends a Router Advertisement that says how it sees us. As anyone could forge that, the
 * remote is solicited, and only an advertisement with our nonce counts.
 *
 * Until then, packets go directly to the remote with the address it knows us by, if their sender allows
 * that their source is adapted, or chose that address.
 */
export class BoundPrefixes {
  readonly #host: PeeringHost;
  readonly #remotes: Remotes;
  readonly #isAdaptive: boolean;
  /** Our endpoint as a remote sees it, where that differs from what routers see; port 0 for none. */
  #address = new Int32Array();
  #port = new Uint16Array();
  /** Time at which the remote was last solicited for it, and the nonce of that. */
  #solicitedAt = new Float64Array();
  readonly #nonces: Nonces;
  readonly #endpoint = new UdpEndpoint();
  readonly #to = new UdpEndpoint();

  /** @param adaptive - adapt the source of packets whose sender allows that (draft-04 §7.8) */
  constructor(host: PeeringHost, remotes: Remotes, adaptive: boolean) {
    this.#isAdaptive = adaptive;
    this.#host = host;
    this.#remotes = remotes;
    this.#nonces = new Nonces(host.random);
    this.grow(remotes.capacity);
  }

  /** Makes room for slots up to `capacity`; nothing changes for those that there are. */
  grow(capacity: number): void {
    this.#address = grown(this.#address, capacity);
    this.#port = grown(this.#port, capacity);
    this.#solicitedAt = grown(this.#solicitedAt, capacity);
    this.#nonces.grow(capacity);
  }

  /** Begins with a remote, or anew with it after our network changed. */
  restart(slot: number): void {
    this.#port[slot] = 0;
    this.#solicitedAt[slot] = DISTANT_PAST;
  }

  /**
   * A remote says how it sees us.
   *
   * @param nonce - that of its advertisement, or null
   */
  offered(slot: number, offer: Offer, nonce: Uint8Array | null, now: number): DropCode {
    const own = this.#ownAddress(slot);
    const { endpoint } = offer;
    const isUsable =
      own !== null &&
      sameSubnetPrefix(own.address, 0, offer.base, 0) &&
      this.#host.accepts(endpoint);
    if (!isUsable) return Drop.advertisementRefused;
    if (nonce === null) {
      this.#solicit(slot, own.address, now);
      return Drop.none;
    }
    const isAnswer =
      now - this.#solicitedAt[slot]! <= ANSWER_WINDOW && this.#nonces.match(slot, nonce) === 0;
    if (!isAnswer) return Drop.advertisementRefused;
    const isUsual =
      endpoint.addressBits === own.endpoint.addressBits && endpoint.port === own.endpoint.port;
    this.#address[slot] = endpoint.addressBits;
    this.#port[slot] = isUsual ? 0 : endpoint.port;
    return Drop.none;
  }

  /** Whether an address is the one under which a remote sees us, and us only it. */
  owns(slot: number, bytes: Uint8Array, at: number): boolean {
    const own = this.#ownAddress(slot);
    return (
      own !== null &&
      this.#port[slot] !== 0 &&
      sameSubnetPrefix(own.address, 0, bytes, at) &&
      this.#host.layout.matchesEndpoint(bytes, at, this.#bound(slot))
    );
  }

  /**
   * Whether a remote will find in the source of a packet the endpoint at which it sees us. Where the
   * packet allows that, its source is adapted (draft-04 §7.8). For every direct packet.
   *
   * @param wanted - the traffic class that its sender gave it
   */
  fitsSource(
    slot: number,
    wanted: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): boolean {
    if (this.#port[slot] !== 0) return this.#fitsBound(slot, wanted, bytes, offset, length);
    const at = slot * IPV6_ADDRESS_BYTES;
    return this.#host.isSourceFor(this.#remotes.addresses, at, bytes, offset + SOURCE_OFFSET);
  }

  #fitsBound(
    slot: number,
    wanted: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): boolean {
    const { layout } = this.#host;
    const bound = this.#bound(slot);
    if (layout.matchesEndpoint(bytes, offset + SOURCE_OFFSET, bound)) return true;
    return this.#isAdaptive && flagOf(wanted) && adaptSource(layout, bytes, offset, length, bound);
  }

  /** Solicits a remote from our address, so that it answers under the router of that one. */
  #solicit(slot: number, source: Uint8Array, now: number): void {
    if (now - this.#solicitedAt[slot]! < BINDING_INTERVAL) return;
    if (!this.#remotes.credit.charge(slot, SOLICITATION_LENGTH + OUTER_HEADERS)) return;
    this.#solicitedAt[slot] = now;
    this.#nonces.renew(slot);
    const solicitation = buildNd({
      type: 'router-solicitation',
      source,
      destination: ALL_ROUTERS,
      options: [
        { type: 'nonce', nonce: this.#nonces.get(slot) },
        { type: 'unknown', code: PADDING_OPTION, body: new Uint8Array(PADDING_LENGTH) },
      ],
    });
    this.#remotes.paths.readEncodedEndpoint(slot, this.#to);
    this.#host.send(this.#to, solicitation, solicitation.length, 0);
  }

  #ownAddress(slot: number): OwnAddress | null {
    return this.#host.ownAddressFor(this.#remotes.address(slot));
  }

  #bound(slot: number): UdpEndpoint {
    this.#endpoint.address = this.#address[slot]!;
    this.#endpoint.port = this.#port[slot]!;
    return this.#endpoint;
  }
}
