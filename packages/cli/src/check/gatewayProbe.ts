import type { Endpoint, Profile } from '@6bed4/codec';
import { startPeer } from '@6bed4/node';
import { proxyOfEnvironment } from '../options/gatewayProxy.js';

/** Milliseconds that a gateway and its router may take. */
const PATIENCE = 10_000;

/** Whether a gateway can be used instead of UDP. */
export interface GatewayAnswer {
  readonly gateway: string;
  /** Whether a router gave an address over it. */
  readonly works: boolean;
  /** The endpoint that it gave us; null for none. */
  readonly endpoint: Endpoint | null;
  /** Milliseconds until there was an address; null for none. */
  readonly after: number | null;
  /** Why there is none; null where there is one, or nothing was said. */
  readonly error: string | null;
}

/** Gets an address over a gateway. */
export async function askGateway(
  gateway: string,
  routers: readonly Endpoint[],
  profile: Profile,
  gatewayToken: string | undefined,
): Promise<GatewayAnswer> {
  const began = performance.now();
  const gatewayProxy = proxyOfEnvironment;
  const options = { routers, profile, gateway, gatewayToken, gatewayProxy };
  const peer = await startPeer({ ...options, uplink: 'wss' });
  let endpoint: Endpoint | null = null;
  let error: string | null = null;
  peer.on('uplink', ({ publicEndpoint }) => {
    endpoint = publicEndpoint;
    error = 'no router answers over it';
  });
  peer.on('warning', ({ message }) => {
    error = message;
  });
  peer.on('gateway-failed', ({ code, reason }) => {
    error = reason === '' ? `the connection ended with ${code}` : reason;
  });
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE);
  });
  const works = await Promise.race([peer.ready.then(() => true), timeout]);
  clearTimeout(timer);
  await peer.close();
  const after = works ? performance.now() - began : null;
  return { gateway, works, endpoint, after, error: works ? null : error };
}
