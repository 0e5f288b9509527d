import { execFile, fork } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Runtime } from '@6bed4/testing/runtimes';
import { transform } from 'esbuild';
import { holdsLines, isAsPromised, promisedLines } from './output.js';
import type { Piece, ProgramPlan } from './plan.js';
import { typeErrors } from './types.js';

const ENTRY = fileURLToPath(new URL('../world/entry.mjs', import.meta.url));
/** Inside the package of the guides, so that blocks import what it depends on. */
const FOLDER = fileURLToPath(new URL('../../.blocks', import.meta.url));

/** How long a program may take to be evaluated and to print what it promises. */
const PATIENCE_MS = 20_000;
/** How long a program that promises nothing is watched once it has been evaluated. */
const WATCH_MS = 300;

/** The pieces, each at its line of the page, so that stack traces point there. */
function assemble(pieces: readonly Piece[]): string {
  const lines: string[] = [];
  for (const { code, line } of pieces) {
    while (lines.length < line - 1) lines.push('');
    lines.push(...code.split('\n'));
  }
  return `${lines.join('\n')}\n`;
}

/** `expression; // → JSON` becomes an assertion, on one line as before. */
function withAssertions(code: string): string {
  let asserts = false;
  const replaced = code.replace(/^(.*); \/\/ → (.*)$/gm, (_, expression: string, json: string) => {
    asserts = true;
    JSON.parse(json);
    return `__expect(JSON.parse(JSON.stringify(${expression})), ${json});`;
  });
  return asserts
    ? `import { deepStrictEqual as __expect } from 'node:assert';${replaced}`
    : replaced;
}

/** Writes a program down, as what Node runs; what its types do wrong, or null. */
async function write(file: string, { pieces, language }: ProgramPlan): Promise<string | null> {
  const code = assemble(pieces);
  if (language === 'js') {
    writeFileSync(file, withAssertions(code));
    return null;
  }
  const source = file.replace(/mjs$/, 'mts');
  try {
    writeFileSync(source, code);
    const errors = typeErrors(source);
    if (errors !== '') return errors;
  } finally {
    rmSync(source, { force: true });
  }
  const { code: plain } = await transform(withAssertions(code), {
    loader: 'ts',
    sourcemap: 'inline',
  });
  writeFileSync(file, plain);
  return null;
}

/**
 * What a program did that it should not have, or null.
 *
 * @param runtime - runs it as it is; without one, Node.js runs it in the world of the pages
 */
export async function runProgram(
  name: string,
  plan: ProgramPlan,
  runtime: Runtime | null = null,
): Promise<string | null> {
  mkdirSync(FOLDER, { recursive: true });
  const files: string[] = [];
  try {
    for (const [index, each] of [...plan.beside, plan].entries()) {
      const file = join(FOLDER, `${name}-${process.pid}-${index}.mjs`);
      files.push(file);
      const fault = await write(file, each);
      if (fault !== null) return fault;
    }
    return runtime === null ? await run(files, plan) : await runElsewhere(runtime, files, plan);
  } finally {
    for (const file of files) rmSync(file, { force: true });
  }
}

function run(files: readonly string[], plan: ProgramPlan): Promise<string | null> {
  const promised = promisedLines(plan.pieces.map(({ code }) => code).join('\n'));
  const { output } = plan;
  return new Promise((resolve, reject) => {
    const child = fork(
      ENTRY,
      files.map((file) => pathToFileURL(file).href),
      {
        execArgv: ['--enable-source-maps'],
        env: { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '' },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    let stdout = '';
    let stderr = '';
    let evaluated = false;
    let watched = false;
    let watch: NodeJS.Timeout | undefined;
    const isFulfilled = (): boolean =>
      holdsLines(stdout, promised) && (output === null || isAsPromised(stdout, output));
    // Silence after the promised output shows that nothing else is printed.
    const look = (): void => {
      clearTimeout(watch);
      if (!evaluated || !isFulfilled()) return;
      watch = setTimeout(() => {
        watched = true;
        child.kill('SIGKILL');
      }, WATCH_MS);
    };
    const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      look();
    });
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('message', () => {
      evaluated = true;
      look();
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(patience);
      clearTimeout(watch);
      const promisedText = [...promised, ...(output === null ? [] : [output])].join('\n');
      const printed = `it printed:\n${stdout}${stderr}`;
      if (watched && stderr === '') resolve(null);
      else if (code === 0 && !isFulfilled()) resolve(`promised:\n${promisedText}\n${printed}`);
      else if (code === 0 && stderr === '') resolve(null);
      else if (stderr !== '') resolve(stderr);
      else if (code === null && evaluated)
        resolve(`promised within ${PATIENCE_MS} ms:\n${promisedText}\n${printed}`);
      else resolve(`ended with ${code ?? signal}; ${printed}`);
    });
  });
}

/** Runs one program to its end on another runtime. */
function runElsewhere(
  { file, args }: Runtime,
  files: readonly string[],
  { output }: ProgramPlan,
): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(file, [...args, ...files], { timeout: PATIENCE_MS }, (error, stdout, stderr) => {
      const isRight = error === null && (output === null || isAsPromised(stdout, output));
      resolve(isRight ? null : `${error?.message ?? 'printed'}\n${stdout}${stderr}`);
    });
  });
}
