import { setTimeout as delay } from 'node:timers/promises';
import { formatEndpoint } from '@6bed4/codec';
import type { PeerDaemon, RouterLookup } from '@6bed4/node';
import type { AddressLease } from '@6bed4/tunnel';
import { reachError } from '../check/reachError.js';
import type { Logger } from '../output/logger.js';
import { routersOf } from './describePeer.js';
import { lackOf, logInterface } from './logInterface.js';

/** Milliseconds without answer until it is told what to check: two solicitations are lost rarely. */
const PATIENCE = 3000;
/** Milliseconds of it in which the network may report an error. */
const LONGEST_ERROR = 1000;
const MS_PER_SECOND = 1000;

/** What the log of a peer begins with. */
export interface PeerLogStart {
  /** Fields that are logged with `ready`, too. */
  readonly fields?: object;
  /** Leases that were there before. */
  readonly leases?: readonly AddressLease[];
}

/** Logs the events of a peer. */
export function logPeer(peer: PeerDaemon, log: Logger, start: PeerLogStart = {}): void {
  let isReady = false;
  const fieldsOf = ({ address, prefix, router, publicEndpoint, routes }: AddressLease) => ({
    peer: `${address}${prefix.slice(prefix.indexOf('/'))}`,
    via: formatEndpoint(router),
    public: publicEndpoint === null ? null : formatEndpoint(publicEndpoint),
    tun: peer.tun,
    routes,
    ...lackOf(peer),
  });
  const onAddress = (lease: AddressLease, previous: AddressLease | null): void => {
    const fields = fieldsOf(lease);
    if (!isReady) log.info({ ...fields, ...start.fields }, 'ready');
    else if (previous === null) log.info(fields, 'address');
    else log.info({ ...fields, previous: previous.address }, 'address changed');
    isReady = true;
  };
  for (const lease of start.leases ?? []) onAddress(lease, null);
  peer.on('address', onAddress);
  peer.on('address-lost', (lease) => {
    log.info({ peer: lease.address, via: formatEndpoint(lease.router) }, 'address released');
  });
  logInterface(peer, log);
  peer.on('router-unreachable', ({ router, attempts }) => {
    const name = formatEndpoint(router);
    log.info({ router: name, attempts }, `no answer from router ${name}`);
  });
  peer.on('router-reachable', ({ router }) => {
    const name = formatEndpoint(router);
    log.info({ router: name }, `router ${name} answers again`);
  });
  peer.on('router-lookup', (result) => logLookup(result, log));
  peer.on('uplink', ({ gateway, publicEndpoint }) => {
    const at = publicEndpoint === null ? null : formatEndpoint(publicEndpoint);
    if (gateway === null) log.info('UDP works again and is used');
    else log.info({ gateway, public: at }, `datagrams take the gateway ${gateway}`);
  });
  peer.on('gateway-failed', ({ url, code, reason, wasOpen, retryIn }) => {
    const why = reason === '' ? String(code) : `${reason} (${code})`;
    const next = retryIn === null ? 'not trying again' : 'trying again';
    const what = wasOpen ? 'lost the gateway' : 'no connection to the gateway';
    log.info({ gateway: url, code }, `${what} ${url}: ${why}; ${next}`);
  });
  peer.on('no-route', ({ message }) => log.warn(`${message}; waiting`));
  peer.on('port-refused', ({ router, publicEndpoint, movedTo }) => {
    const fields = {
      router: formatEndpoint(router),
      public: formatEndpoint(publicEndpoint),
      movedTo,
    };
    if (movedTo === null)
      log.warn(fields, 'the router refuses this UDP port: choose another --port');
    else log.info(fields, 'the router refuses this UDP port: trying another');
  });
  if (!isReady) logAsking(peer, log);
}

function logLookup({ name, addresses, router, error }: RouterLookup, log: Logger): void {
  if (error !== null) {
    const goesOn = router === null ? 'waiting' : `going on with ${formatEndpoint(router)}`;
    log.warn({ router: name, error }, `no address of router ${name}: ${error}; ${goesOn}`);
    return;
  }
  const at = router === null ? null : formatEndpoint(router);
  log.info({ router: name, addresses, at }, `router ${name} is ${addresses.join(', ')}`);
}

/** Logs which routers are asked for an address, and after a while without answer what may be wrong. */
function logAsking(peer: PeerDaemon, log: Logger): void {
  const routers = routersOf(peer);
  const from = formatEndpoint(peer.endpoint);
  log.info({ routers, from }, `asking ${routers.join(', ')} …`);
  let isSettled = false;
  const timer = setTimeout(async () => {
    const { router } = peer.uplinks()[0] ?? {};
    // A name without an address is told of elsewhere.
    if (router === undefined) return;
    const [error] = await Promise.all([reachError(router, LONGEST_ERROR), delay(LONGEST_ERROR)]);
    if (isSettled) return;
    const attempts = Math.max(...peer.uplinks().map((uplink) => uplink.attempts));
    const seconds = PATIENCE / MS_PER_SECOND;
    log.warn(
      { routers, from, attempts, error },
      `no router has answered for ${seconds} s: check ${toCheck(error)}`,
    );
  }, PATIENCE - LONGEST_ERROR).unref();
  const settle = (): void => {
    isSettled = true;
    clearTimeout(timer);
  };
  // It goes on when the network is up; or it moves to another port, which is told as well.
  peer.once('address', settle).once('no-route', settle).once('port-refused', settle);
  peer.once('close', settle);
}

/** What to check when routers are silent, and the network reports an error for the first of them, or none. */
function toCheck(error: string | null): string {
  if (error === 'ECONNREFUSED')
    return 'the port of the router, and that it runs: its computer refuses';
  return 'the address of the router, and that firewalls let UDP to its port and the answers pass; "6bed4 check" tells more';
}
