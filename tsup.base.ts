import type { Options } from 'tsup';
import { watForEsbuild } from './scripts/wat/plugin.mjs';

/**
 * The build of all packages: ES modules and their types. Node.js loads them by `require`, too, since
 * 20.19, so there is no second copy of the code and no second class of the same name.
 *
 * White space goes and names stay: `@6bed4/tunnel` has a size budget (`.size-limit.json`), and
 * stack traces have to be readable.
 */
export const libraryBuild: Options = {
  entry: { index: 'src/index.ts' },
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  dts: true,
  clean: true,
  treeshake: true,
  esbuildOptions: (options) => {
    options.minifyWhitespace = true;
    options.minifySyntax = true;
  },
};

/** The build of packages that need Node.js: nothing is minified, and sources can be stepped through. */
export const nodeBuild: Options = {
  ...libraryBuild,
  platform: 'node',
  sourcemap: true,
  esbuildPlugins: [watForEsbuild],
  esbuildOptions: () => undefined,
};
