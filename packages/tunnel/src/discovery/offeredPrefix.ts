import type { NdOption, RouterAdvertisement } from '@6bed4/nd';

/** A Prefix Information option (RFC 4861 §4.6.2). */
export type PrefixInformation = Extract<NdOption, { type: 'prefix-information' }>;

/**
 * The prefix in an advertisement that its receiver may configure an address from: on-link,
 * autonomous and still valid (RFC 4862 §5.5.3). Where there are several, the last counts, as in the
 * deployed peers; a corrective advertisement names the retracted one first.
 *
 * @param length - bits that the dialect demands; any other length disqualifies the option
 */
export function offeredPrefix(
  advertisement: RouterAdvertisement,
  length: number,
): PrefixInformation | null {
  let offered: PrefixInformation | null = null;
  for (const option of advertisement.options) {
    if (
      option.type === 'prefix-information' &&
      option.onLink &&
      option.autonomous &&
      option.validLifetime > 0 &&
      option.prefixLength === length
    ) {
      offered = option;
    }
  }
  return offered;
}
