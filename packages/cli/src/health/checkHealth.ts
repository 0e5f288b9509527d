import { existsSync } from 'node:fs';
import { type Endpoint, formatEndpoint, formatIPv6, parseIPv6 } from '@6bed4/codec';
import { StartError, type SystemRoute, SystemRoutes } from '@6bed4/node';
import { type FoundDaemon, statusIn } from '../control/findDaemons.js';
import { failureOf, findNamed, noneFound, onlyRouter } from '../control/namedDaemons.js';
import type { RouterStatus } from '../control/status.js';
import { dialect } from '../options/choices.js';
import { interfaceAddresses } from '../process/interfaceAddresses.js';
import { failed, type HealthCheck, type HealthReport, passed, skipped } from './healthCheck.js';
import { forwardsIPv6, hasPrefix, routeText, udpEndpoints } from './kernelState.js';
import { testTunnel } from './tunnelTest.js';

/** Milliseconds in which a daemon that is not stuck answers. */
const ANSWER_TIME = 1000;
const ANY_ADDRESS = '0.0.0.0';
const LOOPBACK = 'lo';
/** What is routed on the Internet (RFC 4291 §2.4). */
const GLOBAL_UNICAST = { prefix: '2000::', length: 3 };
const FORWARDING = 'sysctl -w net.ipv6.conf.all.forwarding=1';

/** Options of {@link checkHealth}. */
export interface HealthOptions {
  /** Interface of the router, or path of its control socket; absent for the only one. */
  readonly name?: string | undefined;
  /** IPv6 address of a host beyond the router that has to answer through the tunnel. */
  readonly ping?: string | undefined;
  /** IPv4 address that the test through the tunnel sends from. */
  readonly source?: string | undefined;
}

/**
 * Checks whether a router of this computer serves. Takes three seconds at most, also when the router is stopped.
 *
 * @throws StartError when several routers run and none is named
 */
export async function checkHealth(options: HealthOptions): Promise<HealthReport> {
  const { name } = options;
  const found = await findNamed(name, ANSWER_TIME);
  const router = onlyRouter(found);
  if (router === null) return unanswered(found, name);
  const { path, status } = router;
  const [socket, ipv6, tunnel] = await Promise.all([
    checkSocket(status),
    checkIPv6(status),
    checkTunnel(status, options),
  ]);
  const running = passed('daemon', `process ${status.pid}, version ${status.version}`);
  const drain = checkDraining(status);
  return {
    checks: [running, socket, checkInterface(status), ...ipv6, tunnel, drain],
    path,
    isFinal: drain.passed === false,
  };
}

function unanswered(found: readonly FoundDaemon[], name: string | undefined): HealthReport {
  const [first] = found;
  const other = first === undefined ? null : statusIn(first.answer);
  const problem =
    first === undefined || (name === undefined && other !== null)
      ? noneFound(name).message
      : other === null
        ? failureOf(first).message
        : `${first.name} is a ${other.role}, not a router`;
  // One that is stopped or overloaded may answer again.
  const isGone = first?.answer.kind !== 'failed';
  return { checks: [failed('daemon', problem)], path: first?.path ?? null, isFinal: isGone };
}

async function checkSocket({ endpoint }: RouterStatus): Promise<HealthCheck> {
  const text = formatEndpoint(endpoint);
  const bound = await udpEndpoints();
  if (bound !== null && !bound.has(`${endpoint.address}:${endpoint.port}`)) {
    return failed('socket', `no UDP socket of this network namespace is bound to ${text}`);
  }
  const isLocal = interfaceAddresses().some(({ address }) => address === endpoint.address);
  if (endpoint.address !== ANY_ADDRESS && !isLocal) {
    const remedy = `ip address add ${endpoint.address}/32 dev lo`;
    return failed('socket', `no interface that is up has ${endpoint.address}: ${remedy}`);
  }
  return passed('socket', text);
}

function checkInterface({ tun, interface: report }: RouterStatus): HealthCheck {
  if (tun === null) return skipped('interface', 'without an interface');
  const name = report?.name ?? tun;
  if (process.platform === 'linux' && !existsSync(`/sys/class/net/${name}`)) {
    return failed('interface', `there is no interface ${name}`);
  }
  const missing = report?.missing ?? [];
  if (missing.length === 0) return passed('interface', name);
  const parts = missing.map(({ part, reason }) => `${part} (${reason})`);
  return failed('interface', `${name} is without ${parts.join(', ')}`);
}

/** Forwarding, and the routes: both matter with an interface only. */
async function checkIPv6(status: RouterStatus): Promise<[HealthCheck, HealthCheck]> {
  const { tun } = status;
  if (tun === null) {
    const none = 'without an interface';
    return [skipped('forwarding', none), skipped('ipv6-side', none)];
  }
  const [forwards, routes] = await Promise.all([forwardsIPv6(), SystemRoutes.open()]);
  return [forwardingOf(forwards), routesOf(status, tun, routes)];
}

function forwardingOf(forwards: boolean | null): HealthCheck {
  if (forwards === null) return skipped('forwarding', 'this system does not say');
  return forwards
    ? passed('forwarding', 'on')
    : failed('forwarding', `this computer does not forward IPv6: ${FORWARDING}`);
}

function routesOf(
  { prefix, interface: report }: RouterStatus,
  tun: string,
  routes: SystemRoutes | null,
): HealthCheck {
  if (routes === null) return skipped('ipv6-side', 'this system does not say');
  const device = report?.name ?? tun;
  const served = parseIPv6(prefix.replace(/\/.*/, ''));
  // The last address of the prefix is the router's own nowhere.
  const peer = Uint8Array.from(served, (byte, index) => (index < 8 ? byte : 0xff));
  const inward = routes.deviceTo(formatIPv6(peer));
  if (inward !== device) {
    const instead = inward === null ? 'nowhere' : `by ${inward}`;
    return failed('ipv6-side', `packets to peers of ${prefix} go ${instead}, not to ${device}`);
  }
  const global = parseIPv6(GLOBAL_UNICAST.prefix);
  if (!hasPrefix(served, global, GLOBAL_UNICAST.length)) return passed('ipv6-side', prefix);
  const leadsAway = (route: SystemRoute): boolean =>
    (route.device === null || ![device, LOOPBACK].includes(route.device)) &&
    (route.length === 0 || hasPrefix(route.prefix, global, GLOBAL_UNICAST.length));
  const outward = routes.find(leadsAway);
  return outward === null
    ? failed('ipv6-side', 'there is no route to the IPv6 Internet: add a default route')
    : passed('ipv6-side', `${prefix}, and ${routeText(outward)}`);
}

async function checkTunnel(status: RouterStatus, options: HealthOptions): Promise<HealthCheck> {
  const { ping: host, source } = options;
  const start = performance.now();
  try {
    const failure = await testTunnel({
      router: reachableAt(status.endpoint),
      profile: dialect(status.dialect),
      address: status.address,
      ...{ host, source },
    });
    if (failure !== null) return failed('self-test', failure);
    return passed('self-test', `${(performance.now() - start).toFixed(0)} ms`);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return failed('self-test', error.message);
  }
}

/** Where a router that listens at all addresses is reached from this computer. */
function reachableAt({ address, port }: Endpoint): Endpoint {
  if (address !== ANY_ADDRESS) return { address, port };
  const own = interfaceAddresses().filter(({ family }) => family === 'IPv4');
  const one = own.find(({ internal }) => !internal) ?? own[0];
  return { address: one?.address ?? '127.0.0.1', port };
}

function checkDraining({ draining }: RouterStatus): HealthCheck {
  return draining
    ? failed(
        'draining',
        'it relays, and wants no more traffic: "6bed4 drain --resume" takes that back',
      )
    : passed('draining', 'no');
}
