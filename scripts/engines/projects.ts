import type { ViteUserConfig } from 'vitest/config';
import { BESIDE_WORKERS } from '../../vitest.base.js';
import { engineConfig } from './engineConfig.js';
import { versions } from './versions.js';

/** With this set, a version that is missing is a failure. */
const required = process.env['SIXBED4_REQUIRE_ENGINES'] === '1';

/** The unit suites of the packages, and the examples. */
const everything = [
  'packages/{codec,nd,tcp,tunnel,simulator,node,cli}/test/**/*.test.ts',
  'examples/{demo,hello,chat,sip-call}/test/**/*.test.ts',
];

/**
 * For the oldest version, on which vitest promises nothing: the packages that know no platform, the
 * program that tries the built packages as users have them, and the examples that are one program.
 */
const oldest = [
  'packages/{codec,nd,tcp,tunnel}/test/**/*.test.ts',
  'packages/node/test/runtimes.test.ts',
  'examples/{demo,hello}/test/**/*.test.ts',
];

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

export const engineProjects: ViteUserConfig[] = versions.map((version, index) =>
  engineConfig(
    { ...version, required, propertyTime: 200, install: 'npm run engines' },
    {
      include: index === 0 ? oldest : everything,
      exclude: leftOut,
      testTimeout: 120_000,
      maxWorkers: BESIDE_WORKERS,
    },
  ),
);
