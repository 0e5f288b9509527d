import { parseEndpoint, parseIPv4 } from '@6bed4/codec';
import type { Machine } from '../../src/index.js';
import { Recorder } from './recorder.js';

/** A machine at an endpoint of a {@link Network}. */
export interface Node<M extends Machine> {
  readonly machine: M;
  readonly recorder: Recorder;
  readonly endpoint: string;
}

/**
 * Machines that exchange datagrams without loss or delay, in virtual time: datagrams are carried one
 * by one until the network is quiet, and the clock jumps to the next timeout of a machine.
 */
export class Network {
  now = 1_000;
  /** Every datagram that was carried, in order. */
  readonly trace: { from: string; to: string; payload: Uint8Array; ttl: number }[] = [];
  /** Datagrams for which this says true are lost. */
  loses: (from: string, to: string, payload: Uint8Array) => boolean = () => false;
  readonly #nodes = new Map<string, Node<Machine>>();

  /** Puts a machine at `endpoint` (`A.B.C.D:port`). */
  add<M extends Machine>(endpoint: string, make: (sink: Recorder) => M): Node<M> {
    const recorder = new Recorder();
    const node = { machine: make(recorder), recorder, endpoint };
    this.#nodes.set(endpoint, node);
    return node;
  }

  /** Takes whatever stands at `endpoint` away. */
  remove(endpoint: string): void {
    this.#nodes.delete(endpoint);
  }

  /** Moves a node, as a NAT does that dropped its mapping. */
  move<M extends Machine>(node: Node<M>, endpoint: string): Node<M> {
    this.#nodes.delete(node.endpoint);
    const moved = { ...node, endpoint };
    this.#nodes.set(endpoint, moved);
    return moved;
  }

  /** Carries datagrams until none is left. */
  settle(): void {
    for (let round = 0; ; round++) {
      if (round > 10_000) throw new Error('the network does not become quiet');
      let carried = false;
      for (const node of [...this.#nodes.values()]) {
        const datagram = node.recorder.sent.shift();
        if (datagram === undefined) continue;
        carried = true;
        this.trace.push({
          from: node.endpoint,
          to: datagram.to,
          payload: datagram.payload,
          ttl: datagram.ttl,
        });
        if (this.loses(node.endpoint, datagram.to, datagram.payload)) continue;
        // A keepalive with a small TTL dies on the way (draft-03 §5).
        if (datagram.ttl !== 0 && datagram.ttl < 10) continue;
        this.#nodes
          .get(datagram.to)
          ?.machine.handleDatagram(
            datagram.payload.slice(),
            0,
            datagram.payload.length,
            parseIPv4(node.endpoint.split(':')[0]!),
            parseEndpoint(node.endpoint).port,
            this.now,
          );
      }
      if (!carried) return;
    }
  }

  /** Lets `milliseconds` pass, with all timeouts at their time. */
  advance(milliseconds: number): void {
    const end = this.now + milliseconds;
    this.settle();
    for (;;) {
      const next = Math.min(...[...this.#nodes.values()].map((node) => node.machine.nextTimeout()));
      if (next > end) break;
      this.now = Math.max(this.now, next);
      for (const node of this.#nodes.values()) {
        if (node.machine.nextTimeout() <= this.now) node.machine.handleTimeout(this.now);
      }
      this.settle();
    }
    this.now = end;
  }
}
