import { selectArrows, type TraceSelection } from './selectArrows.js';
import type { Trace } from './trace.js';

const LEAST_COLUMN = 12;
const TIME_WIDTH = 12;

/**
 * The trace as a ladder: a column for each node, a line for each datagram in the order of sending, with
 * the time it was sent at in milliseconds, its content, and its delay or the place and reason of
 * its loss.
 */
export function ladder(trace: Trace, options: TraceSelection = {}): string {
  const { nodes, arrows: shown } = selectArrows(trace, options);
  const width = Math.max(LEAST_COLUMN, ...nodes.map((name) => name.length + 2));
  const head = `${'ms'.padStart(TIME_WIDTH)}  ${nodes.map((name) => name.padEnd(width)).join('')}`;
  const body = shown.map((arrow) => {
    const time = arrow.sentAt.toFixed(3).padStart(TIME_WIDTH);
    const end =
      arrow.lost === null
        ? `${(arrow.endedAt - arrow.sentAt).toFixed(1)} ms`
        : `lost: ${arrow.lost} at ${arrow.to}`;
    const picture = draw(
      nodes.length,
      width,
      nodes.indexOf(arrow.from),
      nodes.indexOf(arrow.to),
      arrow.lost !== null,
    );
    return `${time}  ${picture}${arrow.label} (${end})`;
  });
  return [head.trimEnd(), ...body].join('\n');
}

function draw(count: number, width: number, from: number, to: number, isLost: boolean): string {
  const cells = new Array<string>(count * width).fill(' ');
  for (let column = 0; column < count; column++) cells[column * width] = '|';
  const start = from * width;
  if (from === to) {
    cells[start + 1] = isLost ? 'x' : '<';
    return cells.join('');
  }
  const end = to * width;
  const step = end > start ? 1 : -1;
  for (let at = start + step; at !== end; at += step) cells[at] = '-';
  cells[end - step] = isLost ? 'x' : step > 0 ? '>' : '<';
  return cells.join('');
}
