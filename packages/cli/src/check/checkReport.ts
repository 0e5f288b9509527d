import { formatEndpoint } from '@6bed4/codec';
import { colors } from '../output/color.js';
import {
  ALL_DEPENDENCES,
  type Dependence,
  possibleFilters,
  possibleMappings,
} from './natBehavior.js';
import type { NativeIPv6 } from './nativeIPv6.js';
import type { NetworkFindings, RouterAnswer } from './networkCheck.js';

/** Bytes of the largest packet of the tunnel. */
const TUNNEL_MTU = 1280;
const NAME_WIDTH = 12;

/** What a check found out, as `--json` prints it. */
export interface CheckResult {
  /** `ok`; `limited`: it works, but not everything; `failed`: no router answers. */
  readonly result: 'ok' | 'limited' | 'failed';
  /** Null where that is not known: a silent router may be at fault itself. */
  readonly udpWorks: boolean | null;
  readonly routers: readonly RouterAnswer[];
  readonly nat: {
    /** Whether there is one; null where that is not known. */
    readonly isThere: boolean | null;
    /** What is possible; all three when nothing is known, none when there is no NAT. */
    readonly mapping: readonly Dependence[];
    /** The same, of a NAT or firewall. */
    readonly filtering: readonly Dependence[];
  };
  /** Bytes; 0 when none came back, null when that could not be tried. */
  readonly largestPacket: number | null;
  readonly nativeIPv6: NativeIPv6;
}

/** Draws conclusions from what was found. */
export function resultOf(found: NetworkFindings, nativeIPv6: NativeIPv6): CheckResult {
  const { routers, isTranslated, observations, unasked, largestPacket } = found;
  const [one, other] = observations;
  const seen = one && other ? possibleMappings(one, other) : ALL_DEPENDENCES;
  const mapping = isTranslated === false ? [] : seen;
  const filtering = unasked === null ? ALL_DEPENDENCES : possibleFilters(unasked);
  const answers = routers.filter(({ seenAt }) => seenAt !== null);
  const isLimited =
    answers.length < routers.length ||
    (largestPacket !== null && largestPacket < TUNNEL_MTU) ||
    (mapping.length > 0 && !mapping.includes('endpoint-independent'));
  const works = isLimited ? 'limited' : 'ok';
  return {
    result: answers.length === 0 ? 'failed' : works,
    udpWorks: answers.length === 0 ? null : true,
    routers,
    nat: { isThere: isTranslated, mapping, filtering },
    largestPacket,
    nativeIPv6,
  };
}

/** Writes the result for people. */
export function checkReport(result: CheckResult): string {
  const { routers, nat, largestPacket, nativeIPv6 } = result;
  return [
    line('UDP', udpText(result)),
    ...routers.map((router) => line('router', routerText(router))),
    line('NAT', natText(nat)),
    ...(nat.isThere === false ? [] : [line('mapping', mappingText(nat.mapping))]),
    line('filtering', filteringText(nat.filtering)),
    line('packets', packetsText(largestPacket)),
    line('IPv6', nativeText(nativeIPv6)),
    line('result', conclusion(result)),
  ].join('\n');
}

function line(name: string, value: string): string {
  return `${colors.dim(name.padEnd(NAME_WIDTH))}${value}`;
}

function udpText({ udpWorks }: CheckResult): string {
  return udpWorks === true ? 'gets out, and answers come back' : 'unknown: no answer came back';
}

function routerText({ router, seenAt, after, error }: RouterAnswer): string {
  const name = formatEndpoint(router);
  if (seenAt !== null) {
    return `${name} answers after ${after!.toFixed(0)} ms, and sees us at ${formatEndpoint(seenAt)}`;
  }
  return `${name} ${colors.yellow('does not answer')}${error === null ? '' : `: ${meaningOf(error)}`}`;
}

/** What a code of the system says about a router. */
function meaningOf(code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'no router runs at this port there (ECONNREFUSED)';
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return `there is no way to this address (${code})`;
    case 'EPERM':
    case 'EACCES':
      return `a firewall of this computer refuses it (${code})`;
    default:
      return code;
  }
}

function natText({ isThere }: CheckResult['nat']): string {
  if (isThere === null) return 'unknown';
  return isThere ? 'yes: the router sees another address or port than ours' : 'none on the way';
}

function isUnknown(possible: readonly Dependence[]): boolean {
  return possible.length === ALL_DEPENDENCES.length;
}

function mappingText(mapping: readonly Dependence[]): string {
  if (isUnknown(mapping)) return 'unknown: give a second --router, at another address';
  const plain = mapping.includes('endpoint-independent')
    ? mapping.length === 1
      ? 'one public port for all: direct paths are possible'
      : 'the same public port for all ports of a remote'
    : 'another public port for each remote: packets go through the router, mostly';
  return `${mapping.join(' or ')} (${plain})`;
}

function filteringText(filtering: readonly Dependence[]): string {
  if (isUnknown(filtering)) return 'unknown: give a second --router, at another address';
  const plain = filtering.includes('endpoint-independent')
    ? 'lets in what nobody asked for'
    : 'lets in only what was asked for';
  return `${filtering.join(' or ')} (${plain})`;
}

function packetsText(largest: number | null): string {
  if (largest === null) return 'unknown';
  if (largest === 0) return colors.yellow('the router relays none');
  if (largest >= TUNNEL_MTU) return `of ${TUNNEL_MTU} bytes pass, the MTU of the tunnel`;
  return colors.yellow(`of ${largest} bytes pass, of ${TUNNEL_MTU} do not: fragments may be lost`);
}

function nativeText({ by, source }: NativeIPv6): string {
  if (by === 'native') return `native, from ${source}; it is preferred to the tunnel`;
  return by === 'tunnel' ? `through the tunnel, from ${source}` : 'none but that of 6bed4';
}

function conclusion({ result, routers }: CheckResult): string {
  if (result === 'ok') return colors.green('6bed4 works here');
  if (result === 'limited') return colors.yellow('6bed4 works here, with the limits above');
  const ports = [...new Set(routers.map(({ router }) => router.port))].join(', ');
  return `${colors.yellow('no router answers')}: check their addresses, that they run, and that firewalls let UDP to port ${ports} and the answers pass`;
}
