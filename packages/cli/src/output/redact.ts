import { createHmac, randomBytes } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';

/** Text that may hold addresses: with ports, prefix lengths or brackets around them. It begins no word's end. */
const CANDIDATE = /(?<![0-9A-Za-z])[0-9A-Fa-f:.]*[0-9A-Fa-f](?:[:.][0-9A-Fa-f:.]*)?/g;
const PORT = /:[0-9]{1,5}$/;
/** What may stand before an address: a colon, or a word of hexadecimal letters and one, such as `bad:192.0.2.1`. */
const BEFORE = /^[A-Fa-f]*[:.]/;
/** A sentence may end behind an address. */
const PUNCTUATION = /[.:]/;
const DIGITS = 8;

/**
 * Makes a function that replaces all IPv4 and IPv6 addresses in a text by names such as `ipv4-1f2e3d4c`. An
 * address but `::`, which is nobody's, has the same name each time, which nobody can turn back into it, and another one in the next run.
 */
export function createRedaction(): (text: string) => string {
  const key = randomBytes(16);
  const nameOf = (family: string, address: string): string => {
    const digest = createHmac('sha256', key).update(address).digest('hex');
    return `${family}-${digest.slice(0, DIGITS)}`;
  };
  const redacted = (text: string): string | null => {
    if (isIPv6(text)) return nameOf('ipv6', text.toLowerCase());
    const port = PORT.exec(text)?.[0] ?? '';
    const address = text.slice(0, text.length - port.length);
    return isIPv4(address) ? nameOf('ipv4', address) + port : null;
  };
  const startRedacted = (candidate: string): string | null => {
    for (let end = candidate.length; end > 0; end--) {
      const name = redacted(candidate.slice(0, end));
      if (name !== null) return name + candidate.slice(end);
      if (!PUNCTUATION.test(candidate[end - 1]!)) break;
    }
    return null;
  };
  return (text) =>
    text.replace(CANDIDATE, (candidate) => {
      let before = '';
      for (;;) {
        const rest = candidate.slice(before.length);
        const found = startRedacted(rest);
        if (found !== null) return before + found;
        const more = BEFORE.exec(rest)?.[0] ?? '';
        if (more === '') return candidate;
        before += more;
      }
    });
}
