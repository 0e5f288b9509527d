import { isIPv6Loopback, parseIPv6 } from '@6bed4/codec';
import { refuse } from '../options/refuse.js';

/** An option of masquerading of the C command: its letter, and its value, which is empty for `-i`. */
export type MasqueradeOption = readonly [letter: 'm' | 's' | 't' | 'u' | 'i', value: string];

const PROTOCOLS = { s: 'sctp', t: 'tcp', u: 'udp' } as const;
const LOWEST_PORT = 1;
const HIGHEST_PORT = 65_535;
/** `port`, `low:high`, and with either of both left out, to the end of all ports. */
const PORTS = /^(?:([1-9][0-9]{0,4})|([1-9][0-9]{0,4})?:([1-9][0-9]{0,4})?)$/;

/**
 * The rules, as `--masquerade` takes them, that the options of the C command mean, in their order: `-m` is for those
 * behind it, and of several for a port the first counts. Before any `-m`, and for `::1`, which no packet of an
 * interface reaches, it is the computer of the router.
 *
 * @throws InvalidArgumentError for a value that cannot be read
 */
export function masqueradeRules(options: readonly MasqueradeOption[]): string[] {
  let target = '';
  const rules: string[] = [];
  for (const [letter, value] of options) {
    if (letter === 'm') target = isIPv6Loopback(parseIPv6(value)) ? '' : `=[${value}]`;
    else if (letter === 'i') rules.push(`icmp${target}`);
    else rules.push(`${PROTOCOLS[letter]}:${portsOf(value)}${target}`);
  }
  return rules;
}

function portsOf(text: string): string {
  const found = PORTS.exec(text);
  const [, one, low, high] = found ?? [];
  const first = Number(one ?? low ?? LOWEST_PORT);
  const last = Number(one ?? high ?? HIGHEST_PORT);
  if (found === null || first > last || last > HIGHEST_PORT) {
    refuse(text, `port or port:port from ${LOWEST_PORT} to ${HIGHEST_PORT}`);
  }
  return first === last ? String(first) : `${first}-${last}`;
}
