/** A fenced block of a page, or a comment that says what the tests do with one. */
export type Part = Block | Instruction;

/** A fenced block of code. */
export interface Block {
  readonly kind: 'block';
  /** What stands behind the fence; empty where nothing does. */
  readonly language: string;
  readonly code: string;
  /** Line of the page (from 1) on which the code begins. */
  readonly line: number;
}

/** `<!-- test: … -->` in a page: invisible to readers. */
export interface Instruction {
  readonly kind: 'instruction';
  /** The first word, such as `setup`. */
  readonly verb: string;
  /** What follows on the line of the verb. */
  readonly argument: string;
  /** The lines below it. */
  readonly code: string;
  /** Line of the page (from 1) on which `code` begins. */
  readonly line: number;
}

const FENCE = /^(`{3,})([\w-]*)/;
const COMMENT = /^<!-- test: ([\w-]+):? *(.*)$/;
const COMMENT_END = '-->';

/** Finds the fenced blocks of a page and the instructions for tests, in their order. */
export function parseMarkdown(page: string): Part[] {
  const lines = page.replaceAll('\r\n', '\n').split('\n');
  const parts: Part[] = [];
  for (let index = 0; index < lines.length; index++) {
    const fence = FENCE.exec(lines[index]!);
    const comment = COMMENT.exec(lines[index]!);
    if (fence !== null) {
      const end = lines.indexOf(fence[1]!, index + 1);
      if (end < 0) throw new Error(`line ${index + 1}: the fence is never closed`);
      const code = lines.slice(index + 1, end).join('\n');
      parts.push({ kind: 'block', language: fence[2]!, code, line: index + 2 });
      index = end;
    } else if (comment !== null) {
      const [, verb, rest] = comment;
      const argument = rest!.replace(COMMENT_END, '').trim();
      const end = rest!.endsWith(COMMENT_END) ? index : lines.indexOf(COMMENT_END, index + 1);
      if (end < 0) throw new Error(`line ${index + 1}: the comment is never closed`);
      const code = lines.slice(index + 1, end).join('\n');
      parts.push({ kind: 'instruction', verb: verb!, argument, code, line: index + 2 });
      index = end;
    }
  }
  return parts;
}
