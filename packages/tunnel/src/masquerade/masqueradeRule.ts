import { formatIPv6, HIGHEST_PORT, InvalidArgumentError, parseIPv6 } from '@6bed4/codec';
import { NEXT_HEADER_ICMPV6, NEXT_HEADER_SCTP, NEXT_HEADER_TCP, NEXT_HEADER_UDP } from '@6bed4/nd';

/** A rule of masquerading, as its text says. */
export interface MasqueradeRule {
  /** Protocol number: of TCP, UDP, SCTP or ICMPv6. */
  readonly protocol: number;
  /** First and last port of the router's address, 1..65535; both 0 for ICMPv6. */
  readonly first: number;
  readonly last: number;
  /** Host that takes the packets, 16 bytes; null for the router's own. */
  readonly host: Uint8Array | null;
  /** What is added to a port on the way to the host. */
  readonly shift: number;
}

const PROTOCOLS: Readonly<Record<string, number>> = {
  tcp: NEXT_HEADER_TCP,
  udp: NEXT_HEADER_UDP,
  sctp: NEXT_HEADER_SCTP,
  icmp: NEXT_HEADER_ICMPV6,
};

/** `tcp:22`, `udp:5060-5061`, `icmp`, and what stands behind `=`. */
const RULE = /^(?:(tcp|udp|sctp):([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?|(icmp))(?:=(.+))?$/;
/** `[host]`, `[host]:port`, `:port`, `host`. */
const TARGET = /^(?:\[([^[\]]+)\](?::([1-9][0-9]{0,4}))?|:([1-9][0-9]{0,4})|([^[\]]+))$/;

/** The form of a rule, for those who are told that theirs has another. */
const EXPECTED =
  'PROTOCOL:PORTS or icmp, and =[HOST]:PORT unless it is this computer, such as tcp:22=[2001:db8::5]:22';

/**
 * Reads a rule of masquerading: `tcp:22=[2001:db8::5]:22`, with `tcp`, `udp` or `sctp`, a port or a range such
 * as `8000-8010`, and the host that takes the packets with its first port; or `icmp=2001:db8::5`. Without a port
 * of the host, ports stay; without a host, it is the router's own.
 *
 * @throws InvalidArgumentError
 */
export function parseMasqueradeRule(text: string, field = 'masquerade'): MasqueradeRule {
  const [, name, from = '0', to = from, icmp, target = ''] = RULE.exec(text) ?? [];
  const protocol = PROTOCOLS[name ?? icmp ?? ''];
  const first = Number(from);
  const last = Number(to);
  if (protocol === undefined || first > last) refuse(field, text);
  const [, bracketed, portBehind, portAlone, bare] = TARGET.exec(target) ?? [];
  const hostText = bracketed ?? bare;
  const portText = portBehind ?? portAlone;
  if (target !== '' && hostText === undefined && portText === undefined) refuse(field, text);
  if (icmp !== undefined && portText !== undefined) refuse(field, text);
  const host = hostText === undefined ? null : parseIPv6(hostText, field);
  const shift = portText === undefined ? 0 : Number(portText) - first;
  if (last > HIGHEST_PORT || last + shift > HIGHEST_PORT) refuse(field, text);
  return { protocol, first, last, host, shift };
}

function refuse(field: string, text: string): never {
  throw new InvalidArgumentError(field, JSON.stringify(text), EXPECTED);
}

/** The text of a rule in its shortest form. */
export function formatMasqueradeRule({
  protocol,
  first,
  last,
  host,
  shift,
}: MasqueradeRule): string {
  const name = Object.keys(PROTOCOLS).find((each) => PROTOCOLS[each] === protocol)!;
  const ports = first === last ? `${first}` : `${first}-${last}`;
  const what = protocol === NEXT_HEADER_ICMPV6 ? name : `${name}:${ports}`;
  const port = shift === 0 ? '' : `:${first + shift}`;
  if (host === null) return port === '' ? what : `${what}=${port}`;
  return `${what}=[${formatIPv6(host)}]${port}`;
}
