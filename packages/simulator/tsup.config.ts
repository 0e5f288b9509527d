import { defineConfig } from 'tsup';
import { libraryBuild } from '../../tsup.base.js';

export default defineConfig(
  libraryBuild({ index: 'src/index.ts', node: 'node/index.ts' }).map((build) => ({
    ...build,
    external: [/^node:/],
  })),
);
