import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packPackages } from '../../../../scripts/pack.mjs';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const example = join(root, 'examples', 'react-native', 'app');
/** The app: what `npm run react-native` installed, and the files of the example. */
export const app = join(root, '.react-native');
/** Of Metro, which keeps it among temporary files. */
export const cache = join(app, 'cache');
const modules = join(app, 'node_modules');
const OURS = ['codec', 'nd', 'tcp', 'tunnel'];
const FILES = ['app.json', 'babel.config.js', 'index.js', 'metro.config.js', 'tsconfig.json'];
const FOLDERS = ['src', 'test'];

/** Programs that run or compile JavaScript, from npm. */
export const programs = {
  /** Hermes 0.12 with its interpreter, the newest that npm has as a program. */
  hermes: join(modules, 'hermes-engine-cli', 'linux64-bin', 'hermes'),
  /** The compiler that goes with the version of React Native. */
  hermesc: join(modules, 'hermes-compiler', 'hermesc', 'linux64-bin', 'hermesc'),
  tsc: join(modules, 'typescript', 'bin', 'tsc'),
};

/** Whether `npm run react-native` has installed everything, for the lockfile as it is. */
export function isInstalled(): boolean {
  const installed = join(modules, '.installed-lock.json');
  const lock = readFileSync(join(example, 'package-lock.json'), 'utf8');
  return existsSync(installed) && readFileSync(installed, 'utf8') === lock;
}

/** Puts our packages, as they would be published, and the files of the example into the app. */
export function stage(): void {
  const archives = packPackages(join(app, 'packed'));
  rmSync(join(modules, '@6bed4'), { recursive: true, force: true });
  for (const name of OURS) {
    const folder = join(modules, '@6bed4', name);
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', [
      '-xzf',
      archives[`@6bed4/${name}`]!,
      '-C',
      folder,
      '--strip-components=1',
    ]);
  }
  for (const name of FOLDERS) rmSync(join(app, name), { recursive: true, force: true });
  for (const name of [...FILES, ...FOLDERS]) {
    cpSync(join(example, name), join(app, name), { recursive: true });
  }
  for (const name of ['out', 'cache']) mkdirSync(join(app, name), { recursive: true });
  const vectors = join(root, 'packages', 'codec', 'test', 'fixtures', 'addresses.json');
  cpSync(vectors, join(app, 'test', 'programs', 'recorded.json'));
}
