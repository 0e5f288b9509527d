import { lookup } from 'node:dns/promises';
import { DestinationError } from './destination.js';

/** Resolves a name to its addresses of a family, in the order in which they should be tried. */
export type ResolveName = (name: string, family: 4 | 6) => Promise<readonly string[]>;

/** Codes that say that there is no such name, or that it has no address of the family. */
const ABSENT = ['ENOTFOUND', 'ENODATA', 'EAI_NODATA', 'EAI_NONAME'];

/** Resolves by the system: files, mDNS and whatever else it asks. */
export const resolveBySystem: ResolveName = async (name, family) => {
  try {
    const found = await lookup(name, { all: true, family, verbatim: true });
    return found.map(({ address }) => address);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (ABSENT.includes(code)) return [];
    throw new DestinationError('dns-failure', `${name} cannot be resolved: ${code}`, {
      cause: error,
    });
  }
};

const LIFETIME = 30_000;
const MOST_NAMES = 1_000;
/** Addresses that are kept of a name; whoever answers for it may give thousands. */
const MOST_ADDRESSES = 16;

interface Entry {
  readonly validUntil: number;
  readonly addresses: Promise<readonly string[]>;
}

/**
 * Remembers answers, and questions that are under way, for half a minute, as browsers do: a page has many
 * connections to one host. Failures are not remembered.
 *
 * @param now - milliseconds that never go back
 */
export function remembering(
  resolve: ResolveName,
  now: () => number = () => performance.now(),
): ResolveName {
  const entries = new Map<string, Entry>();
  return (name, family) => {
    const key = `${family} ${name.toLowerCase()}`;
    const known = entries.get(key);
    if (known !== undefined && known.validUntil > now()) return known.addresses;
    const addresses = resolve(name, family).then((found) => found.slice(0, MOST_ADDRESSES));
    const entry = { validUntil: now() + LIFETIME, addresses };
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size > MOST_NAMES) entries.delete(entries.keys().next().value!);
    addresses.catch(() => {
      if (entries.get(key) === entry) entries.delete(key);
    });
    return addresses;
  };
}
