import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const workspace = fileURLToPath(new URL('../../../../', import.meta.url));
const sourceOf = (name: string): string => `${workspace}packages/${name}/src/index.ts`;

export interface Bundle {
  /** A script that sets one global, `scenario`. */
  readonly code: string;
  /** The files that went into it, from the root of the workspace, with forward slashes. */
  readonly inputs: readonly string[];
}

/**
 * The scenario with all it needs in one classic script, for a place that has no modules. esbuild
 * refuses Node built-ins for this platform, and nothing is left to be loaded at run time.
 */
export async function bundleScenario(): Promise<Bundle> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL('./scenario.ts', import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    globalName: 'scenario',
    absWorkingDir: workspace,
    alias: { '@6bed4/codec': sourceOf('codec'), '@6bed4/nd': sourceOf('nd') },
    logLevel: 'silent',
  });
  return {
    code: result.outputFiles[0]!.text,
    inputs: Object.keys(result.metafile.inputs).map((input) =>
      relative(workspace, `${workspace}${input}`).replaceAll(sep, '/'),
    ),
  };
}
