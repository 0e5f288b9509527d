import type { Lab } from './lab.js';
import { program } from './programs.js';

/** What the kernel of a host would do with a packet. */
export interface ChosenRoute {
  readonly device: string;
  readonly source: string;
}

/**
 * The route of a host to a destination, as the kernel chooses it.
 *
 * @param from - the address that a program is bound to
 * @returns null when there is none
 */
export async function routeTo(
  lab: Lab,
  label: string,
  destination: string,
  from?: string,
): Promise<ChosenRoute | null> {
  const words = ['ip', '-6', '-json', 'route', 'get', destination];
  const argv = from === undefined ? words : [...words, 'from', from];
  const { code, stdout } = await lab.exec(label, argv, { mayFail: true });
  if (code !== 0) return null;
  const [route] = JSON.parse(stdout) as { dev: string; prefsrc?: string; from?: string }[];
  return { device: route!.dev, source: route!.prefsrc ?? from ?? '' };
}

/** The address that a UDP socket of a program gets which connects to a destination. */
export async function sourceTowards(
  lab: Lab,
  label: string,
  destination: string,
  own = '::',
): Promise<string> {
  return (await lab.exec(label, program('udpSource', destination, own))).stdout.trim();
}

/** All IPv6 routes, rules and address labels of a host, as `ip` shows them, whether links are up or not. */
export async function routingOf(lab: Lab, label: string): Promise<string[]> {
  const shown = await Promise.all(
    ['-6 route show table all', '-6 rule', 'addrlabel'].map((words) => lab.ip(label, words)),
  );
  return shown
    .flatMap((text) => text.trimEnd().split('\n'))
    .map((line) => line.replace(' linkdown', '').trimEnd());
}
