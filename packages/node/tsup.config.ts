import { defineConfig } from 'tsup';
import { libraryBuild } from '../../tsup.base.js';

export default defineConfig({
  ...libraryBuild,
  entry: {
    index: 'src/index.ts',
    cli: 'src/cli/main.ts',
    // A thread starts from a file of its own.
    fastWorker: 'src/linux/fast/worker.ts',
  },
  // `import.meta.url` in CommonJS.
  shims: true,
  // The command is for bin/6bed4.js alone.
  dts: { entry: { index: 'src/index.ts' } },
  // An optional dependency, loaded when streams are used.
  external: [/^@matrixai\/quic/],
  format: ['esm', 'cjs'],
  platform: 'node',
  sourcemap: true,
  esbuildOptions: () => undefined,
});
