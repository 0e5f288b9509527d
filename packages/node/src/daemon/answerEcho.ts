import { buildEcho, echoReplyTo, parseEcho } from '@6bed4/nd';
import type { PeerDaemon } from './peerDaemon.js';

/**
 * Makes a peer without TUN answer ICMPv6 echo requests (RFC 4443 §4.2), so that others can see that it
 * is there. Packets still reach the other listeners of `packet`.
 *
 * @returns a function that ends it
 */
export function answerEcho(peer: PeerDaemon): () => void {
  const answer = (packet: Uint8Array): void => {
    const echo = parseEcho(packet, 0, packet.length);
    if (!echo.ok || echo.value.type !== 'echo-request') return;
    peer.send(buildEcho(echoReplyTo(echo.value)));
  };
  peer.on('packet', answer);
  return () => peer.off('packet', answer);
}
