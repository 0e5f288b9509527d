import { defineConfig } from 'tsup';
import { libraryBuild } from '../../tsup.base.js';

export default defineConfig({
  ...libraryBuild,
  // An optional dependency, loaded when streams are used.
  external: [/^@matrixai\/quic/],
  platform: 'node',
  sourcemap: true,
  esbuildOptions: () => undefined,
});
