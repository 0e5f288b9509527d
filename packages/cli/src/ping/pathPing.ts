import { randomBytes } from 'node:crypto';
import { type Endpoint, parseIPv6 } from '@6bed4/codec';
import { buildEcho, parseEcho } from '@6bed4/nd';
import type { PeerDaemon } from '@6bed4/node';
import type { PathKind, RemoteSnapshot } from '@6bed4/tunnel';

const HOP_LIMIT = 64;
/** Bytes by which a reply is recognized. */
const NONCE_LENGTH = 16;

/** Why a packet went through the router. */
export type RelayReason =
  /** The address names no endpoint of another peer. */
  | 'no-endpoint'
  /** It is searched. */
  | 'searching'
  /** The remote did not answer there, which a NAT of either side may have caused. */
  | 'unanswered';

/** What became of one echo request. */
export interface PingReply {
  /** From 1. */
  readonly sequence: number;
  /** Milliseconds; null for no reply. */
  readonly roundTripMs: number | null;
  /** Path of the request. */
  readonly sent: PathKind;
  /** Path of the reply; null for no reply. */
  readonly received: PathKind | null;
  /** Endpoint of direct requests; null for relayed ones. */
  readonly endpoint: Endpoint | null;
  /** Why the request was relayed; null when it was not. */
  readonly reason: RelayReason | null;
}

/** Sends echo requests (RFC 4443 §4.1) to a remote by a peer without interface, and tells the paths that they take. */
export class PathPing {
  readonly #peer: PeerDaemon;
  readonly #remote: string;
  /** Whether a search for the direct path has failed, and none since succeeded. */
  #hasFailed = false;
  #sequence = 0;

  /** @param remote - in RFC 5952 form */
  constructor(peer: PeerDaemon, remote: string) {
    this.#peer = peer;
    this.#remote = remote;
    peer.on('path', (change) => {
      if (change.remote === remote) this.#hasFailed = change.path === 'relayed';
    });
  }

  /** Sends a request and waits for its reply, at most for `patience` milliseconds. */
  async ping(source: string, patience: number): Promise<PingReply> {
    const sequence = ++this.#sequence;
    const before = this.#snapshot();
    const data = randomBytes(NONCE_LENGTH);
    const start = performance.now();
    const answered = this.#reply(data, patience);
    this.#peer.send(
      buildEcho({
        type: 'echo-request',
        source: parseIPv6(source),
        destination: parseIPv6(this.#remote),
        hopLimit: HOP_LIMIT,
        identifier: process.pid & 0xffff,
        sequence,
        data,
      }),
    );
    const afterSending = this.#snapshot();
    const isDirect = increased(before, afterSending, 'packetsSentDirect');
    const isAnswered = await answered;
    const roundTripMs = isAnswered ? performance.now() - start : null;
    const cameDirect = increased(afterSending, this.#snapshot(), 'packetsReceivedDirect');
    const direct = afterSending?.path === 'lan' ? 'lan' : 'direct';
    return {
      sequence,
      roundTripMs,
      sent: isDirect ? direct : 'relayed',
      received: isAnswered ? (cameDirect ? direct : 'relayed') : null,
      endpoint: isDirect ? (afterSending?.endpoint ?? null) : null,
      reason: isDirect ? null : this.#reason(afterSending),
    };
  }

  #reason(snapshot: RemoteSnapshot | undefined): RelayReason {
    if (snapshot === undefined) return 'no-endpoint';
    return this.#hasFailed ? 'unanswered' : 'searching';
  }

  #snapshot(): RemoteSnapshot | undefined {
    return this.#peer.remotes().find(({ address }) => address === this.#remote);
  }

  #reply(data: Uint8Array, patience: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isAnswered: boolean): void => {
        clearTimeout(timer);
        this.#peer.off('packet', onPacket);
        resolve(isAnswered);
      };
      const onPacket = (packet: Uint8Array): void => {
        const parsed = parseEcho(packet, 0, packet.length);
        if (!parsed.ok || parsed.value.type !== 'echo-reply') return;
        if (Buffer.compare(parsed.value.data, data) === 0) end(true);
      };
      const timer = setTimeout(() => end(false), patience);
      this.#peer.on('packet', onPacket);
    });
  }
}

function increased(
  before: RemoteSnapshot | undefined,
  after: RemoteSnapshot | undefined,
  counter: 'packetsSentDirect' | 'packetsReceivedDirect',
): boolean {
  return (after?.[counter] ?? 0) > (before?.[counter] ?? 0);
}
