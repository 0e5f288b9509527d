/** In the output that a page shows, this stands for anything; on a line of its own for any lines. */
const ELLIPSIS = '…';

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Whether a program printed what the page says. */
export function isAsPromised(printed: string, promised: string): boolean {
  const lines = promised.trimEnd().split('\n');
  const pattern = lines
    .map((line) =>
      line.trim() === ELLIPSIS ? '(?:.*\n)*?' : `${line.split(ELLIPSIS).map(escaped).join('.+')}\n`,
    )
    .join('');
  return new RegExp(`^${pattern}$`).test(`${printed.replaceAll('\r\n', '\n').trimEnd()}\n`);
}

/** What comments in the code promise: `// prints: …` for each line that it prints at that point. */
export function promisedLines(code: string): string[] {
  return [...code.matchAll(/^\s*\/\/ prints: (.*)$/gm)].map((match) => match[1]!);
}

/** Whether the lines are among those printed, in their order. */
export function holdsLines(printed: string, lines: readonly string[]): boolean {
  let next = 0;
  for (const line of printed.split(/\r?\n/)) if (line === lines[next]) next++;
  return next === lines.length;
}
