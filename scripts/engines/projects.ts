import type { ViteUserConfig } from 'vitest/config';
import { BESIDE_WORKERS } from '../../vitest.base.js';
import { engineConfig } from './engineConfig.js';
import { portableName, versions } from './versions.js';

/** With this set, a version that is missing is a failure. */
const required = process.env['SIXBED4_REQUIRE_ENGINES'] === '1';

/** The unit suites of packages that know no platform. */
const portable = [
  'packages/{codec,nd,tcp,tunnel,gateway}/test/**/*.test.ts',
  'packages/simulator/test/!(programs)/**/*.test.ts',
];

/** Those of the others, and the examples; of the command, what starts daemons. */
const platform = [
  'packages/simulator/test/programs/**/*.test.ts',
  'packages/node/test/**/*.test.ts',
  'packages/cli/test/{commands/runDaemon,manners}.test.ts',
  'examples/{demo,hello,chat,sip-call}/test/**/*.test.ts',
];

/** For the newest version. */
const newest = [...platform, 'packages/cli/test/**/*.test.ts'];

/**
 * For the oldest version, on which vitest promises nothing: the program that tries the built packages as users have
 * them, and the examples that are one program.
 */
const oldest = ['packages/node/test/runtimes.test.ts', 'examples/{demo,hello}/test/**/*.test.ts'];

/**
 * Tested on one version: long computations in the language alone, tests that count the cases of a property, what V8 makes
 * of the code and, of the command, what mostly waits.
 */
const leftOut = [
  '**/test/{kernel,fuzz,hostile,properties,soak,attackers,beliefs,browser}/**',
  '**/test/hostile.test.ts',
  'packages/tcp/test/congestion/paths.test.ts',
  'packages/tunnel/test/peering/attacker.test.ts',
  'packages/simulator/test/{recovery,speed}.test.ts',
  'packages/cli/test/commands/{proxyCommand,endings,live}.test.ts',
  'packages/cli/test/hook/**',
  'packages/node/test/drivers/linux/compiledCode.test.ts',
  'examples/sip-call/test/robustness.test.ts',
];

/** What the newest version does not show of its work with files makes virtual time go on too early. */
const unseenFiles = ['examples/chat/test/natMatrix.test.ts'];

/** Two for each version; what is portable needs no process of its own for each file. */
export const engineProjects: ViteUserConfig[] = versions.flatMap((version, index) => {
  const isNewest = index === versions.length - 1;
  const project = (name: string, include: string[], isolate: boolean): ViteUserConfig =>
    engineConfig(
      { ...version, name, required, propertyTime: 200, install: 'npm run engines' },
      {
        include,
        exclude: isNewest ? [...leftOut, ...unseenFiles] : leftOut,
        isolate,
        testTimeout: 120_000,
        maxWorkers: BESIDE_WORKERS,
      },
    );
  const own = index === 0 ? oldest : isNewest ? newest : platform;
  return [project(version.name, own, true), project(portableName(version), portable, false)];
});
