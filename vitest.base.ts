import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ViteUserConfig } from 'vitest/config';
import { armMachines } from './packages/testing/src/armMachines.js';
import { portableName, versions } from './scripts/engines/versions.js';
import { watForVite } from './scripts/wat/plugin.mjs';

const source = (path: string): string =>
  fileURLToPath(new URL(`./packages/${path}`, import.meta.url));

/** Test files that run at the same time in a list of projects; vitest asks for one number in a list. */
export const BESIDE_WORKERS = 4;

/** All processors, for tests that measure no time; by default, vitest leaves one of them out. */
export const ALL_PROCESSORS = '100%';

/** As many and one more on small machines, for such tests of which some wait. */
export const WAITING_WORKERS = Math.max(3, availableParallelism());

/**
 * Second attempts of tests on which the load of the machine has a say: with real kernels, with others
 * beside them, or with a stopwatch. The summary of the run names each that needed one.
 */
export const REPEATED = 1;

/** Projects that measure no time, next to the kernel tests that mostly wait: long files first, short ones at the end. */
const besideKernel = [
  ...['site', 'hermes', 'toolchains', 'browser-peer'],
  ...armMachines.map(({ arch }) => arch),
  ...versions.map(portableName),
  ...['cli-kernel', 'release'],
  ...versions.map(({ name }) => name),
];

/**
 * Projects in the order in which `npm test` runs them. Each has the machine to itself, since there are
 * tests that measure time, and tests that change the kernel's state; those in one list run side by side,
 * because they measure nothing and some of them mostly wait.
 */
export const order: (string | string[])[] = [
  ...['workspace', 'workspace-timed'],
  ...['codec', 'nd', 'tcp', 'tunnel', 'gateway', 'simulator', 'node', 'cli'],
  ...['demo', 'hello', 'browser-lab', 'chat', 'sip-call'],
  'docs',
  besideKernel,
  ...['cli-paired', 'cli-timed', 'chat-kernel', 'sip-call-kernel'],
];

/**
 * Tests of one package read the sources of the others, so that a failing test points at a line of
 * TypeScript and no build has to come first. Tests of what is published import the built files.
 */
export function testConfig(name: string, overrides: ViteUserConfig['test'] = {}): ViteUserConfig {
  const groupOrder = order.findIndex((entry) => [entry].flat().includes(name));
  if (groupOrder < 0) throw new Error(`${name} is missing from the order of projects`);
  return {
    plugins: [watForVite],
    resolve: {
      alias: [
        ...['codec', 'nd', 'tcp', 'tunnel', 'gateway', 'simulator', 'node'].map((name) => ({
          find: new RegExp(`^@6bed4/${name}$`),
          replacement: source(`${name}/src/index.ts`),
        })),
        { find: '@6bed4/simulator/node', replacement: source('simulator/node/index.ts') },
        {
          find: '@6bed4/tunnel/conformance',
          replacement: source('tunnel/src/conformance/index.ts'),
        },
      ],
    },
    test: {
      name,
      include: ['test/**/*.test.ts'],
      exclude: ['test/{kernel,timed}/**'],
      setupFiles: fileURLToPath(new URL('./vitest.setup.ts', import.meta.url)),
      // Thousands of runs of a property take their time where others use the processor, too.
      testTimeout: 30_000,
      // Of a group 0, vitest would run files that must not run at the same time at the very end.
      sequence: { groupOrder: groupOrder + 1 },
      ...overrides,
    },
  };
}

/** Tests against real kernels: Linux and root only, one file after the other unless told otherwise. */
export function kernelTestConfig(
  name: string,
  testTimeout: number,
  overrides: ViteUserConfig['test'] = {},
): ViteUserConfig {
  return testConfig(name, {
    include: ['test/kernel/**/*.test.ts'],
    exclude: [],
    fileParallelism: false,
    testTimeout,
    hookTimeout: 30_000,
    retry: REPEATED,
    ...overrides,
  });
}
