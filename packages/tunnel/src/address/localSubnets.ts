import { InvalidArgumentError, isIPv4PrivateBlock, parseIPv4 } from '@6bed4/codec';

const FORM = /^([^/]+)\/([1-9]?[0-9])$/;
const IPV4_BITS = 32;
/** Subnets longer than this have no network address and no broadcast address (RFC 3021). */
const LONGEST_WITH_BROADCAST = 30;
/** First byte of 100.64.0.0/10, which a carrier shares among its customers (RFC 6598). */
const SHARED_FIRST = 100;

interface Subnet {
  /** Of the address, as int32. */
  readonly network: number;
  /** Bits of an address that the subnet leaves to hosts. */
  readonly hostBits: number;
  readonly hasBroadcast: boolean;
}

/** The IPv4 subnets that this computer is directly connected to; none at first. */
export class LocalSubnets {
  #subnets: readonly Subnet[] = [];

  /**
   * Replaces the subnets.
   *
   * @param subnets - `A.B.C.D/length`, the address being any in the subnet
   * @throws InvalidArgumentError, with nothing replaced
   */
  set(subnets: readonly string[]): void {
    this.#subnets = subnets.map(parseSubnet);
  }

  /**
   * Whether a host with this IPv4 address, int32, can be on our local network: in one of the subnets, and
   * with an address of RFC 1918 or RFC 3927. Those of RFC 6598 never count: there, everybody is a customer
   * of the same carrier.
   */
  hasHost(address: number): boolean {
    const first = address >>> 24;
    if (first === SHARED_FIRST || !isIPv4PrivateBlock(first, (address >>> 16) & 255)) return false;
    return this.#subnets.some(({ network, hostBits, hasBroadcast }) => {
      if ((address & ~hostBits) !== network) return false;
      const host = address & hostBits;
      return !hasBroadcast || (host !== 0 && host !== hostBits);
    });
  }
}

function parseSubnet(text: string): Subnet {
  const [, address, digits] = FORM.exec(text) ?? [];
  const length = Number(digits ?? IPV4_BITS + 1);
  if (address === undefined || length > IPV4_BITS) {
    throw new InvalidArgumentError(
      'localSubnets',
      JSON.stringify(text),
      'an IPv4 subnet such as 192.168.1.0/24',
    );
  }
  const hostBits = (2 ** (IPV4_BITS - length) - 1) | 0;
  return {
    network: parseIPv4(address, 'localSubnets') & ~hostBits,
    hostBits,
    hasBroadcast: length <= LONGEST_WITH_BROADCAST,
  };
}
