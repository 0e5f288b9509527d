import { isIPv4Private, parseIPv4 } from '@6bed4/codec';
import { type FleetPlan, familiesOf } from './fleetPlan.js';

/** Ranges of AS numbers that mean nothing on the Internet, with what they are for. */
const SPECIAL_AS: readonly (readonly [first: number, last: number, use: string])[] = [
  [64_496, 64_511, 'for documentation (RFC 5398): no network has it'],
  [64_512, 65_534, 'private (RFC 6996): upstreams have to remove it from what they pass on'],
  [65_536, 65_551, 'for documentation (RFC 5398): no network has it'],
  [
    4_200_000_000,
    4_294_967_294,
    'private (RFC 6996): upstreams have to remove it from what they pass on',
  ],
];
/** The longest prefixes that networks usually take from others. */
const LONGEST_PREFIX = { 4: 24, 6: 48 } as const;

/** What an operator should know about a plan that is right as such. */
export function notesOf(plan: FleetPlan): readonly string[] {
  const notes: string[] = [];
  const families = familiesOf(plan);
  const numbers = [plan.as, ...families.flatMap(({ upstreams }) => upstreams.map(({ as }) => as))];
  for (const as of new Set(numbers)) {
    const use = SPECIAL_AS.find(([first, last]) => as >= first && as <= last)?.[2];
    if (use !== undefined) notes.push(`AS ${as} is ${use}`);
  }
  if (isIPv4Private(parseIPv4(plan.service))) {
    notes.push(`${plan.service} is a private address: peers reach it only inside of your network`);
  }
  for (const { version, announced } of families) {
    const longest = LONGEST_PREFIX[version];
    const long = announced.find((text) => Number(text.split('/')[1]) > longest);
    if (announced.some((text) => Number(text.split('/')[1]) <= longest)) continue;
    notes.push(
      `${long} goes as far as your upstreams take it: networks of others take /${longest} at most, see --announce`,
    );
  }
  for (const { upstreams, version } of families) {
    if (upstreams.length > 1) continue;
    notes.push(`there is one upstream for IPv${version}: without it this router is not reached`);
  }
  if (plan.ipv6 === null) {
    notes.push('no IPv6 prefix is announced: peers reach each other, and not the IPv6 Internet');
  }
  if (!plan.bfd) {
    notes.push(`a router that dies is noticed after the hold time, ${plan.holdTime} s`);
  }
  return notes;
}
