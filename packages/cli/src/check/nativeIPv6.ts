import { is6bed4Prefixed, type Profile, parseIPv6 } from '@6bed4/codec';
import { systemSource } from '@6bed4/node';

/** An address of the IPv6 Internet, for which the system is asked; nothing is sent there. */
const FAR = '2001:503:ba3e::2:30';

/** The way on which this computer reaches the IPv6 Internet. */
export interface NativeIPv6 {
  readonly by: 'native' | 'tunnel' | 'none';
  /** The source address that the system prefers for it; null without a way. */
  readonly source: string | null;
}

/** Asks the system by which address it would reach the IPv6 Internet. Nothing is sent. */
export async function findNativeIPv6(profile: Profile): Promise<NativeIPv6> {
  const source = (await systemSource(FAR))?.address ?? null;
  if (source === null) return { by: 'none', source };
  const isTunnel = is6bed4Prefixed(profile, parseIPv6(source), 0);
  return { by: isTunnel ? 'tunnel' : 'native', source };
}
