import { type Block, type Instruction, type Part, parseMarkdown } from './markdown.js';

/** Lines of a page that belong to a program. */
export interface Piece {
  readonly code: string;
  /** Line of the page (from 1) on which it begins. */
  readonly line: number;
}

/** One program: a block with what the page hides from the reader, and what it has to print. */
export interface ProgramPlan {
  readonly kind: 'program';
  readonly language: 'js' | 'ts';
  readonly line: number;
  readonly pieces: readonly Piece[];
  /** Programs of the same page that run in the same process before this one. */
  readonly beside: readonly ProgramPlan[];
  readonly output: string | null;
}

/** Commands for a shell. */
export interface CommandsPlan {
  readonly kind: 'commands';
  readonly line: number;
  readonly code: string;
  readonly output: string | null;
}

/** Data that has to be well-formed. */
export interface JsonPlan {
  readonly kind: 'json';
  readonly line: number;
  readonly code: string;
}

/** A block that is not run, and why. */
export interface NotRunPlan {
  readonly kind: 'not-run';
  readonly line: number;
  readonly reason: string;
}

/** A block that nobody knows how to run, and what is wrong with it. */
export interface FaultPlan {
  readonly kind: 'fault';
  readonly line: number;
  readonly fault: string;
}

/** What the tests do with one block of a page. */
export type Plan = ProgramPlan | CommandsPlan | JsonPlan | NotRunPlan | FaultPlan;

/** Fences that hold no code: drawings, what programs print, and configuration, which kernel tests read. */
const PICTURES = new Set(['', 'conf', 'mermaid', 'text']);

const VERBS = new Set(['setup', 'finish', 'continues', 'beside', 'not-run']);

/** Decides what to do with every block of code in a page. */
export function planPage(page: string): Plan[] {
  const parts = parseMarkdown(page);
  const plans: Plan[] = [];
  let before: Instruction[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'block') {
      const after = parts.slice(index + 1);
      if (!PICTURES.has(part.language)) plans.push(planBlock(part, before, after, plans));
      else if (before.length > 0) plans.push(fault(part.line, 'an instruction for no code'));
      before = [];
    } else if (!VERBS.has(part.verb)) {
      plans.push(fault(part.line, `no such instruction: ${part.verb}`));
    } else if (part.verb !== 'finish') {
      before.push(part);
    }
  }
  for (const { line } of before) plans.push(fault(line, 'an instruction for no block'));
  return plans;
}

function fault(line: number, text: string): FaultPlan {
  return { kind: 'fault', line, fault: text };
}

function planBlock(
  block: Block,
  before: readonly Instruction[],
  after: readonly Part[],
  earlier: readonly Plan[],
): Plan {
  const { line, code, language } = block;
  const notRun = before.find(({ verb }) => verb === 'not-run');
  if (notRun !== undefined) {
    const reason = notRun.argument;
    return reason === ''
      ? fault(line, 'not-run without a reason')
      : { kind: 'not-run', line, reason };
  }
  const output = outputOf(after);
  switch (language) {
    case 'js':
    case 'ts':
      return planProgram(block, language, before, after, earlier);
    case 'sh':
      return { kind: 'commands', line, code, output };
    case 'json':
      return { kind: 'json', line, code };
    default:
      return fault(line, `nobody knows how to run ${language}; mark it as not-run with a reason`);
  }
}

function planProgram(
  block: Block,
  language: 'js' | 'ts',
  before: readonly Instruction[],
  after: readonly Part[],
  earlier: readonly Plan[],
): Plan {
  const previous = earlier.filter((plan) => plan.kind === 'program').at(-1);
  const has = (verb: string): boolean => before.some((each) => each.verb === verb);
  const pieces: Piece[] = [];
  const beside: ProgramPlan[] = [];
  if (has('continues') || has('beside')) {
    if (previous === undefined) return fault(block.line, 'there is no block before it');
    beside.push(...previous.beside);
    if (has('continues')) pieces.push(...previous.pieces);
    else beside.push(previous);
  }
  for (const { verb, code, line } of before) if (verb === 'setup') pieces.push({ code, line });
  pieces.push({ code: block.code, line: block.line });
  const next = after.find((part) => part.kind === 'block' && !PICTURES.has(part.language));
  for (const part of after) {
    if (part === next) break;
    if (part.kind === 'instruction' && part.verb === 'finish') pieces.push(part);
  }
  return {
    kind: 'program',
    language,
    line: block.line,
    pieces,
    beside,
    output: outputOf(after),
  };
}

/** The `text` block after a block of code is what it prints. */
function outputOf(after: readonly Part[]): string | null {
  const next = after.find((part) => part.kind === 'block');
  return next?.language === 'text' ? next.code : null;
}
