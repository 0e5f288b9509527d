import { realTimers, type Timers } from '../environment/timers.js';
import { invalidType } from './netErrors.js';
import type { TcpLayer } from './tcpLayer.js';

const layers = new WeakMap<object, TcpLayer>();

/** Sets the TCP of a tunnel. */
export function setLayer(tunnel: object, layer: TcpLayer): void {
  layers.set(tunnel, layer);
}

/** The TCP of a tunnel. @throws ERR_INVALID_ARG_TYPE for anything but a tunnel */
export function layerOf(tunnel: object): TcpLayer {
  const layer = layers.get(tunnel);
  if (layer === undefined) throw invalidType('tunnel', 'an instance of Tunnel', tunnel);
  return layer;
}

/** The timers that a tunnel goes by; those of this platform for anything else. */
export function timersOf(tunnel: object | undefined): Timers {
  return (tunnel && layers.get(tunnel)?.timers) ?? realTimers;
}
