import { is6bed4Prefixed, type Profile, parseIPv6 } from '@6bed4/codec';
import { systemSource } from '@6bed4/node';
import { interfaceAddresses } from '../process/interfaceAddresses.js';

/** An address of the IPv6 Internet, for which the system is asked; nothing is sent there. */
const FAR = '2001:503:ba3e::2:30';
/** The first three bits of global unicast addresses (RFC 4291 §2.4), and where they are. */
const GLOBAL_UNICAST = 0b001;
const GLOBAL_SHIFT = 5;

/** The way on which this computer reaches the IPv6 Internet. */
export interface NativeIPv6 {
  /** What the system prefers, by its routes and its policy for source addresses (RFC 6724 §5). */
  readonly by: 'native' | 'tunnel' | 'none';
  /** The source address that the system prefers for it; null without a way. */
  readonly source: string | null;
  /** Global addresses of its interfaces that are not of 6bed4, preferred or not. */
  readonly addresses: readonly string[];
}

/** Asks the system by which address it would reach the IPv6 Internet. Nothing is sent. */
export async function findNativeIPv6(profile: Profile): Promise<NativeIPv6> {
  const is6bed4 = (address: string): boolean => is6bed4Prefixed(profile, parseIPv6(address), 0);
  const addresses = globalAddresses().filter((address) => !is6bed4(address));
  const source = (await systemSource(FAR))?.address ?? null;
  if (source === null) return { by: 'none', source, addresses };
  return { by: is6bed4(source) ? 'tunnel' : 'native', source, addresses };
}

function globalAddresses(): string[] {
  return interfaceAddresses()
    .filter(({ family, internal }) => family === 'IPv6' && !internal)
    .map(({ address }) => address)
    .filter((address) => parseIPv6(address)[0]! >> GLOBAL_SHIFT === GLOBAL_UNICAST);
}
