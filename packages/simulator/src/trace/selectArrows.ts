import { type Arrow, arrows, nodesOf } from './arrow.js';
import type { Trace } from './trace.js';

/** The part of a trace that a diagram shows. */
export interface TraceSelection {
  /** Columns, by name, in this order; default: every node that sent, received or dropped something. */
  readonly nodes?: readonly string[];
  /** Only datagrams sent at this time or later, in milliseconds. */
  readonly from?: number;
  /** Only datagrams sent before this time, in milliseconds. */
  readonly until?: number;
  /** Lines at most, the newest ones; default all. */
  readonly lines?: number;
}

/** The columns and arrows of that part. */
export function selectArrows(
  trace: Trace,
  options: TraceSelection,
): { nodes: readonly string[]; arrows: readonly Arrow[] } {
  const { from = 0, until = Number.POSITIVE_INFINITY, lines } = options;
  const inTime = arrows(trace).filter(({ sentAt }) => sentAt >= from && sentAt < until);
  const nodes = options.nodes ?? nodesOf(inTime, trace);
  const all = inTime.filter((arrow) => nodes.includes(arrow.from) && nodes.includes(arrow.to));
  return { nodes, arrows: lines === undefined ? all : all.slice(-lines) };
}
