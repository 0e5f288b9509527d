/** Where a session shows its lines and progress bars. */
import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';

/** One line after the other, as for pipes; `interval` is that between two states of a bar, in ms. */
export const plainView = (write) => ({
  show: write,
  draw: (_, text) => text && write(text),
  interval: 1_000,
});

/** Lines above a prompt where somebody types, with the bars between them. */
export function terminalView(lines, output) {
  const bars = new Map();
  function show(text) {
    const { rows } = lines.getCursorPos();
    moveCursor(output, 0, -rows);
    cursorTo(output, 0);
    clearScreenDown(output);
    // The prompt goes back up by as many rows as it had.
    output.write(`${text}\n${'\n'.repeat(rows)}`);
    lines.prompt(true);
  }
  function draw(key, text) {
    if (text) bars.set(key, text);
    else bars.delete(key);
    lines.setPrompt([...bars.values(), '> '].join('\n'));
    lines.prompt(true);
  }
  return { show, draw, interval: 100 };
}
