import type { KnipConfig } from 'knip';

const vitest = ['vitest.config.ts', 'vitest.kernel.config.ts'];
const project = ['**/*.{ts,mts,mjs,js}'];

/** What nothing uses: files, dependencies, exports. Entries are what is started or read by path. */
const config: KnipConfig = {
  workspaces: {
    '.': {
      // Read by Stryker.
      entry: ['scripts/mutation/{plugin.mjs,vitest.config.ts,vitest.setup.ts}'],
      project,
      // Started by scripts/setup.mjs.
      ignoreDependencies: ['pnpm', 'turbo'],
    },
    'packages/*': { project, vitest },
    'packages/cli': { entry: ['test/kernel/programs/*.mjs'], project, vitest },
    'packages/node': { entry: ['test/runtimes/program.mjs'], project },
    'packages/simulator': { entry: ['src/index.ts', 'bench/carry.d.mts'], project },
    'packages/testing': { entry: ['src/kernel/programs/*.mjs'], project },
    'examples/*': { project, vitest },
    'examples/browser-lab': { entry: ['page.mjs'], project },
    bench: { entry: ['*.mjs', 'net/load/{sender,receiveOne}.mjs'], project },
    docs: {
      entry: ['test/world/{entry,hooks,node,streams}.mjs'],
      project,
      // What the blocks of code in the pages and READMEs import or run.
      ignoreDependencies: [/6bed4/, 'sip.js'],
    },
  },
  ignoreExportsUsedInFile: { interface: true, type: true },
  // Programs of the system.
  ignoreBinaries: ['ip', 'tshark', 'wg'],
  treatConfigHintsAsErrors: true,
};

export default config;
