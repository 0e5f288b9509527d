import type { Plugin as EsbuildPlugin } from 'esbuild';
import type { Plugin as VitePlugin } from 'vitest/config';

/** The plugin of esbuild and tsup for imports of `.wat` files: each is the binary in base64. */
export const watForEsbuild: EsbuildPlugin;

/** The plugin of Vite and vitest for the same. */
export const watForVite: VitePlugin;
