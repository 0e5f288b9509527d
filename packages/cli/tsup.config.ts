import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { defineConfig, type Options } from 'tsup';
import { asCommonJs, nodeBuild } from '../../tsup.base.js';

const manifest = new URL('package.json', import.meta.url);
const dist = new URL('dist/', import.meta.url);
const sourceOf = (name: string): string =>
  fileURLToPath(new URL(`../${name}/src/index.ts`, import.meta.url));
const PACKAGES = ['codec', 'gateway', 'nd', 'node', 'tcp', 'tunnel'];

const LINUX = '../node/src/drivers/linux';

/**
 * The command is for bin/6bed4.js alone: without types. The packages of this workspace are built in, from their
 * sources, so that only what is used of them is loaded.
 */
const common: Options = {
  ...nodeBuild,
  dts: false,
  noExternal: [/^@6bed4\//],
};

const buildIn: Options['esbuildOptions'] = (options) => {
  options.minifyWhitespace = true;
  options.alias = Object.fromEntries(PACKAGES.map((name) => [`@6bed4/${name}`, sourceOf(name)]));
};

/** In CommonJS, the worker is CommonJS, too, which starts sooner. */
const commonJsWorker: Plugin = {
  name: 'worker',
  setup({ onLoad }) {
    onLoad({ filter: /\/workerFile\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { contents: text.replace('loopWorker.js', 'loopWorker.cjs'), loader: 'ts' };
    });
  },
};

export default defineConfig([
  {
    ...common,
    // The second writes man pages and completions of the built command.
    entry: {
      cli: 'src/main.ts',
      documents: 'src/documents.ts',
      loopWorker: `${LINUX}/loopWorker.ts`,
    },
    // The other build runs at the same time.
    clean: ['!daemon/**'],
    esbuildOptions: buildIn,
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
    // CommonJS in few files starts sooner than ES modules, whose loader takes a fifth of the time of a start. The first
    // is what is loaded first, for any command.
    ...asCommonJs,
    entry: {
      prepare: 'src/process/prepare.ts',
      daemon: 'src/daemon.ts',
      earlyThread: `${LINUX}/earlyThread.ts`,
      loopWorker: `${LINUX}/loopWorker.ts`,
    },
    outDir: 'dist/daemon',
    splitting: false,
    esbuildPlugins: [...(nodeBuild.esbuildPlugins ?? []), commonJsWorker],
    esbuildOptions(options, context) {
      buildIn(options, context);
      asCommonJs.esbuildOptions?.(options, context);
    },
  },
]);
