import { InvalidArgumentError } from '../arguments/invalidArgumentError.js';
import { parseIPv4 } from '../ipv4/ipv4.js';
import { IPV6_ADDRESS_BYTES } from './predicates.js';

const GROUPS = 8;
const GROUP = /^[0-9a-fA-F]{1,4}$/;
/** What stands for text that cannot be read. */
const NO_GROUPS: readonly number[] = [Number.NaN];

/**
 * Reads an IPv6 address in any form of RFC 4291 §2.2, without a zone.
 *
 * @param field - name to use in errors
 * @returns 16 bytes
 * @throws InvalidArgumentError
 */
export function parseIPv6(text: string, field = 'address'): Uint8Array {
  const halves = text.split('::');
  const before = readGroups(halves[0]!, halves.length === 1);
  const after = readGroups(halves[1] ?? '', true);
  // "::" stands for one group at least (§2.2 point 2).
  const missing = GROUPS - before.length - after.length;
  const fits = halves.length === 1 ? missing === 0 : halves.length === 2 && missing > 0;
  const groups = fits ? [...before, ...new Array<number>(missing).fill(0), ...after] : NO_GROUPS;
  if (groups.some(Number.isNaN)) {
    throw new InvalidArgumentError(
      field,
      JSON.stringify(text),
      'an IPv6 address such as 2001:db8::1',
    );
  }
  return Uint8Array.from(groups.flatMap((group) => [group >>> 8, group & 0xff]));
}

/**
 * The groups of a part of an address, NaN for what is none; only its last part may end in an IPv4
 * address, which takes the place of two groups.
 */
function readGroups(part: string, isLast: boolean): readonly number[] {
  if (part === '') return [];
  const texts = part.split(':');
  const embedded = isLast ? texts.length - 1 : -1;
  return texts.flatMap((text, index) => {
    if (index === embedded && text.includes('.')) return readEmbedded(text);
    return GROUP.test(text) ? Number.parseInt(text, 16) : NO_GROUPS;
  });
}

function readEmbedded(text: string): readonly number[] {
  try {
    const address = parseIPv4(text);
    return [address >>> 16, address & 0xffff];
  } catch {
    return NO_GROUPS;
  }
}

/**
 * Writes the IPv6 address at `offset` in the form of RFC 5952.
 *
 * @throws InvalidArgumentError when fewer than 16 bytes are there
 */
export function formatIPv6(bytes: Uint8Array, offset = 0): string {
  const address = bytes.subarray(offset, offset + IPV6_ADDRESS_BYTES);
  if (address.length !== IPV6_ADDRESS_BYTES) {
    throw new InvalidArgumentError('address', `${address.length} bytes`, '16 bytes');
  }
  const groups = Array.from({ length: GROUPS }, (_, index) =>
    ((address[2 * index]! << 8) | address[2 * index + 1]!).toString(16),
  );
  const [start, length] = longestZeros(groups);
  if (start === -1) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

/**
 * Start and length of the longest run of two zero groups or more, the first of equal ones (§4.2); start -1
 * when there is none.
 */
function longestZeros(groups: readonly string[]): [start: number, length: number] {
  let longest: [number, number] = [-1, 1];
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === '0' ? length + 1 : 0;
    if (length > longest[1]) longest = [index - length + 1, length];
  }
  return longest;
}
