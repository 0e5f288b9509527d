import type { BlockList, Socket } from 'node:net';
import { RateLimiter } from '@6bed4/tunnel';
import { secureRandom } from '../random.js';
import { now } from '../realTimers.js';
import { isTrusted, plain, sourceKey, sourceOf } from './clientAddress.js';
import { ClientSources } from './clientSources.js';

/** TCP connections of one source: a second, and at once. */
const CONNECTIONS = { perSecond: 4, burst: 80 };
/** Connections of one source that have not become a WebSocket yet. */
const MOST_WAITING = 32;

/**
 * What a source may occupy before it has said anything: connections cost memory and, with TLS, processor time. Proxies that
 * are trusted have no limit here, since all clients come from there.
 */
export class ConnectionGuard {
  readonly #rate = new RateLimiter(CONNECTIONS, secureRandom);
  readonly #waiting = new ClientSources<string>(MOST_WAITING);
  readonly #trusted: BlockList;

  constructor(trusted: BlockList) {
    this.#trusted = trusted;
  }

  /** Why a connection is to be cut at once; null when it may go on. */
  refuse(socket: Socket): 'per-address' | 'handshake-rate' | null {
    const address = plain(socket.remoteAddress ?? '');
    if (isTrusted(address, this.#trusted)) return null;
    const source = sourceOf(address);
    if (!this.#rate.allows(sourceKey(source), now())) return 'handshake-rate';
    if (this.#waiting.isFull(source)) return 'per-address';
    const name = nameOf(socket);
    this.#waiting.add(source, name);
    socket.once('close', () => this.#waiting.delete(source, name));
    return null;
  }

  /** A connection has become a WebSocket; for TLS, this is the socket inside. */
  passed(socket: Socket): void {
    this.#waiting.delete(sourceOf(plain(socket.remoteAddress ?? '')), nameOf(socket));
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
