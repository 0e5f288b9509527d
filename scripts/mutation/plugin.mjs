/** Parts that Stryker runs in its processes. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { strykerPlugins as vitestPlugins } from '@stryker-mutator/vitest-runner';

export { strykerValidationSchema } from '@stryker-mutator/vitest-runner';

/** Names of sections, with which refusals and errors say what they follow. */
const SECTION = /^(?:RFC |draft-)/;
/** Functions whose arguments, from an index on, are text for people. */
const TEXT_FROM = { InvalidArgumentError: 1 };

/** Stryker's number for a test that failed. */
const FAILED = 1;

function isTextArgument({ listKey, key, parent }) {
  if (listKey !== 'arguments') return false;
  const name = parent.callee.name ?? '';
  return key >= (TEXT_FROM[name] ?? (name.endsWith('Error') ? 0 : Number.POSITIVE_INFINITY));
}

/** Whether an expression is text for people: no test holds its words. */
function isText(path) {
  if (path.isStringLiteral() && SECTION.test(path.node.value)) return true;
  if (!path.isStringLiteral() && !path.isTemplateLiteral()) return false;
  return path.find(isTextArgument) !== null;
}

/**
 * Stryker's runner for vitest, with two changes: files of tests run in contexts of one thread, at half the
 * price of a thread for each; and one that cannot even be loaded counts as a test that fails. To
 * Stryker it has no tests, so that a mutant which breaks its whole module would survive.
 */
function createRunner(injector) {
  const runner = vitestPlugins[0].factory(injector);
  const init = runner.init.bind(runner);
  runner.init = async () => {
    await init();
    for (const { config } of runner.ctx.projects) config.pool = 'vmThreads';
  };
  const run = runner.run.bind(runner);
  runner.run = async (options) => {
    const result = await run(options);
    if (result.status !== 'complete' || result.tests.some(({ status }) => status === FAILED)) {
      return result;
    }
    const broken = runner.ctx.state.getFiles().find((file) => file.result?.state === 'fail');
    if (broken === undefined) return result;
    const test = { id: broken.filepath, name: broken.name, timeSpentMs: 0, status: FAILED };
    return { ...result, tests: [...result.tests, { ...test, failureMessage: 'cannot be loaded' }] };
  };
  return runner;
}
createRunner.inject = ['$injector'];

/** Prints mutants that survive when they do, as `file:line:column mutator: code → code`. */
class SurvivorReporter {
  static inject = [];

  onMutantTested({ fileName, location, mutatorName, replacement, status }) {
    if (status !== 'Survived' && status !== 'NoCoverage') return;
    const { start, end } = location;
    const lines = readFileSync(fileName, 'utf8')
      .split('\n')
      .slice(start.line - 1, end.line);
    lines.push(lines.pop().slice(0, end.column - 1));
    const code = lines
      .join('\n')
      .slice(start.column - 1)
      .replaceAll(/\s+/g, ' ');
    const place = `${relative('.', fileName)}:${start.line}:${start.column}`;
    console.log(`${place} ${mutatorName}: ${code} → ${replacement.replaceAll(/\s+/g, ' ')}`);
  }
}

/** Read by Stryker, which knows them by this name. */
export const strykerPlugins = [
  { kind: 'TestRunner', name: 'vitest-by-file', factory: createRunner },
  { kind: 'Reporter', name: 'survivors', injectableClass: SurvivorReporter },
  {
    kind: 'Ignore',
    name: 'text',
    value: { shouldIgnore: (path) => (isText(path) ? 'text for people' : undefined) },
  },
];
