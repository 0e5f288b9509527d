import type { Options } from 'tsup';
import { watForEsbuild } from './scripts/wat/plugin.mjs';

/** Entries by the name of the file that is built from them. */
type Entries = Readonly<Record<string, string>>;

const common: Options = {
  target: 'es2022',
  platform: 'neutral',
  dts: false,
  treeshake: true,
};

/**
 * The builds of a library: ES modules, and CommonJS for what can load nothing else (jest by default, Node.js before
 * 20.19). The conditions `module` (bundlers) and `module-sync` (Node.js) of `exports` give every other caller of `require` the
 * ES modules, so that there is one copy of the code and one class of each name.
 *
 * White space goes and names stay: `@6bed4/tunnel` has a size budget (`size-limit` in its package.json), and stack
 * traces have to be readable. Types are written for CommonJS; `scripts/moduleTypes.mjs` adds those of the ES modules.
 */
export function libraryBuild(entries: Entries = { index: 'src/index.ts' }): Options[] {
  const esbuildOptions: Options['esbuildOptions'] = (options) => {
    options.minifyWhitespace = true;
    options.minifySyntax = true;
  };
  return [
    { ...common, ...esModules(entries), esbuildOptions },
    { ...common, ...commonJs(entries), dts: true, esbuildOptions },
  ];
}

/** The build of what needs Node.js: nothing is minified, so that it can be stepped through without maps. */
export const nodeBuild: Options = {
  ...common,
  format: 'esm',
  platform: 'node',
  clean: true,
  esbuildPlugins: [watForEsbuild],
};

/**
 * The builds of a library that needs Node.js.
 *
 * @param workers - files from which threads start: ES modules for either build. Each is whole, with our other packages in
 * it, so that a bundle needs only the one file beside it.
 */
export function nodeLibraryBuild(entries: Entries, workers: Entries): Options[] {
  const workerFiles = Object.keys(workers).map((name) => `!${name}.js`);
  return [
    { ...nodeBuild, ...esModules(entries), clean: ['!**/*.cjs', ...workerFiles] },
    {
      ...nodeBuild,
      ...commonJs(entries),
      ...asCommonJs,
      dts: { entry: { ...entries } },
    },
    {
      ...nodeBuild,
      entry: { ...workers },
      noExternal: [/^@6bed4\//],
      splitting: false,
      clean: false,
    },
  ];
}

/** What turns `import.meta.url` and `import()` into what CommonJS has. */
export const asCommonJs: Options = {
  format: 'cjs',
  // By Rollup, which leaves `import()` as it is.
  treeshake: false,
  banner: { js: `const importMetaUrl=require('node:url').pathToFileURL(__filename).href;` },
  esbuildOptions(options) {
    options.define = { ...options.define, 'import.meta.url': 'importMetaUrl' };
    // `import()` becomes `require`.
    options.supported = { 'dynamic-import': false };
  },
};

// Both builds write into one folder at the same time, and each removes only its own files.

function esModules(entries: Entries): Options {
  return { entry: { ...entries }, format: 'esm', clean: ['!**/*.cjs'] };
}

function commonJs(entries: Entries): Options {
  return {
    entry: { ...entries },
    format: 'cjs',
    // Several entries share one copy of what they have in common.
    splitting: true,
    clean: ['!**/*.js'],
  };
}
