import { InvalidArgumentError } from '../arguments/invalidArgumentError.js';
import { checkInteger, HIGHEST_PORT } from '../arguments/ranges.js';
import type { UdpEndpoint } from '../ipv4/udpEndpoint.js';

/**
 * The form of an endpoint in the lower half of an IPv6 address. Every `offset` is the start
 * of the whole 16-byte address; IPv4 addresses are uint32, ports 0..65535. Nothing here allocates.
 */
export interface AddressLayout {
  readonly name: 'draft00' | 'draft01' | 'draft03';
  /** Length in bits of the on-link prefix in a Router Advertisement: 112, 64 or 114. */
  readonly prefixLength: number;
  /** Whether bits are left to the holder of an endpoint: a lanip, of which 0 names the router. */
  readonly hasLanip: boolean;
  /** Highest lanip: 65535 or 16383, or 0 where there is none. */
  readonly maxLanip: number;
  /** Whether only even ports can be expressed. */
  readonly evenPorts: boolean;
  /**
   * The bits of the lower half that name the endpoint, as two int32 words: addresses that agree in
   * these and in their upper half are held by the same node.
   */
  readonly endpointMask: readonly [number, number];

  /** Whether the lower half may not be read as an endpoint. */
  isOpaque(bytes: Uint8Array, offset: number): boolean;
  /** The IPv4 address in the lower half; without meaning when that is opaque. */
  readAddress(bytes: Uint8Array, offset: number): number;
  /** The UDP port in the lower half; without meaning when that is opaque. */
  readPort(bytes: Uint8Array, offset: number): number;
  /** Reads IPv4 address and UDP port into `into`; without meaning when the lower half is opaque. */
  readEndpoint(bytes: Uint8Array, offset: number, into: UdpEndpoint): void;
  /** The bits left to the holder; 0 where the layout has none. */
  readLanip(bytes: Uint8Array, offset: number): number;
  /** Whether the lower half is not opaque and encodes exactly this endpoint. */
  matchesEndpoint(bytes: Uint8Array, offset: number, endpoint: Readonly<UdpEndpoint>): boolean;

  /**
   * Writes the lower half, bytes 8..15.
   *
   * @throws InvalidArgumentError for a value out of range or, in draft01, an odd port
   */
  writeEndpoint(
    bytes: Uint8Array,
    offset: number,
    address: number,
    port: number,
    lanip: number,
  ): void;
  /** As {@link writeEndpoint}, without checks: a router reports an odd port so in draft01. */
  writeUnchecked(
    bytes: Uint8Array,
    offset: number,
    address: number,
    port: number,
    lanip: number,
  ): void;
  /** Whether an endpoint with this UDP port can be expressed: 1..65535, and even in draft01. */
  acceptsPort(port: number): boolean;

  /** Writes all 16 bytes of the link-local address of an endpoint. */
  writeLinkLocal(bytes: Uint8Array, offset: number, address: number, port: number): void;
  /** Writes the link-layer address of an endpoint, 6 bytes. */
  writeLinkLayer(bytes: Uint8Array, offset: number, address: number, port: number): void;
  /** The IPv4 address in a link-layer address. */
  readLinkLayerAddress(bytes: Uint8Array, offset: number): number;
  /** The UDP port in a link-layer address. */
  readLinkLayerPort(bytes: Uint8Array, offset: number): number;
}

/** @internal Whether a number is a port that a node can be at. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= HIGHEST_PORT;
}

const HIGHEST_ADDRESS = 0xffff_ffff;

/** @internal Checks what {@link AddressLayout.writeEndpoint} is given. */
export function checkEndpoint(
  layout: AddressLayout,
  address: number,
  port: number,
  lanip: number,
): void {
  if (!Number.isInteger(address) || address < 0 || address > HIGHEST_ADDRESS) {
    throw new InvalidArgumentError('address', String(address), 'an IPv4 address as uint32');
  }
  if (!layout.acceptsPort(port)) {
    throw new InvalidArgumentError(
      'port',
      String(port),
      `an ${layout.evenPorts ? 'even ' : ''}integer from 1 to ${HIGHEST_PORT}`,
    );
  }
  checkInteger('lanip', lanip, 0, layout.maxLanip);
}
