import {
  InvalidArgumentError,
  IPV6_ADDRESS_BYTES,
  readUint16,
  sameIPv6Address,
  UdpEndpoint,
} from '@6bed4/codec';
import { DESTINATION_OFFSET, IPV6_HEADER_LENGTH, SOURCE_OFFSET, version } from '@6bed4/nd';
import type { RouterIdentity } from '../router/identity.js';
import type { RouterOptions } from '../router/routerOptions.js';
import { IPV6_NIBBLE, ROUTER_LANIP } from '../specification.js';
import { FragmentTable } from './fragmentTable.js';
import { Mappings, NO_MAPPING } from './mappings.js';
import { Transport, writeWord } from './transport.js';

/** Where the invoking packet stands in an ICMPv6 error (RFC 4443 §3). */
const INVOKING_OFFSET = 8;

/**
 * Masquerading: hosts of the IPv6 side take packets that peers send to their router's address, and answer from it.
 * The router's address of a peer is its own with lanip 0 (draft-04 §5.2), and the /64 with zeroes where no
 * lanip exists; so it can be told from the peer's address, and nothing is kept of a conversation. Each packet
 * is rewritten in place, with its checksum updated, not computed anew: one that was wrong stays wrong.
 */
export class Masquerade {
  readonly #identity: RouterIdentity;
  readonly #mappings: Mappings;
  readonly #fragments: FragmentTable;
  readonly #packet = new Transport();
  /** The packet that an ICMPv6 error quotes. */
  readonly #quoted = new Transport();
  readonly #peer = new UdpEndpoint();
  /** The router's address of the peer at hand. */
  readonly #routerAddress = new Uint8Array(IPV6_ADDRESS_BYTES);

  /**
   * The masquerading of a router; null without rules.
   *
   * @throws InvalidArgumentError naming the rule that cannot be used, or that there is nothing behind the router
   */
  static of(
    identity: RouterIdentity,
    { masquerade: rules = [], random }: Pick<RouterOptions, 'masquerade' | 'random'>,
  ): Masquerade | null {
    if (rules.length === 0) return null;
    const mappings = new Mappings(identity, rules);
    if (identity.ipv6Side) return new Masquerade(identity, mappings, random);
    throw new InvalidArgumentError('masquerade', rules[0]!, 'no rules without an IPv6 side');
  }

  private constructor(identity: RouterIdentity, mappings: Mappings, random: () => number) {
    this.#identity = identity;
    this.#mappings = mappings;
    this.#fragments = new FragmentTable(random);
  }

  /**
   * Rewrites a packet of a peer to its router's address, if a rule is for it. Its source has passed the filter.
   *
   * @param from - where it came from
   * @param now - milliseconds
   * @returns whether it is for a host now; otherwise nothing is changed
   */
  toHost(
    bytes: Uint8Array,
    offset: number,
    length: number,
    from: Readonly<UdpEndpoint>,
    now: number,
  ): boolean {
    const packet = this.#packet;
    const destination = offset + DESTINATION_OFFSET;
    if (!this.#isPeer(bytes, offset + SOURCE_OFFSET, from)) return false;
    this.#writeRouterAddress(from);
    if (!sameIPv6Address(bytes, destination, this.#routerAddress, 0)) return false;
    if (!packet.locate(bytes, offset, offset + length)) return false;
    if (packet.isIcmpError(bytes)) return this.#errorToHost(bytes, offset, length, from);
    const mapping = packet.isLater
      ? this.#fragments.find(bytes, offset, packet.fragment, now)
      : this.#mappings.ofPort(packet.protocol, packet.destinationPort(bytes));
    if (mapping === NO_MAPPING || !isRewritable(packet, this.#mappings.shifts[mapping]!)) {
      return false;
    }
    this.#rememberFragments(bytes, offset, mapping, now);
    const growth =
      this.#writeHost(bytes, destination, mapping) +
      (packet.isLater ? 0 : packet.shiftDestinationPort(bytes, this.#mappings.shifts[mapping]!));
    packet.updateChecksum(bytes, growth);
    return true;
  }

  /**
   * Rewrites a packet of the IPv6 side to a peer, if a host that takes packets for the router's address sent it, or
   * it is an ICMPv6 error about a packet that such a host was to take. Otherwise nothing is changed.
   *
   * @param now - milliseconds
   * @returns whether anything was changed
   */
  fromHost(bytes: Uint8Array, offset: number, length: number, now: number): boolean {
    const packet = this.#packet;
    const source = offset + SOURCE_OFFSET;
    const destination = offset + DESTINATION_OFFSET;
    if (!this.#readPeer(bytes, destination) || !packet.locate(bytes, offset, offset + length)) {
      return false;
    }
    if (packet.isIcmpError(bytes)) return this.#errorFromHost(bytes, offset, length);
    const mapping = packet.isLater
      ? this.#fragments.find(bytes, offset, packet.fragment, now)
      : this.#mappings.ofHost(packet.protocol, packet.sourcePort(bytes), bytes, source);
    if (mapping === NO_MAPPING || !isRewritable(packet, this.#mappings.shifts[mapping]!)) {
      return false;
    }
    this.#rememberFragments(bytes, offset, mapping, now);
    this.#writeRouterAddress(this.#peer);
    const growth =
      writeAddress(bytes, source, this.#routerAddress, 0) +
      (packet.isLater ? 0 : packet.shiftSourcePort(bytes, -this.#mappings.shifts[mapping]!));
    packet.updateChecksum(bytes, growth);
    return true;
  }

  /** An error of a peer about a packet that a host sent: both get the host's address back. */
  #errorToHost(
    bytes: Uint8Array,
    offset: number,
    length: number,
    from: Readonly<UdpEndpoint>,
  ): boolean {
    const packet = this.#packet;
    const quoted = this.#quoted;
    const quote = packet.message + INVOKING_OFFSET;
    const quotedSource = quote + SOURCE_OFFSET;
    if (
      !this.#locateQuoted(bytes, quote, offset + length) ||
      !sameIPv6Address(bytes, quotedSource, this.#routerAddress, 0) ||
      !this.#isPeer(bytes, quote + DESTINATION_OFFSET, from)
    ) {
      return false;
    }
    const mapping = this.#mappings.ofPort(quoted.protocol, quoted.sourcePort(bytes));
    if (mapping === NO_MAPPING) return false;
    const growth =
      this.#writeHost(bytes, quotedSource, mapping) +
      quoted.shiftSourcePort(bytes, this.#mappings.shifts[mapping]!);
    const growthOfQuote = growth + quoted.updateChecksum(bytes, growth);
    packet.updateChecksum(
      bytes,
      growthOfQuote + this.#writeHost(bytes, offset + DESTINATION_OFFSET, mapping),
    );
    return true;
  }

  /**
   * An error about a packet that was rewritten to a host: its peer sent it to the router's address. The error may
   * come from any router on the way there, which keeps its address (RFC 5508 §4.2).
   */
  #errorFromHost(bytes: Uint8Array, offset: number, length: number): boolean {
    const packet = this.#packet;
    const quoted = this.#quoted;
    const quote = packet.message + INVOKING_OFFSET;
    const quotedDestination = quote + DESTINATION_OFFSET;
    const source = offset + SOURCE_OFFSET;
    if (
      !this.#locateQuoted(bytes, quote, offset + length) ||
      !sameIPv6Address(bytes, quote + SOURCE_OFFSET, bytes, offset + DESTINATION_OFFSET)
    ) {
      return false;
    }
    const port = quoted.destinationPort(bytes);
    const mapping = this.#mappings.ofHost(quoted.protocol, port, bytes, quotedDestination);
    if (mapping === NO_MAPPING) return false;
    const isOfHost = sameIPv6Address(bytes, source, bytes, quotedDestination);
    this.#writeRouterAddress(this.#peer);
    const growth =
      writeAddress(bytes, quotedDestination, this.#routerAddress, 0) +
      quoted.shiftDestinationPort(bytes, -this.#mappings.shifts[mapping]!);
    const growthOfQuote = growth + quoted.updateChecksum(bytes, growth);
    const growthOfSource = isOfHost ? writeAddress(bytes, source, this.#routerAddress, 0) : 0;
    packet.updateChecksum(bytes, growthOfQuote + growthOfSource);
    return true;
  }

  /** Finds the ports of the quoted packet, unless the error is a fragment or quotes a later one. */
  #locateQuoted(bytes: Uint8Array, quote: number, end: number): boolean {
    return (
      this.#packet.fragment < 0 &&
      quote + IPV6_HEADER_LENGTH <= end &&
      version(bytes, quote) === IPV6_NIBBLE &&
      this.#quoted.locate(bytes, quote, end) &&
      !this.#quoted.isLater
    );
  }

  #rememberFragments(bytes: Uint8Array, offset: number, mapping: number, now: number): void {
    const { isLater, hasMore, fragment } = this.#packet;
    if (hasMore && !isLater) this.#fragments.remember(bytes, offset, fragment, mapping, now);
  }

  /** Whether an address is that of the peer at an endpoint, and not its router's. */
  #isPeer(bytes: Uint8Array, address: number, endpoint: Readonly<UdpEndpoint>): boolean {
    const { layout, subnetPrefix } = this.#identity;
    return (
      subnetPrefix.contains(bytes, address) &&
      layout.matchesEndpoint(bytes, address, endpoint) &&
      (!layout.hasLanip || layout.readLanip(bytes, address) !== ROUTER_LANIP)
    );
  }

  /** Reads the endpoint of a peer's address that packets are routed to; false for peers of other routers. */
  #readPeer(bytes: Uint8Array, address: number): boolean {
    if (!this.#identity.subnetPrefix.contains(bytes, address)) return false;
    this.#identity.layout.readEndpoint(bytes, address, this.#peer);
    return true;
  }

  /** Writes the router's address of a peer to where it is at hand. */
  #writeRouterAddress(peer: Readonly<UdpEndpoint>): void {
    const { layout, subnetAnycast } = this.#identity;
    const routerAddress = this.#routerAddress;
    routerAddress.set(subnetAnycast);
    if (!layout.hasLanip) return;
    layout.writeUnchecked(routerAddress, 0, peer.addressBits, peer.port, ROUTER_LANIP);
  }

  #writeHost(bytes: Uint8Array, address: number, mapping: number): number {
    return writeAddress(bytes, address, this.#mappings.hosts, IPV6_ADDRESS_BYTES * mapping);
  }
}

/** Whether all that has to change is there: an unchanged packet is better than a broken one. */
function isRewritable(packet: Transport, shift: number): boolean {
  return packet.isLater || (packet.hasChecksum && (shift === 0 || packet.hasChangeablePorts));
}

/** Writes an address, and returns what a ones-complement sum over it grows by. */
function writeAddress(
  bytes: Uint8Array,
  address: number,
  from: Uint8Array,
  fromOffset: number,
): number {
  let growth = 0;
  for (let index = 0; index < IPV6_ADDRESS_BYTES; index += 2) {
    growth += writeWord(bytes, address + index, readUint16(from, fromOffset + index));
  }
  return growth;
}
