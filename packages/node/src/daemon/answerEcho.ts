import { buildEcho, parseEcho } from '@6bed4/nd';
import type { PeerDaemon } from './peerDaemon.js';

const HOP_LIMIT = 64;

/**
 * Lets a peer without TUN answer ICMPv6 echo requests (RFC 4443 §4.2), so that others can see that it
 * is there. Packets still reach the other listeners of `packet`.
 *
 * @returns what ends it
 */
export function answerEcho(peer: PeerDaemon): () => void {
  const answer = (packet: Uint8Array): void => {
    const echo = parseEcho(packet, 0, packet.length);
    if (!echo.ok || echo.value.type !== 'echo-request') return;
    const { source, destination } = echo.value;
    peer.send(
      buildEcho({
        ...echo.value,
        type: 'echo-reply',
        source: destination,
        destination: source,
        hopLimit: HOP_LIMIT,
      }),
    );
  };
  peer.on('packet', answer);
  return () => peer.off('packet', answer);
}
