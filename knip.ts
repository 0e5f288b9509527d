import type { KnipConfig } from 'knip';

const vitest = [
  'vitest.config.ts',
  'vitest.kernel.config.ts',
  'vitest.paired.config.ts',
  'vitest.timed.config.ts',
];
/** Read by scripts/fuzz, which runs them. */
const targets = 'test/fuzz/*.ts';
const project = ['**/*.{ts,mts,mjs,js}'];

/** What nothing uses: files, dependencies, exports. Entries are what is started or read by path. */
const config: KnipConfig = {
  workspaces: {
    '.': {
      // Read by Stryker, and started by another script.
      entry: [
        'scripts/mutation/{plugin.mjs,vitest.config.ts,vitest.setup.ts}',
        'scripts/fuzz/loop.mjs',
        // No member of the workspace, and installed by itself.
        'examples/react-native/app/index.js',
        'examples/react-native/app/{babel,metro}.config.js',
        'examples/react-native/test/*.test.ts',
        'examples/react-native/app/test/programs/{main,costs}.ts',
        'examples/react-native/app/test/fake/{react-native,netinfo}.ts',
        'examples/react-native/app/test/bundle.mjs',
      ],
      project: [...project, 'examples/react-native/**/*.tsx', '!toolchains/projects/**'],
      // What they import is installed beside them.
      ignore: ['toolchains/projects/**'],
      // The first two are started by scripts/setup.mjs.
      ignoreDependencies: [
        'pnpm',
        'turbo',
        /^(@react-native|react-native|@6bed4)/,

        'metro',
        'react',
      ],
    },
    'packages/*': { project, vitest },
    ...Object.fromEntries(
      ['codec', 'nd', 'tcp', 'gateway'].map((name) => [
        `packages/${name}`,
        { entry: ['src/index.ts', targets], project, vitest },
      ]),
    ),
    'packages/tunnel': { entry: ['src/{index,conformance/index}.ts', targets], project, vitest },
    'packages/cli': {
      // Of packages that are built in.
      ignoreDependencies: ['ws'],
      entry: [
        'src/{index,main}.ts',
        'test/kernel/programs/*.mjs',
        'test/kernel/tcp/{*End,delayLine}.ts',
        targets,
      ],
      project,
      vitest,
    },
    'packages/node': {
      entry: ['src/{index,drivers/linux/loopWorker}.ts', 'test/runtimes/program.mjs', targets],
      project,
    },
    'packages/simulator': {
      entry: ['{src,node}/index.ts', 'bench/carry.d.mts', 'test/programs/support/*.mjs'],
      project,
    },
    'packages/testing': { entry: ['src/kernel/programs/*.mjs'], project },
    'examples/*': { project, vitest },
    'examples/browser-lab': { entry: ['page.mjs'], project },
    'examples/browser-peer': { entry: ['page.mjs'], project },
    bench: {
      entry: [
        '*.mjs',
        'net/load/{sender,receiveOne,sendFlows,receiveFlows}.mjs',
        'sockets/{ends,relay,router,withoutKoffi}.mjs',
      ],
      project,
    },
    site: { entry: ['{build,serve}.mjs', '{client,explorer}/*.mjs'], project, vitest },
    docs: {
      entry: ['test/world/{entry,hooks,node}.mjs'],
      project,
      // What the blocks of code in the pages and READMEs import or run.
      ignoreDependencies: [/6bed4/, 'sip.js', 'undici'],
    },
  },
  ignoreExportsUsedInFile: { interface: true, type: true },
  // Programs of the system.
  ignoreBinaries: [
    'dpkg-deb',
    'fish',
    'ip',
    'lintian',
    'mandoc',
    'mkfifo',
    'mount',
    'openssl',
    'prlimit',
    'promtool',
    'script',
    'systemd-analyze',
    'tshark',
    'umount',
    'unshare',
    'wg',
  ],
  treatConfigHintsAsErrors: true,
};

export default config;
