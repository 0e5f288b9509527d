import { describe } from './describeDatagram.js';
import type { Trace, TraceEntry } from './trace.js';

/** A datagram from where it was sent to where it ended. */
export interface Arrow {
  /** Milliseconds of virtual time when it was sent. */
  readonly sentAt: number;
  /** Milliseconds of virtual time when it ended. */
  readonly endedAt: number;
  /** Name of the sender. */
  readonly from: string;
  /** Name of the node that it reached, or where it was dropped. */
  readonly to: string;
  /** What it carried, in words. */
  readonly label: string;
  /** Why it was dropped, or null when it was delivered. */
  readonly lost: string | null;
}

/**
 * All datagrams whose end is known, in the order of their sending; one that the network doubled, or
 * sent to several hosts, appears as often as it ended.
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
      label: describe(entry.payload, entry.ttl, trace.names),
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
