import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { packPackages } from '../../../scripts/pack.mjs';

const SOURCE = fileURLToPath(new URL('../..', import.meta.url));
/** Where `npm run toolchains` installs the tools. */
const ROOT = fileURLToPath(new URL('../../../.toolchains', import.meta.url));
/** With this set, tools that are missing are a failure. */
const isRequired = process.env['SIXBED4_REQUIRE_TOOLCHAINS'] === '1';
const PACKING_PATIENCE = 120_000;

/** The tools of package.json, by name, with their versions; those of an alias under the name of the alias. */
export const tools: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(JSON.parse(readFileSync(join(SOURCE, 'package.json'), 'utf8')).dependencies).map(
    ([name, version]) => [name, `${version}`.replace(/^npm:.*@/, '')],
  ),
);

function versionOf(tool: string): string | null {
  const manifest = join(ROOT, 'node_modules', tool, 'package.json');
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : null;
}

const missing = Object.keys(tools).filter((tool) => versionOf(tool) !== tools[tool]);

/** The path of a file of a tool. */
export function fileOf(tool: string, path: string): string {
  return join(ROOT, 'node_modules', tool, path);
}

/** What a program printed. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Projects of strangers: copies of those in `projects`, in a folder in which packages are resolved as packed, and tools
 * as installed. It exists from `beforeAll` to `afterAll`.
 */
export class Scratch {
  #folder: string | null = null;

  /** All that the packed packages export, such as `@6bed4/tunnel/conformance`. */
  modules: readonly string[] = [];

  get folder(): string {
    if (this.#folder === null) throw new Error('the folder is made in beforeAll');
    return this.#folder;
  }

  /** Packs and unpacks the packages. */
  open(): void {
    mkdirSync(join(ROOT, 'scratch'), { recursive: true });
    const folder = mkdtempSync(join(ROOT, 'scratch', 'run-'));
    this.#folder = folder;
    const archives = Object.entries(packPackages(join(folder, 'archives')));
    this.modules = archives.flatMap(([name, archive]) => {
      const target = join(folder, 'node_modules', name);
      mkdirSync(target, { recursive: true });
      execFileSync('tar', ['-xzf', archive, '-C', target, '--strip-components=1']);
      const { exports } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'));
      return Object.keys(exports)
        .filter((path) => !path.endsWith('.json'))
        .map((path) => path.replace('.', name));
    });
    cpSync(join(SOURCE, 'projects'), folder, { recursive: true });
  }

  close(): void {
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs a program of a tool, or one of the folder, with this Node.js in a project. */
  run(project: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Printed> {
    // Without what vitest tells its own child processes.
    const { NODE_OPTIONS: _, NODE_ENV: __, VITEST: ___, ...inherited } = process.env;
    return promisify(execFile)(process.execPath, args, {
      cwd: join(this.folder, project),
      env: {
        ...inherited,
        SIXBED4_MODULES: JSON.stringify(this.modules),
        SIXBED4_ROOT: ROOT,
        NEXT_TELEMETRY_DISABLED: '1',
        NO_COLOR: '1',
        ...env,
      },
    }).catch(({ message, stdout, stderr }) => {
      throw new Error(`${message}\n${stdout}${stderr}`);
    });
  }
}

/** A suite that uses the tools; skipped under a title that says why where they are missing. */
export function describeTools(title: string, suite: (scratch: Scratch) => void): void {
  const isReady = missing.length === 0;
  const shown = isReady ? title : `${title} (skipped: no ${missing[0]}: npm run toolchains)`;
  describe.runIf(isReady || isRequired)(shown, () => {
    const scratch = new Scratch();
    beforeAll(() => {
      expect(missing, 'the tools are required, and missing: npm run toolchains').toEqual([]);
      scratch.open();
    }, PACKING_PATIENCE);
    afterAll(() => scratch.close());
    suite(scratch);
  });
}
