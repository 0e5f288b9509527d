/** Turns targets, TypeScript files, into modules of one file each whose parts of our packages count what they execute. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, transform } from 'esbuild';
import { createInstrumenter } from 'istanbul-lib-instrument';
import { watForEsbuild } from '../wat/plugin.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ALL = /[\\/]packages[\\/][a-z]+[\\/](?:src|test)[\\/].*\.ts$/;
const OURS = /[\\/]packages[\\/](?:codec|nd|tcp|tunnel|node|cli)[\\/]src[\\/].*\.ts$/;

/** Packages read each other's sources, as tests do. */
const sources = {
  name: 'sources',
  setup({ onResolve }) {
    onResolve({ filter: /^@6bed4\/(?:codec|nd|tcp|tunnel|node)$/ }, ({ path }) => ({
      path: `${root}packages/${path.replace('@6bed4/', '')}/src/index.ts`,
    }));
  },
};

/** Counters of statements and branches. */
const counters = {
  name: 'counters',
  setup({ onLoad }) {
    const instrumenter = createInstrumenter({
      esModules: true,
      coverageGlobalScope: 'globalThis',
      coverageGlobalScopeFunc: false,
    });
    onLoad({ filter: ALL }, async ({ path }) => {
      const text = (await readFile(path, 'utf8'))
        // Files beside this one are found where it was.
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href));
      if (!OURS.test(path)) return { contents: text, loader: 'ts' };
      const { code } = await transform(text, { loader: 'ts', target: 'es2022' });
      return { contents: instrumenter.instrumentSync(code, path), loader: 'js' };
    });
  },
};

/**
 * Writes the modules of targets into a folder.
 *
 * @param targets - files by the names that the modules get
 */
export async function bundle(targets, folder) {
  await build({
    entryPoints: targets,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    // A module that has `require` inside may be among them.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    external: ['koffi', 'vitest'],
    plugins: [sources, counters, watForEsbuild],
    logLevel: 'error',
  });
}
