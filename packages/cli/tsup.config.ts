import { defineConfig } from 'tsup';
import { nodeBuild } from '../../tsup.base.js';

/** The command is for bin/6bed4.js alone: one ES module without types. */
export default defineConfig({ ...nodeBuild, entry: { cli: 'src/main.ts' }, dts: false });
