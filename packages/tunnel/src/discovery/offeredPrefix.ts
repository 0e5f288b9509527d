import { isIPv6Routable } from '@6bed4/codec';
import { copyBytes, type NdOption, type RouterAdvertisement } from '@6bed4/nd';

/** A Prefix Information option (RFC 4861 §4.6.2). */
export type PrefixInformation = Extract<NdOption, { type: 'prefix-information' }>;

const LOWER_HALF = 8;

/**
 * The prefixes in an advertisement that its receiver may configure an address from, or has to give up
 * where the valid lifetime is 0, in their order: on-link, autonomous, and not what RFC 4862 §5.5.3 (b) and
 * (c) has hosts ignore. That is a link-local prefix, and one that is preferred for longer than it is valid;
 * the former stands for all in which no node can have an address for others to reach: multicast, and ::/64
 * with the unspecified, the loopback and the IPv4-mapped addresses (RFC 4291 §2.5, §2.7).
 *
 * Rule (e) there keeps forgers from ending an address within two hours. Only advertisements that answer us
 * are read here, so it is not needed, and would keep a router from taking an address back.
 *
 * @param length - bits that the dialect demands; any other length disqualifies the option
 */
export function offeredPrefixes(
  advertisement: RouterAdvertisement,
  length: number,
): PrefixInformation[] {
  return advertisement.options.filter(
    (option): option is PrefixInformation =>
      option.type === 'prefix-information' &&
      option.onLink &&
      option.autonomous &&
      option.prefixLength === length &&
      option.preferredLifetime <= option.validLifetime &&
      isIPv6Routable(copyBytes(option.prefix).fill(0, LOWER_HALF)),
  );
}
