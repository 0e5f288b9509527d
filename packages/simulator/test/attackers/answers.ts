import { buildNd, isNd, parseNd } from '@6bed4/nd';
import type { UdpSocket } from '../../src/index.js';

/** Answers a Neighbor Solicitation as a remote does that wants to be reached directly. */
export function answerSolicitation(payload: Uint8Array, from: string, socket: UdpSocket): void {
  if (!isNd(payload, 0, payload.length)) return;
  const parsed = parseNd(payload, 0, payload.length);
  if (!parsed.ok || parsed.value.type !== 'neighbor-solicitation') return;
  const { source, target, options } = parsed.value;
  socket.send(
    from,
    buildNd({
      type: 'neighbor-advertisement',
      source: target,
      destination: source,
      router: false,
      solicited: true,
      override: true,
      target,
      options: options.filter(({ type }) => type === 'nonce'),
    }),
  );
}

/** Whether a message is a Router Solicitation. */
export function isRouterSolicitation(payload: Uint8Array): boolean {
  return isNd(payload, 0, payload.length) && payload[40] === 133;
}
