/**
 * The first program of a README, and what the README says that it prints: in `// prints:` comments, or in a block of text
 * that follows. Null without a program.
 */
export function firstProgram(readme: string): { code: string; prints: string[] } | null;

/** Whether a program printed what a page says, in which `…` stands for anything, and alone on a line for any lines. */
export function isAsPromised(printed: string, promised: readonly string[]): boolean;
