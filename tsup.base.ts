import type { Options } from 'tsup';

/**
 * The build that the packages for every platform share: ES modules and their types.
 * `scripts/commonJs.mjs` makes them reachable by `require`.
 *
 * White space goes and names stay: the whole of `@6bed4/tunnel` has to be small where it is
 * installed (`scripts/sizes.mjs`), and stack traces of users have to tell something.
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
