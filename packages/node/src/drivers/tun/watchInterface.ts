import { readAddress } from '../kernel/addressMessages.js';
import {
  RTM_DELRULE,
  RTMGRP_IPV6_IFADDR,
  RTMGRP_IPV6_IFINFO,
  RTMGRP_IPV6_ROUTE,
  RTMGRP_IPV6_RULE,
  RTMGRP_LINK,
} from '../kernel/constants.js';
import type { Libc } from '../kernel/libc.js';
import { linkIndexIn } from '../kernel/linkMessages.js';
import { NetlinkEvents } from '../kernel/netlinkEvents.js';
import type { NetlinkMessage } from '../kernel/netlinkMessages.js';
import { readRoute } from '../kernel/routingMessages.js';

/** The kernel has groups for all but address labels. */
const GROUPS =
  RTMGRP_LINK | RTMGRP_IPV6_IFINFO | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE | RTMGRP_IPV6_RULE;
/** Routes that lead to the whole Internet are at most that long; `2000::/3` is one of them. */
const DEFAULT_ROUTE_BITS = 3;

/**
 * Watches whether something about an interface changes, or about the way to the rest of the Internet.
 *
 * @param index - of the interface
 * @returns null where the system does not report changes
 */
export function watchInterface(
  libc: Libc,
  index: number,
  onChange: () => void,
): NetlinkEvents | null {
  return NetlinkEvents.open(libc, GROUPS, {
    matters: (message) => concerns(message, index),
    onMessages(isAnyOfMatter) {
      if (isAnyOfMatter) onChange();
    },
  });
}

function concerns(message: NetlinkMessage, index: number): boolean {
  if (message.type === RTM_DELRULE) return true;
  if (linkIndexIn(message) === index) return true;
  if (readAddress(message)?.interfaceIndex === index) return true;
  const route = readRoute(message);
  if (route === null) return false;
  const { interfaceIndex, destination } = route;
  return interfaceIndex === index || destination.length <= DEFAULT_ROUTE_BITS;
}
