import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Options } from 'tsup';
import { nodeBuild } from '../../tsup.base.js';

const manifest = new URL('package.json', import.meta.url);
const dist = new URL('dist/', import.meta.url);
const sourceOf = (name: string): string =>
  fileURLToPath(new URL(`../${name}/src/index.ts`, import.meta.url));
const PACKAGES = ['codec', 'nd', 'node', 'tcp', 'tunnel'];

const LINUX = '../node/src/drivers/linux';
const WORKER = `${LINUX}/loopWorker.ts`;

/**
 * The command is for bin/6bed4.js alone: ES modules without types. The packages of this workspace are built in, from
 * their sources, so that only what is used of them is loaded.
 */
const common: Options = {
  ...nodeBuild,
  dts: false,
  noExternal: [/^@6bed4\//],
  esbuildOptions: (options) => {
    options.minifyWhitespace = true;
    options.alias = Object.fromEntries(PACKAGES.map((name) => [`@6bed4/${name}`, sourceOf(name)]));
  },
};

export default defineConfig([
  {
    ...common,
    // The second is what is loaded first, the third the thread that carries packets, and the fourth writes man pages
    // and completions of the built command.
    entry: {
      cli: 'src/main.ts',
      prepare: 'src/process/prepare.ts',
      loopWorker: WORKER,
      documents: 'src/documents.ts',
    },
    // The other build runs at the same time.
    clean: ['!daemon/**'],
    async onSuccess() {
      const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
      const { writeDocuments } = (await import(new URL('documents.js', dist).href)) as {
        writeDocuments: (folder: string, version: string) => Promise<void>;
      };
      await writeDocuments(fileURLToPath(dist), version);
    },
  },
  {
    ...common,
    entry: {
      daemon: 'src/daemon.ts',
      earlyThread: `${LINUX}/earlyThread.ts`,
      loopWorker: WORKER,
    },
    outDir: 'dist/daemon',
  },
]);
