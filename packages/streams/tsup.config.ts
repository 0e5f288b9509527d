import { defineConfig } from 'tsup';
import { nodeBuild } from '../../tsup.base.js';

export default defineConfig({
  ...nodeBuild,
  // An optional dependency, loaded when streams are used.
  external: [/^@matrixai\/quic/],
});
