import { fileURLToPath } from 'node:url';
import type { ViteUserConfig } from 'vitest/config';
import { REPEATED, testConfig } from '../../vitest.base.js';
import { type Engine, enginePool } from './pool.js';

/** What the tests of a project know of the program that they run on. */
export interface EngineFacts {
  readonly name: string;
  /** Version of Node.js, without `v`. */
  readonly version: string;
  /** Its program or wrapper, for processes that tests start; null where it is missing. */
  readonly file: string | null;
  /** Whether a missing program is a failure. */
  readonly required: boolean;
  /** Milliseconds after which a property ends that has not tried all its cases. */
  readonly propertyTime: number;
  /** The command that installs it. */
  readonly install: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    engine: EngineFacts;
  }
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * A project of tests on another engine than that of vitest. The first of its tests demands the version;
 * where the engine is missing, it is the only one. Paths in `overrides.include` start at the root.
 *
 * @param args what `facts.file` takes before the arguments of Node.js; tests that start programs by
 *   `process.execPath` ask for a wrapper instead.
 */
export function engineConfig(
  facts: EngineFacts,
  overrides: ViteUserConfig['test'] & { include: string[] },
  args: Engine['args'] = [],
): ViteUserConfig {
  const { name, file } = facts;
  const root = path('../../');
  return testConfig(name, {
    ...overrides,
    root,
    retry: REPEATED,
    setupFiles: [`${root}vitest.setup.ts`, path('setup.ts')],
    provide: { engine: facts },
    ...(file === null
      ? { include: [path('test/engine.test.ts')] }
      : {
          include: [path('test/engine.test.ts'), ...overrides.include],
          pool: enginePool(name, { file, args }),
        }),
  });
}
