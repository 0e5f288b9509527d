import { type AddressLayout, formatIPv6, parseIPv6, parsePrefix } from '@6bed4/codec';
import type { AddressLease } from '@6bed4/tunnel';

/** Arguments of an extension hook after the number of the process. */
export type HookCall = readonly string[];

/** The call that takes all offers back. */
export const TAKE_BACK: HookCall = ['del-offers'];

/** The number of the router under a prefix of a peer. */
const ROUTER_LANIP = 0;

/**
 * The calls of an extension hook that tell what the leases offer: the addresses besides the peer's own, and routes
 * by the peer's own prefix. Leases that are only there to shorten a path offer nothing.
 */
export function offersOf(leases: readonly AddressLease[], layout: AddressLayout): HookCall[] {
  return leases
    .filter(({ temporary }) => !temporary)
    .flatMap(({ address, prefix, routes }) => {
      const via = numbered(prefix, ROUTER_LANIP);
      return [
        ...(layout.hasLanip ? rangesOf(prefix, address, layout) : []),
        ...routes.map((route) => {
          const { bytes, length } = parsePrefix(route);
          return ['add-route-offer', formatIPv6(bytes), String(length), via];
        }),
      ];
    });
}

/** All numbers under a prefix but the router's and the peer's own. */
function rangesOf(prefix: string, address: string, layout: AddressLayout): HookCall[] {
  const own = layout.readLanip(parseIPv6(address), 0);
  const ranges = [
    [ROUTER_LANIP + 1, own - 1],
    [own + 1, layout.maxLanip],
  ] as const;
  return ranges
    .filter(([first, last]) => first <= last)
    .map(([first, last]) => ['add-range-offer', numbered(prefix, first), numbered(prefix, last)]);
}

/** The address of a number under a prefix of a peer. */
function numbered(prefix: string, lanip: number): string {
  const { bytes } = parsePrefix(prefix);
  bytes[14] = bytes[14]! | (lanip >>> 8);
  bytes[15] = bytes[15]! | lanip;
  return formatIPv6(bytes);
}
