import { defineConfig } from 'tsup';
import { nodeBuild } from '../../tsup.base.js';

/** The command is for bin/6bed4.js alone: ES modules without types. The second is what it loads first. */
export default defineConfig({
  ...nodeBuild,
  entry: { cli: 'src/main.ts', prepare: 'src/process/prepare.ts' },
  dts: false,
});
