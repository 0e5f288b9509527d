/** Parts that Stryker runs in each of its processes. */
import { strykerPlugins as vitestPlugins } from '@stryker-mutator/vitest-runner';

export { strykerValidationSchema } from '@stryker-mutator/vitest-runner';

/** Names of sections, with which refusals and errors say what they follow. */
const SECTION = /^(?:RFC |draft-)/;
/** Functions whose arguments, from an index on, are text for people. */
const TEXT_FROM = { InvalidArgumentError: 1 };

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
 * Stryker's runner for vitest, but a file of tests that cannot even be loaded counts as a test that fails;
 * to Stryker it has no tests, so that a mutant which breaks its whole module would survive.
 */
function createRunner(injector) {
  const runner = vitestPlugins[0].factory(injector);
  const run = runner.run.bind(runner);
  runner.run = async (options) => {
    const result = await run(options);
    const broken = runner.ctx.state.getFiles().find(({ result }) => result?.state === 'fail');
    if (broken === undefined || result.status !== 'complete') return result;
    const test = { id: broken.filepath, name: broken.name, timeSpentMs: 0, status: 1 };
    return { ...result, tests: [...result.tests, { ...test, failureMessage: 'cannot be loaded' }] };
  };
  return runner;
}
createRunner.inject = ['$injector'];

/** Read by Stryker, which knows them by this name. */
export const strykerPlugins = [
  { kind: 'TestRunner', name: 'vitest-by-file', factory: createRunner },
  {
    kind: 'Ignore',
    name: 'text',
    value: { shouldIgnore: (path) => (isText(path) ? 'text for people' : undefined) },
  },
];
