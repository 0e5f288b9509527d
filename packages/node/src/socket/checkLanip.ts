import { invalidType, outOfRange } from './dgramErrors.js';
import type { OwnAddresses } from './ownAddresses.js';

/** @throws ERR_OUT_OF_RANGE for a number that this dialect does not have */
export function checkLanip(
  lanip: number | undefined,
  { addresses }: { readonly addresses: Pick<OwnAddresses, 'lanip' | 'maxLanip'> },
): number {
  if (lanip === undefined) return addresses.lanip;
  const { maxLanip } = addresses;
  if (typeof lanip !== 'number') throw invalidType('options.lanip', 'of type number', lanip);
  if (!Number.isInteger(lanip) || lanip < 1 || lanip > maxLanip) {
    throw outOfRange('options.lanip', `>= 1 && <= ${maxLanip}`, lanip);
  }
  return lanip;
}
