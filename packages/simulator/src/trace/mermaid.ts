import { selectArrows, type TraceSelection } from './selectArrows.js';
import type { Trace } from './trace.js';

/** The trace as a sequence diagram in the language of Mermaid; the same datagrams as a ladder. */
export function mermaid(trace: Trace, options: TraceSelection = {}): string {
  const { nodes, arrows: shown } = selectArrows(trace, options);
  const participant = (name: string): string => `n${nodes.indexOf(name)}`;
  return [
    'sequenceDiagram',
    ...nodes.map((name) => `  participant ${participant(name)} as ${name}`),
    ...shown.map((arrow) => {
      const line = arrow.lost === null ? '->>' : '-x';
      const note = arrow.lost === null ? '' : `, lost: ${arrow.lost}`;
      const text = `${arrow.sentAt.toFixed(1)} ms: ${arrow.label}${note}`;
      return `  ${participant(arrow.from)}${line}${participant(arrow.to)}: ${text}`;
    }),
  ].join('\n');
}
