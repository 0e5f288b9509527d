import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The files of types that `exports` of a package.json names for CommonJS: those that hold the declarations. */
function typesIn(exports) {
  if (typeof exports === 'string') return /\.d\.cts$/.test(exports) ? [exports] : [];
  return Object.values(exports ?? {}).flatMap(typesIn);
}

/** The report about one file of types. */
function reportOf(folder, types) {
  const scratch = mkdtempSync(join(tmpdir(), '6bed4-api-'));
  const name = `${basename(types, '.d.cts')}.api.md`;
  try {
    const config = ExtractorConfig.prepare({
      packageJsonFullPath: join(folder, 'package.json'),
      configObjectFullPath: undefined,
      configObject: {
        projectFolder: folder,
        mainEntryPointFilePath: join(folder, types),
        compiler: {
          overrideTsconfig: {
            compilerOptions: {
              module: 'node16',
              moduleResolution: 'node16',
              target: 'es2022',
              strict: true,
              skipLibCheck: true,
              types: ['node'],
              typeRoots: [join(root, 'node_modules', '@types')],
            },
            files: [join(folder, types)],
          },
        },
        apiReport: {
          enabled: true,
          includeForgottenExports: true,
          reportFileName: name,
          reportFolder: scratch,
          reportTempFolder: scratch,
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        newlineKind: 'lf',
        // The comments are checked by typedoc.
        messages: {
          compilerMessageReporting: { default: { logLevel: 'error' } },
          extractorMessageReporting: { default: { logLevel: 'none' } },
          tsdocMessageReporting: { default: { logLevel: 'none' } },
        },
      },
    });
    const faults = [];
    const { errorCount } = Extractor.invoke(config, {
      localBuild: true,
      messageCallback: (message) => {
        if (message.logLevel === 'error') faults.push(message.text);
        message.handled = true;
      },
    });
    if (errorCount > 0) throw new Error(`${folder}: ${faults.join('\n')}`);
    return [join(folder, 'api', name), readFileSync(join(scratch, name), 'utf8')];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The reports about a built package: their paths in the repository, and texts. */
export function reportsOf(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return new Map([...new Set(typesIn(exports))].map((types) => reportOf(folder, types)));
}
