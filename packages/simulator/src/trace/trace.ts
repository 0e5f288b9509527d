import type { Datagram } from '../datagram/datagram.js';
import type { DropReason } from '../datagram/dropReason.js';

/**
 * A step of a datagram at a node.
 *
 * - `send`: a host sent it
 * - `translate`: a NAT let it through; its addresses are those that it went on with
 * - `core`: it crossed the public core
 * - `deliver`: it reached a socket
 * - `drop`: it went no further
 */
export type TraceKind = 'send' | 'translate' | 'core' | 'deliver' | 'drop';

/** One step of a datagram. */
export interface TraceEntry {
  /** Milliseconds of virtual time. */
  readonly at: number;
  readonly kind: TraceKind;
  /** Name of the node where it happened. */
  readonly node: string;
  /** The same for all steps of a datagram and of copies that the network made. */
  readonly id: number;
  /** IPv4 source as int32. */
  readonly source: number;
  readonly sourcePort: number;
  /** IPv4 destination as int32. */
  readonly destination: number;
  readonly destinationPort: number;
  /** IPv4 TTL that was left. */
  readonly ttl: number;
  /** IPv4 TOS byte. */
  readonly tos: number;
  /** UDP payload, as it was sent. */
  readonly payload: Uint8Array;
  /** The reason of the drop; null unless `kind` is `drop`. */
  readonly reason: DropReason | null;
}

/** All steps of all datagrams, in order. */
export class Trace {
  readonly #entries: TraceEntry[] = [];
  readonly #nodes: string[] = [];
  readonly #payloads = new Map<number, Uint8Array>();
  readonly #names = new Map<string, string>();

  /** All steps, in order. */
  get entries(): readonly TraceEntry[] {
    return this.#entries;
  }

  /** Names of the nodes, in order of creation. */
  get nodes(): readonly string[] {
    return this.#nodes;
  }

  /** Names of nodes by the IPv6 addresses (RFC 5952) that they have or had. */
  get names(): ReadonlyMap<string, string> {
    return this.#names;
  }

  /** Removes all steps so far. */
  clear(): void {
    this.#entries.length = 0;
    this.#payloads.clear();
  }

  /** @internal Adds a node. */
  addNode(name: string): void {
    this.#nodes.push(name);
  }

  /** @internal Assigns an IPv6 address (RFC 5952) to a node. */
  nameAddress(address: string, name: string): void {
    this.#names.set(address, name);
  }

  /** @internal Records a step. */
  record(
    kind: TraceKind,
    node: string,
    datagram: Datagram,
    at: number,
    reason: DropReason | null = null,
  ): void {
    const { id, source, sourcePort, destination, destinationPort, ttl, tos } = datagram;
    this.#entries.push({
      ...{ at, kind, node, id, source, sourcePort, destination, destinationPort, ttl, tos, reason },
      payload: this.#payloadOf(datagram),
    });
  }

  /** The network changes no payload, so all steps share one copy. */
  #payloadOf(datagram: Datagram): Uint8Array {
    let payload = this.#payloads.get(datagram.id);
    if (payload === undefined) {
      payload = datagram.bytes.slice(0, datagram.length);
      this.#payloads.set(datagram.id, payload);
    }
    return payload;
  }
}
