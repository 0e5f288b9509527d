import type { Endpoint } from '@6bed4/codec';
import type { GatewayFailure } from '@6bed4/gateway';
import type {
  AddressLease,
  PathChanged,
  PortRefused,
  RouterReachable,
  RouterUnreachable,
} from '@6bed4/tunnel';
import type { StartError } from '../errors.js';
import type { DaemonEvents } from './daemon.js';
import type { RouterLookup } from './namedRouter.js';

/** A router sees this peer at a UDP port that draft01 cannot express. */
export interface PortMove extends Omit<PortRefused, 'type'> {
  /** The local UDP port to which the peer moved; null when it stays, because the user chose the port
   * or because no port helps. */
  readonly movedTo: number | null;
}

/** Events of a {@link PeerDaemon}. */
export interface PeerDaemonEvents extends DaemonEvents {
  /** A packet for one of the peer's addresses; only without TUN. */
  packet: [packet: Uint8Array];
  /**
   * A router gave an address, and the interface has it, if there is one; `previous` is the one that it gave
   * before, or null.
   */
  address: [lease: AddressLease, previous: AddressLease | null];
  /** An address is given up. */
  'address-lost': [lease: AddressLease];
  /** A router does not answer; the peer goes on soliciting. */
  'router-unreachable': [router: Omit<RouterUnreachable, 'type'>];
  /** A router that was reported unreachable answers again. */
  'router-reachable': [router: Omit<RouterReachable, 'type'>];
  /** A router refuses the peer's UDP port. */
  'port-refused': [move: PortMove];
  /**
   * There is no route to any router: the network is not up yet, or no more. The peer waits for one, and
   * solicits its routers as soon as it is there.
   */
  'no-route': [error: StartError];
  /** The host name of a router was looked up, with another result than before. */
  'router-lookup': [result: RouterLookup];
  /**
   * Datagrams take another way than before: `gateway` is the gateway that they take, or null for UDP. The routers are
   * solicited again, and give another address, unless the gateway has kept the endpoint.
   */
  uplink: [uplink: { readonly gateway: string | null; readonly publicEndpoint: Endpoint | null }];
  /** There is no connection to a gateway, or no more; `retryIn` milliseconds, null for never. */
  'gateway-failed': [failure: GatewayFailure];
  /** Packets to a remote take another path from now on, or the search for one was in vain. */
  path: [change: Omit<PathChanged, 'type'>];
}
