import { InvalidArgumentError } from '@6bed4/codec';

/** Ports at which a computer may be reached through the tunnel. */
export interface InboundService {
  readonly protocol: 'tcp' | 'udp';
  /** 1..65535 */
  readonly first: number;
  /** Not below `first`. */
  readonly last: number;
}

/**
 * What may reach the services of this computer through its interface: anything, or only answers to what this
 * computer began, or these services besides.
 */
export type InboundPolicy = 'open' | 'established' | readonly InboundService[];

/** An element of {@link InboundPolicy} in text: `tcp:22`, `udp:5060-5061`. */
const SERVICE = /^(tcp|udp):([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?$/;
const HIGHEST_PORT = 65_535;
/** Names of interfaces that mean themselves and nothing else in rules. */
const QUOTABLE = /^[A-Za-z0-9_.-]+$/;
/** More are a range, or a job for a firewall of its own. */
const MOST_SERVICES = 64;

/**
 * Reads a policy: `open`, `established`, or services separated by commas, such as `tcp:22,udp:5060-5061`.
 *
 * @throws InvalidArgumentError
 */
export function parseInboundPolicy(text: string, field = 'inbound'): InboundPolicy {
  if (text === 'open' || text === 'established') return text;
  const services = text.split(',').map((part) => parseService(part));
  if (services.some((one) => one === null) || services.length > MOST_SERVICES) {
    const expected = `open, established, or up to ${MOST_SERVICES} services such as tcp:22,udp:5060-5061`;
    throw new InvalidArgumentError(field, JSON.stringify(text), expected);
  }
  return services as InboundService[];
}

/** The text of a policy. */
export function formatInboundPolicy(policy: InboundPolicy): string {
  if (typeof policy === 'string') return policy;
  return policy.map(({ protocol, ...ports }) => `${protocol}:${portsText(ports)}`).join(',');
}

/**
 * Rules for `nft -f` that replace those which were there, also after a crash: a table of their own, for
 * packets that come in by this interface and are for this computer. ICMPv6 errors and echo requests pass
 * (RFC 4890 §4.4). What is refused is told so, at a limited rate, so that programs do not wait.
 *
 * @param tun - name of the interface
 * @throws InvalidArgumentError for a name that rules cannot have: nft takes the last asterisk for any ending, and
 * text behind a quote for further rules
 */
export function inboundRules(tun: string, policy: Exclude<InboundPolicy, 'open'>): string {
  if (!QUOTABLE.test(tun)) {
    const expected = 'an interface of letters, digits, "_", "." and "-"';
    throw new InvalidArgumentError('inbound', JSON.stringify(tun), expected);
  }
  const services = policy === 'established' ? [] : policy;
  const accepted = services.map(({ protocol, ...ports }) => {
    return `    ${protocol} dport ${portsText(ports)} accept`;
  });
  return `${removalRules(tun)}table inet ${tableName(tun)} {
  chain input {
    type filter hook input priority filter; policy accept;
    iifname != "${tun}" accept
    ct state established,related accept
    icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request } accept
${accepted.map((line) => `${line}\n`).join('')}    limit rate 10/second burst 20 packets reject with icmpv6 type admin-prohibited
    drop
  }
}
`;
}

/** Rules that remove the table of an interface, be it there or not. */
export function removalRules(tun: string): string {
  const table = `table inet ${tableName(tun)}`;
  return `add ${table}\ndelete ${table}\n`;
}

/** Names of tables begin with a letter; other bytes than those of names are written as their code. */
function tableName(tun: string): string {
  const safe = tun.replace(/[^A-Za-z0-9_.-]/g, (byte) => `_${byte.charCodeAt(0).toString(16)}`);
  return `inbound-${safe}`;
}

function portsText({ first, last }: Omit<InboundService, 'protocol'>): string {
  return first === last ? String(first) : `${first}-${last}`;
}

function parseService(text: string): InboundService | null {
  const [, protocol, from, to = from] = SERVICE.exec(text) ?? [];
  if (protocol === undefined) return null;
  const [first, last] = [Number(from), Number(to)];
  if (last > HIGHEST_PORT || first > last) return null;
  return { protocol: protocol as 'tcp' | 'udp', first, last };
}
