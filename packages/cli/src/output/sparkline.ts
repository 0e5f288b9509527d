const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/**
 * Draws values as bars, from 0 to the largest of them.
 *
 * @param width - characters; only so many of the last values are drawn
 */
export function sparkline(values: readonly number[], width: number): string {
  const shown = width > 0 ? values.slice(-width) : [];
  const most = Math.max(...shown, 0);
  return shown.map((value) => BARS[barOf(value, most)]).join('');
}

function barOf(value: number, most: number): number {
  if (most === 0 || value <= 0) return 0;
  // Only nothing at all has the lowest bar.
  return Math.max(1, Math.round((value / most) * (BARS.length - 1)));
}
