import { formatEndpoint } from '@6bed4/codec';
import type { PeerDaemon } from '@6bed4/node';
import type { AddressLease } from '@6bed4/tunnel';
import type { Logger } from 'pino';
import { logInterface } from './logInterface.js';

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
  const routers = peer.uplinks().map(({ router }) => formatEndpoint(router));
  log.debug({ routers, from: formatEndpoint(peer.endpoint) }, 'soliciting an address');
}
