import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const CONFIG = fileURLToPath(new URL('../../../tsconfig.base.json', import.meta.url));

/** What the type checker has to say about a module, with our own settings; empty if nothing. */
export function typeErrors(file: string): string {
  const { config } = ts.readConfigFile(CONFIG, ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, dirname(CONFIG));
  const program = ts.createProgram([file], { ...options, types: ['node'] });
  return ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => dirname(file),
    getNewLine: () => '\n',
  });
}
