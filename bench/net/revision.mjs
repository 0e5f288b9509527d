import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGE = '6bed4';

const git = (...words) => execFileSync('git', ['-C', HERE, ...words], { encoding: 'utf8' }).trim();

/** Runs a program of the revision; throws what it printed unless it succeeds. */
function run(tree, program, args) {
  const path = `${join(tree, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: tree,
    encoding: 'utf8',
    env: { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' },
  });
  if (status === 0) return;
  throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? ''}${stdout}${stderr}`);
}

/**
 * Another revision of this repository, built in a working tree of its own, which `dispose` removes.
 */
export class Revision {
  /** The name that it was asked for by. */
  name;
  /** The folder of its working tree. */
  tree;
  #folder;
  #onExit = () => this.dispose();

  /** @throws Error when there is no such revision, or it cannot be built */
  constructor(name) {
    this.name = name;
    const commit = git('rev-parse', '--verify', '--end-of-options', `${name}^{commit}`);
    this.#folder = mkdtempSync(join(tmpdir(), '6bed4-revision-'));
    this.tree = join(this.#folder, 'tree');
    process.once('exit', this.#onExit);
    try {
      git('worktree', 'add', '--detach', this.tree, commit);
      // Installs what its lockfile names.
      run(this.tree, process.execPath, ['scripts/setup.mjs']);
      run(this.tree, 'turbo', [
        'run',
        'build',
        `--filter=${PACKAGE}...`,
        '--output-logs=errors-only',
      ]);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Safe to call again. */
  dispose() {
    process.removeListener('exit', this.#onExit);
    rmSync(this.#folder, { recursive: true, force: true });
    git('worktree', 'prune');
  }
}
