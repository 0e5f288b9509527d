import { InvalidArgumentError } from '@6bed4/codec';
import type { RouterReference } from '../../daemon/routerNames.js';

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|\[::1\]|(?:.*\.)?localhost)$/;

/**
 * Checks the address of a gateway: `wss://`, or without TLS on this computer alone, where nobody listens.
 *
 * @throws InvalidArgumentError
 */
export function checkGatewayUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isSafe =
    url?.protocol === 'wss:' || (url?.protocol === 'ws:' && LOOPBACK.test(url.hostname));
  if (isSafe && url.username === '' && url.hash === '') return text;
  throw new InvalidArgumentError('gateway', JSON.stringify(text), 'wss://NAME/PATH');
}

/** Where the gateways of routers are by default, those that have names. */
export function gatewaysOf(routers: readonly RouterReference[]): string[] {
  return routers.flatMap((router) => ('name' in router ? [`wss://${router.name}/6bed4`] : []));
}
