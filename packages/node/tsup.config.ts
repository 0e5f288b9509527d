import { defineConfig } from 'tsup';
import { libraryBuild } from '../../tsup.base.js';

export default defineConfig({
  ...libraryBuild,
  entry: { index: 'src/index.ts', cli: 'src/cli/main.ts' },
  // The command is for bin/6bed4.js alone.
  dts: { entry: { index: 'src/index.ts' } },
  // An optional dependency, loaded when streams are used.
  external: [/^@matrixai\/quic/],
  platform: 'node',
});
