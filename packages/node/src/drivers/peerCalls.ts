import type { Endpoint } from '@6bed4/codec';
import type { Peer, RemoteSnapshot, UplinkSnapshot } from '@6bed4/tunnel';

/** What a peer's daemon asks of its machine. */
export const peerQueries = {
  uplinks: (peer: Peer): readonly UplinkSnapshot[] => peer.uplinks,
  searchesLan: (peer: Peer): boolean => peer.searchesLan,
};

/** What a peer's daemon tells its machine to do. */
export const peerCommands = {
  start: (peer: Peer, now: number): void => peer.start(now),
  stop: (peer: Peer, now: number): void => peer.stop(now),
  solicit: (peer: Peer, now: number): void => peer.solicit(now),
  remotes: (peer: Peer, now: number): readonly RemoteSnapshot[] => peer.remotes(now),
  addRouter: (peer: Peer, now: number, router: Endpoint | string): void =>
    peer.addRouter(router, now),
  removeRouter: (peer: Peer, _now: number, router: Endpoint | string): boolean =>
    peer.removeRouter(router),
  sendPlayful: (peer: Peer, now: number, packet: Uint8Array): number =>
    peer.handlePlayfulPacket(packet, 0, packet.length, now),
  reportAnswer: (peer: Peer, now: number, play: number): boolean => peer.reportAnswer(play, now),
};
