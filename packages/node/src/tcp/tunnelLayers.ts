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
