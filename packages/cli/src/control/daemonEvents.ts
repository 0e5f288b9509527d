import type { EventEmitter } from 'node:events';
import { type Endpoint, formatEndpoint } from '@6bed4/codec';
import type {
  DaemonEvents,
  PeerDaemon,
  PeerDaemonEvents,
  RouterDaemon,
  RouterDaemonEvents,
} from '@6bed4/node';
import type { AddressLease } from '@6bed4/tunnel';

/**
 * What `6bed4 monitor` tells about a daemon; each with the time as ISO 8601 text. Endpoints are `A.B.C.D:port`, and
 * times milliseconds.
 */
export interface DaemonEvent {
  readonly time: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

type Emit = (event: string, fields?: object) => void;

/**
 * Tells a listener of everything that happens to a daemon.
 *
 * @returns a function that ends that
 */
export function watchDaemon(
  daemon: PeerDaemon | RouterDaemon,
  listener: (event: DaemonEvent) => void,
): () => void {
  const emit: Emit = (event, fields = {}) => {
    listener({ time: new Date().toISOString(), event, ...fields });
  };
  const ends = [
    watchCommon(daemon, emit),
    isPeer(daemon) ? watchPeer(daemon, emit) : watchRouter(daemon, emit),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function isPeer(daemon: PeerDaemon | RouterDaemon): daemon is PeerDaemon {
  return 'uplinks' in daemon;
}

function watchCommon(daemon: PeerDaemon | RouterDaemon, emit: Emit): () => void {
  return listen<DaemonEvents>(daemon as unknown as EventEmitter<DaemonEvents>, {
    interface: ({ name, missing, disputed, restorations }) => {
      emit('interface', { tun: name, missing, disputed, restorations });
    },
    warning: ({ code, message }) => emit('warning', { code, message }),
    error: ({ code, message }) => emit('error', { code, message }),
    close: () => emit('closed'),
  });
}

function watchRouter(router: RouterDaemon, emit: Emit): () => void {
  return listen<RouterDaemonEvents>(router, {
    draining: (isDraining) => emit(isDraining ? 'draining' : 'resumed'),
  });
}

function watchPeer(peer: PeerDaemon, emit: Emit): () => void {
  return listen<PeerDaemonEvents>(peer, {
    address: (lease, previous) => {
      emit('address', { ...leaseFields(lease), previous: previous?.address ?? null });
    },
    'address-lost': (lease) => emit('address-lost', leaseFields(lease)),
    uplink: ({ gateway, publicEndpoint }) => {
      const at = publicEndpoint === null ? null : formatEndpoint(publicEndpoint);
      emit('uplink', { gateway, public: at });
    },
    'gateway-failed': ({ url, code, reason }) => {
      emit('gateway-failed', { gateway: url, code, reason });
    },
    'router-unreachable': ({ router, attempts }) => {
      emit('router-unreachable', { router: formatEndpoint(router), attempts });
    },
    'router-reachable': ({ router }) => {
      emit('router-reachable', { router: formatEndpoint(router) });
    },
    'router-lookup': ({ name, addresses, router, error }) => {
      emit('router-lookup', { name, addresses, router: textOrNull(router), error });
    },
    'port-refused': ({ router, publicEndpoint, movedTo }) => {
      const seenAt = formatEndpoint(publicEndpoint);
      emit('port-refused', { router: formatEndpoint(router), public: seenAt, movedTo });
    },
    'no-route': ({ message }) => emit('no-route', { message }),
    path: ({ remote, direction, path, previous, endpoint, confirmedBy, roundTrip }) => {
      const where = textOrNull(endpoint);
      emit('path', {
        ...{ remote, direction, path, previous, endpoint: where, confirmedBy },
        roundTripMs: roundTrip,
      });
    },
  });
}

function leaseFields({ address, prefix, router, publicEndpoint, routes }: AddressLease): object {
  return {
    ...{ address, prefix, routes },
    router: formatEndpoint(router),
    public: textOrNull(publicEndpoint),
  };
}

function textOrNull(endpoint: Endpoint | null): string | null {
  return endpoint === null ? null : formatEndpoint(endpoint);
}

/** Listens to some events of an emitter; the function returned ends that. */
function listen<Events extends Record<keyof Events, unknown[]>>(
  emitter: EventEmitter<Events>,
  listeners: { readonly [Event in keyof Events]?: (...values: Events[Event]) => void },
): () => void {
  // Names and listeners belong together, which the compiler does not see in pairs.
  const plain = emitter as unknown as EventEmitter;
  const pairs = Object.entries(listeners) as [string, (...values: unknown[]) => void][];
  for (const [event, listener] of pairs) plain.on(event, listener);
  return () => {
    for (const [event, listener] of pairs) plain.off(event, listener);
  };
}
