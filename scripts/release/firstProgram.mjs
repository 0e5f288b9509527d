/**
 * The first program of a README, and what the README says that it prints: in `// prints:` comments, or in a block of text
 * that follows. One that needs what not everybody has is marked as not run, and is none. Null without a program.
 */
export function firstProgram(readme) {
  const blocks = [
    ...readme.matchAll(/^(?:(<!-- test: not-run).*-->\n+)?```(\w*)\n([\s\S]*?)^```$/gm),
  ].map(([, mark, ...block]) => (mark === undefined ? block : ['', ...block]));
  const index = blocks.findIndex(([language]) => language === 'js');
  if (index < 0) return null;
  const [, code] = blocks[index];
  const comments = [...code.matchAll(/^\/\/ prints: (.*)$/gm)].map(([, line]) => line);
  const [language, text] = blocks[index + 1] ?? [];
  const lines = language === 'text' ? text.trimEnd().split('\n') : [];
  return { code, prints: [...comments, ...lines] };
}

/** Whether a program printed what a page says, in which `…` stands for anything, and alone on a line for any lines. */
export function isAsPromised(printed, promised) {
  const pattern = promised
    .join('\n')
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replace(/^…$/gm, '[\\s\\S]*')
    .replaceAll('…', '.*');
  return new RegExp(`^${pattern}$`).test(printed);
}
