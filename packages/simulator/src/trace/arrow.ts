import { describeDatagram } from './describeDatagram.js';
import type { Trace, TraceEntry } from './trace.js';

/** A datagram from its sender to the node where it ended. */
export interface Arrow {
  /** Milliseconds of virtual time when it was sent. */
  readonly sentAt: number;
  /** Milliseconds of virtual time when it ended. */
  readonly endedAt: number;
  /** Name of the sender. */
  readonly from: string;
  /** Name of the node that received or dropped it. */
  readonly to: string;
  /** Its content in words. */
  readonly label: string;
  /** The reason of the drop; null when it was delivered. */
  readonly lost: string | null;
}

/**
 * All datagrams whose end is known, in the order of sending; one that was duplicated, or
 * reached several hosts, has an arrow for each end.
 */
export function arrows(trace: Trace): Arrow[] {
  const sent = new Map<number, { entry: TraceEntry; ends: TraceEntry[] }>();
  for (const entry of trace.entries) {
    if (entry.kind === 'send') sent.set(entry.id, { entry, ends: [] });
    else if (entry.kind === 'deliver' || entry.kind === 'drop')
      sent.get(entry.id)?.ends.push(entry);
  }
  return [...sent.values()].flatMap(({ entry, ends }) =>
    ends.map((end) => ({
      sentAt: entry.at,
      endedAt: end.at,
      from: entry.node,
      to: end.node,
      label: describeDatagram(entry.payload, entry.ttl, trace.names),
      lost: end.reason,
    })),
  );
}

/** The nodes that these arrows touch, in the order of the trace; those it does not know come last. */
export function nodesOf(list: readonly Arrow[], trace: Trace): string[] {
  const touched = new Set(list.flatMap(({ from, to }) => [from, to]));
  const known = trace.nodes.filter((name) => touched.has(name));
  return [...new Set([...known, ...touched])];
}
