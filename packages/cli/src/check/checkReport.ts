import { type Endpoint, formatEndpoint } from '@6bed4/codec';
import { colors } from '../output/color.js';
import type { GatewayAnswer } from './gatewayProbe.js';
import { type MappingTimeout, RFC_TIMEOUT } from './mappingTimeout.js';
import {
  ALL_DEPENDENCES,
  type Dependence,
  possibleFilters,
  possibleMappings,
} from './natBehavior.js';
import type { NativeIPv6 } from './nativeIPv6.js';
import type { NetworkFindings } from './networkCheck.js';
import type { RouterAnswer } from './probe.js';

/** Bytes of the largest packet of the tunnel. */
const TUNNEL_MTU = 1280;
const NAME_WIDTH = 12;
/** Seconds until the first keepalive of a peer. */
const DEFAULT_KEEPALIVE = 25;

/** What a check found out, as `--json` prints it. */
export interface CheckResult {
  /** `ok`; `limited`: it works, but not everything; `failed`: no router answers. */
  readonly result: 'ok' | 'limited' | 'failed';
  /** Null where that is not known: a silent router may be at fault itself. */
  readonly udpWorks: boolean | null;
  /** The endpoint of the socket that was used, as `--listen` chose it; `0.0.0.0` for all addresses. */
  readonly local: Endpoint;
  readonly routers: readonly RouterAnswer[];
  readonly nat: {
    /** Whether there is one; null where that is not known. */
    readonly isThere: boolean | null;
    /** What is possible; all three when nothing is known, none when there is no NAT. */
    readonly mapping: readonly Dependence[];
    /** The same, of a NAT or firewall. */
    readonly filtering: readonly Dependence[];
    /** Only if it was asked for; null when the router does not relay what it takes. */
    readonly mappingTimeout?: MappingTimeout | null;
  };
  /** Bytes; 0 when none came back, null when that could not be tried. */
  readonly largestPacket: number | null;
  readonly nativeIPv6: NativeIPv6;
  /** Only if it was asked for. */
  readonly gateway?: GatewayAnswer;
}

/** What was found out beside the {@link NetworkFindings}. */
export interface FurtherFindings {
  readonly nativeIPv6: NativeIPv6;
  /** Left out unless it was asked for. */
  readonly mappingTimeout?: MappingTimeout | null;
  /** Left out unless it was asked for. */
  readonly gateway?: GatewayAnswer;
}

/** Draws conclusions from what was found. */
export function resultOf(found: NetworkFindings, further: FurtherFindings): CheckResult {
  const { local, routers, isTranslated, observations, unasked, largestPacket } = found;
  const { nativeIPv6, gateway, ...timeout } = further;
  const [one, other] = observations;
  const seen = one && other ? possibleMappings(one, other) : ALL_DEPENDENCES;
  const mapping = isTranslated === false ? [] : seen;
  const filtering = unasked === null ? ALL_DEPENDENCES : possibleFilters(unasked);
  const answers = routers.filter(({ seenAt }) => seenAt !== null);
  const isLimited =
    answers.length < routers.length ||
    gateway?.works === false ||
    (largestPacket !== null && largestPacket < TUNNEL_MTU) ||
    (mapping.length > 0 && !mapping.includes('endpoint-independent')) ||
    isForgetful(timeout.mappingTimeout);
  const works = isLimited ? 'limited' : 'ok';
  return {
    result: answers.length > 0 ? works : gateway?.works === true ? 'limited' : 'failed',
    udpWorks: answers.length === 0 ? null : true,
    local,
    routers,
    nat: { isThere: isTranslated, mapping, filtering, ...timeout },
    largestPacket,
    nativeIPv6,
    ...(gateway && { gateway }),
  };
}

/** Whether a mapping ends before the first keepalive. */
function isForgetful(timeout: MappingTimeout | null | undefined): boolean {
  return (timeout?.below ?? Number.POSITIVE_INFINITY) < DEFAULT_KEEPALIVE;
}

/** Writes the result for people. */
export function checkReport(result: CheckResult): string {
  const { routers, nat, largestPacket, nativeIPv6, gateway } = result;
  return [
    line('UDP', udpText(result)),
    ...routers.map((router) => line('router', routerText(router))),
    line('NAT', natText(result)),
    ...(nat.isThere === false ? [] : [line('mapping', mappingText(nat.mapping))]),
    line('filtering', filteringText(nat.filtering)),
    ...(nat.mappingTimeout === undefined ? [] : [line('timeout', timeoutText(nat.mappingTimeout))]),
    line('packets', packetsText(largestPacket)),
    ...(gateway === undefined ? [] : [line('gateway', gatewayText(gateway))]),
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

function natText({ nat: { isThere }, local }: CheckResult): string {
  const ours = local.address === '0.0.0.0' ? `port ${local.port}` : formatEndpoint(local);
  if (isThere === null) return `unknown, for our ${ours}`;
  return isThere
    ? `yes: the router sees another address or port than our ${ours}`
    : `none on the way from our ${ours}`;
}

function timeoutText(timeout: MappingTimeout | null): string {
  if (timeout === null) return 'unknown: the router does not relay';
  const { atLeast, below } = timeout;
  if (below === null) return `a mapping without traffic lives for ${atLeast} s at least`;
  const span = atLeast === 0 ? `in less than ${below} s` : `after ${atLeast} to ${below} s`;
  const ends = `a mapping without traffic ends ${span}`;
  if (isForgetful(timeout)) {
    const advice = `--keepalive ${Math.max(1, atLeast - 1)}`;
    return `${colors.yellow(ends)}: give peers ${advice}`;
  }
  return below > RFC_TIMEOUT ? ends : `${ends}, before the ${RFC_TIMEOUT} s of RFC 4787`;
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

function gatewayText({ gateway, endpoint, after, error }: GatewayAnswer): string {
  if (after === null || endpoint === null) {
    return `${gateway} ${colors.yellow('cannot be used')}: ${error ?? 'it does not answer'}`;
  }
  return `${gateway} gives an address after ${after.toFixed(0)} ms, at ${formatEndpoint(endpoint)}`;
}

function nativeText({ by, source, addresses }: NativeIPv6): string {
  const others = addresses.join(', ');
  if (by === 'native') return `native, from ${source}; it is preferred to the tunnel`;
  if (by === 'none') {
    return addresses.length === 0
      ? 'none but that of 6bed4'
      : `the native address ${others} without a route to the Internet`;
  }
  return addresses.length === 0
    ? `through the tunnel, from ${source}`
    : `through the tunnel, from ${source}, although there is the native address ${others}`;
}

function conclusion({ result, routers }: CheckResult): string {
  if (result === 'ok') return colors.green('6bed4 works here');
  if (result === 'limited') return colors.yellow('6bed4 works here, with the limits above');
  const ports = [...new Set(routers.map(({ router }) => router.port))].join(', ');
  return `${colors.yellow('no router answers')}: check their addresses, that they run, and that firewalls let UDP to port ${ports} and the answers pass`;
}
